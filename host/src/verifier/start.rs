//! Starting a verification, or sending the pending one again.

use super::{
    Idempotency, Verifier, VerifyError,
    events::tell_end,
    idempotency::{Memo, recall},
    limits::{Asker, OwnLimit, Sends, Within},
    sending::Sending,
};
use crate::{
    application::{Application, Method, Policy},
    delivery::Delivery,
    event::Webhook,
    limit::{Standing, Whom},
    member::{Offer, Person},
    seal::{self, DeliveryId, Keys, Typed, VerificationId},
    store::{Changes, Done, Key, Kind, Stop, View},
    template::{MemberName, Payment, Wording},
    verification::{Draft, Notes, ResendRefused, Summary, Verification},
};
use jiff::Timestamp;
use provider_api::{Member, Recipient};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is asked of a start.
#[derive(Debug, Clone)]
pub struct Start {
    /// Whom to reach.
    pub person: Person,
    /// By which of the application's methods; by default the first that reaches them.
    pub method: Option<Method>,
    /// Why: a word such as `sign_in`.
    pub purpose: String,
    /// The language of the message, as a BCP 47 tag.
    pub locale: Option<String>,
    /// Another policy than the application's, as [`Application::policy_with`] admitted it.
    pub policy: Option<Policy>,
    /// The caller's own code (T6), as [`Application::admit_own_code`] admitted it. Not with a payment, whose code is derived.
    pub code: Option<Typed>,
    /// What the code is to approve.
    pub payment: Option<Payment>,
    /// What its messages say, as [`Wording`] and [`Application::admit_sender`] admitted it. It is no part of what is
    /// asked: the pending one is sent again in these words.
    pub wording: Wording,
    /// Whether it takes the place of a pending one, whatever that one asks.
    pub supersedes: bool,
    /// The caller's own name for this request.
    pub idempotency: Option<Idempotency>,
    /// Who asks, as far as limits count it.
    pub asker: Asker,
    /// What a face wants to find again with the verification.
    pub notes: Notes,
    /// Where the end of the verification is told, if anywhere.
    pub webhook: Option<Webhook>,
}

/// What a start came to; what is remembered of it holds nothing secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Started {
    /// The verification.
    pub verification: Summary,
    /// The delivery that carries its code; none to a test recipient.
    pub delivery: Option<DeliveryId>,
    /// What is to be handed over; nothing if this is an earlier answer again.
    #[serde(skip)]
    pub due: Option<Box<Due>>,
    /// What it did.
    #[serde(skip)]
    pub effect: Effect,
    /// The limits that it came under; none if this is an earlier answer again.
    #[serde(skip)]
    pub limits: Vec<Standing>,
}

/// What a start did to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effect {
    /// It made a verification.
    Began,
    /// It sent one again.
    Resent,
    /// Nothing: this is an earlier answer again.
    #[default]
    None,
}

/// A delivery that is to be handed over, and what it is part of.
#[derive(Debug, Clone)]
pub struct Due {
    /// The verification.
    pub verification: Verification,
    /// The delivery.
    pub delivery: Delivery,
}

/// Everything that the ledger's job needs, so that it can run again.
pub(super) struct Beginning {
    draft: Draft,
    /// The code of the draft that is sealed in it.
    own_code: Option<Typed>,
    keys: Arc<Keys>,
    /// The name of the pending slot under each key of the server, newest first.
    slots: Vec<Key>,
    /// Whether a pending one is never sent again.
    supersedes: bool,
    sending: Sending,
}

impl Verifier {
    /// Starts a verification, or sends the pending one of the same person, purpose, recipient, payload and policy again.
    ///
    /// When it answers, verification and delivery are kept; nothing is handed over yet.
    ///
    /// # Errors
    ///
    /// When no method reaches the person, when it is too soon to send again or every send is used up, when it is more
    /// than a limit allows, when the
    /// idempotency key named another request, or when the store is busy.
    pub async fn start(&self, application: &Application, start: Start) -> Result<Started, VerifyError> {
        self.start_within(application, start, Within::default()).await
    }

    /// The same within limits of the caller's own, and without the channels that it bars.
    ///
    /// # Errors
    ///
    /// As [`Verifier::start`].
    pub async fn start_within(
        &self,
        application: &Application,
        start: Start,
        within: Within,
    ) -> Result<Started, VerifyError> {
        let keys = self.keys.now();
        let memo = start.idempotency.as_ref().map(|named| Memo::new(&keys, &application.id, named));
        if let Some(started) = recall(&self.ledger, memo.as_ref()).await? {
            return Ok(started);
        }
        let (method, is_payment) = (start.method.as_ref(), start.payment.is_some());
        let barred = &within.barred;
        let offer = self.offer(application, &start.person, method, (is_payment, barred)).await?;
        self.begin_within(application, (start, within.own), offer, memo).await
    }

    /// The same without limits of the caller's own.
    #[cfg(test)]
    pub(super) async fn begin(
        &self,
        application: &Application,
        start: Start,
        offer: Offer,
        memo: Option<Memo>,
    ) -> Result<Started, VerifyError> {
        self.begin_within(application, (start, Vec::new()), offer, memo).await
    }

    /// Starts with an offer that was judged.
    async fn begin_within(
        &self,
        application: &Application,
        (start, own): (Start, Vec<OwnLimit>),
        offer: Offer,
        memo: Option<Memo>,
    ) -> Result<Started, VerifyError> {
        let (now, keys) = (self.clock.now(), self.keys.now());
        let id = VerificationId::new(now, &self.chance);
        let of_test = application.test_recipients.code(&offer.recipient).cloned();
        let is_test = of_test.is_some();
        let own_code = of_test.or_else(|| start.code.clone());
        let sealed = own_code.as_ref().map(|code| keys.seal_code(&id, code, &self.chance));
        let slots = slots(&keys, application, &start, &offer);
        let member = match &start.person {
            Person::Member(member) => member.id.as_deref(),
            Person::To(_) => None,
        };
        let whom = (&offer.recipient, member);
        let own = if is_test { &[][..] } else { &own };
        let sends = Sends::new(&keys, application, whom, is_test, &start.asker);
        let sends = sends.and(&keys, &application.id, own);
        let draft = Draft {
            id,
            application: application.id.clone(),
            purpose: start.purpose,
            locale: start.locale.or_else(|| locale_of(&start.person)),
            member_name: name_of(&start.person),
            method: offer.method,
            channel: offer.channel,
            person: person(keys.newest(), &offer.recipient),
            recipient: offer.recipient,
            key: keys.newest().id().to_owned(),
            policy: start.policy.unwrap_or_else(|| application.policy.clone()),
            own_code: sealed,
            payment: start.payment,
            wording: start.wording,
            is_test,
            slot: slots.first().map(|slot| slot.id().to_owned()).unwrap_or_default(),
            member: member.map(Whom::new),
            notes: start.notes,
            webhook: start.webhook,
        };
        let delivery = DeliveryId::new(now, &self.chance);
        let sending = Sending { delivery, providers: offer.providers, sends, memo };
        let supersedes = start.supersedes;
        let beginning = Beginning { draft, own_code, keys: Arc::clone(&keys), slots, supersedes, sending };
        let loaded = beginning.slots.iter().cloned().chain(beginning.sending.keys()).collect();
        self.ledger.run(loaded, move |view, now| beginning.apply(view, now)).await?
    }
}

/// What two spellings of one address have in common.
pub(super) fn address(recipient: &Recipient) -> String {
    recipient.as_str().to_lowercase()
}

/// The recipient's name in the index under a key of the server.
pub(super) fn person(key: &seal::Key, recipient: &Recipient) -> String {
    key.name(&["person", &address(recipient)])
}

/// The names of the pending slot: application, then member or else recipient, then purpose.
fn slots(keys: &Keys, application: &Application, start: &Start, offer: &Offer) -> Vec<Key> {
    match &start.person {
        Person::Member(Member { id: Some(id), .. }) => {
            named(keys, &["slot", &application.id, "member", id, &start.purpose])
        }
        Person::Member(_) | Person::To(_) => {
            recipient_slots(keys, &application.id, &offer.recipient, &start.purpose)
        }
    }
}

/// The names of the pending slot of a recipient without a member, under the newest key first.
pub(super) fn recipient_slots(
    keys: &Keys,
    application: &str,
    recipient: &Recipient,
    purpose: &str,
) -> Vec<Key> {
    named(keys, &["slot", application, "recipient", &address(recipient), purpose])
}

fn named(keys: &Keys, parts: &[&str]) -> Vec<Key> {
    keys.newest_first().map(|key| Key::new(Kind::Slot, key.name(parts))).collect()
}

fn locale_of(person: &Person) -> Option<String> {
    match person {
        Person::Member(member) => member.locale.clone(),
        Person::To(_) => None,
    }
}

fn name_of(person: &Person) -> Option<MemberName> {
    match person {
        Person::Member(member) => MemberName::new(member.name.as_deref()?),
        Person::To(_) => None,
    }
}

impl Beginning {
    fn apply(&self, view: &View<'_>, now: Timestamp) -> Result<Done<Result<Started, VerifyError>>, Stop> {
        if let Some(recalled) = self.sending.recall(view)? {
            return Ok(Changes::none().answer(recalled));
        }
        let mut changes = Changes::none();
        let begin = || Verification::start(self.draft.clone(), self.sending.delivery.clone(), now);
        let (verification, effect) = match pending(view, &self.slots, now)? {
            Some(same) if !self.supersedes && self.is_same(&same) => match self.again(same, now) {
                Ok(verification) => (verification, Effect::Resent),
                Err(refused) => return Ok(changes.answer(Err(refused.into()))),
            },
            Some(mut other) => {
                // Pending a moment ago and within one job: it can be canceled.
                let _canceled = other.cancel(now);
                changes.keep_verification(&other, now)?;
                tell_end(&mut changes, &other, now)?;
                (begin(), Effect::Began)
            }
            None => (begin(), Effect::Began),
        };
        if effect == Effect::Began {
            // Should nothing end it before, its time does.
            tell_end(&mut changes, &verification, now)?;
        }
        changes.put(Key::new(Kind::Slot, &verification.slot), &verification.id, verification.expires_at)?;
        self.sending.send(view, changes, verification, effect, now)
    }

    /// Whether it proves the same in the same way. The method may be another: an SMS and a call to one number are one
    /// proof with one code, one pause and one budget of sends.
    fn is_same(&self, pending: &Verification) -> bool {
        let Draft { method, recipient, policy, payment, is_test, .. } = &self.draft;
        (&pending.method.payload, address(&pending.recipient), &pending.policy, &pending.payment)
            == (&method.payload, address(recipient), policy, payment)
            && pending.is_test == *is_test
            && self.has_same_code(pending)
    }

    /// Whether both have no code of their own, or the same one. One that cannot be opened is another.
    fn has_same_code(&self, pending: &Verification) -> bool {
        match (&self.own_code, &pending.own_code) {
            (None, None) => true,
            (Some(code), Some(sealed)) => {
                self.keys.open_code(&pending.id, sealed).is_ok_and(|pending| pending.matches(code))
            }
            _ => false,
        }
    }

    /// Sends it again by the method asked for, to the recipient that it proves.
    fn again(&self, mut pending: Verification, now: Timestamp) -> Result<Verification, ResendRefused> {
        pending.resend(self.sending.delivery.clone(), now)?;
        let Draft { method, channel, locale, member_name, wording, notes, .. } = self.draft.clone();
        (pending.method, pending.channel) = (method, channel);
        pending.locale = locale.or(pending.locale);
        pending.member_name = member_name.or(pending.member_name);
        pending.wording = wording.or(pending.wording);
        pending.notes.take_over(&notes);
        Ok(pending)
    }
}

/// The verification that is pending in one of these slots; one that is over leaves its slot free.
fn pending(view: &View<'_>, slots: &[Key], now: Timestamp) -> Result<Option<Verification>, Stop> {
    for id in view.read_all::<VerificationId>(slots)?.into_iter().flatten() {
        if let Some(found) = view.read::<Verification>(&Key::from(&id))?
            && found.is_pending(now)
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
