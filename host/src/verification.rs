//! One proof and its life, as rules without I/O: time and the comparison are passed in.

mod ended;
mod life;
mod notes;
mod summary;

pub use life::{Event, LIFE, chart};
pub use notes::{NoRoom, Notes};
pub use summary::Summary;

use crate::{
    application::{Method, Policy},
    clock::after,
    event::Webhook,
    limit::Whom,
    seal::{Code, CodeInput, DeliveryId, Keys, OpenError, Sealed, VerificationId},
    template::{MemberName, Payment, Wording},
};
use jiff::Timestamp;
use provider_api::{Channel, Recipient};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[cfg(test)]
pub(crate) mod tests;

/// How long a verification is remembered after its time is over.
const RETENTION: Duration = Duration::from_hours(24);

/// One proof that a person holds a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Its own name.
    pub id: VerificationId,
    /// The application that started it.
    pub application: String,
    /// Why: a word such as `sign_in`.
    pub purpose: String,
    /// The language of its messages, as a BCP 47 tag.
    pub locale: Option<String>,
    /// What the member is called in its messages.
    #[serde(default)]
    pub member_name: Option<MemberName>,
    /// The method of its newest send.
    pub method: Method,
    /// The channel of that method.
    pub channel: Channel,
    /// Whom it proves.
    pub recipient: Recipient,
    /// The recipient's name in the index, which tells nothing.
    pub person: String,
    /// The id of the key that its codes are derived under.
    pub key: String,
    /// Which of its codes is the right one.
    pub generation: u32,
    /// The policy that it was started with.
    pub policy: Policy,
    /// The code that was brought for it, instead of one that is derived.
    #[serde(default)]
    pub own_code: Option<Sealed>,
    /// What its code approves, if it is a payment.
    #[serde(default)]
    pub payment: Option<Payment>,
    /// What its start has its messages say.
    #[serde(default, skip_serializing_if = "Wording::is_empty")]
    pub wording: Wording,
    /// Whether it proves a test recipient: then nothing is ever delivered.
    #[serde(default)]
    pub is_test: bool,
    /// The name of its pending slot.
    pub slot: String,
    /// Its member by the application's own id, if it has one: whose wrong codes are counted over all verifications.
    #[serde(default)]
    pub member: Option<Whom>,
    /// What a face wants to find again with it; no rule looks at it.
    #[serde(default, skip_serializing_if = "Notes::is_empty")]
    pub notes: Notes,
    /// Where its end is told, if anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Its deliveries, oldest first.
    pub deliveries: Vec<DeliveryId>,
    /// How many more codes may be checked.
    pub checks_left: u8,
    /// How many more messages may be sent.
    pub sends_left: u8,
    /// How many sends were given back.
    pub given_back: u8,
    /// From when another message may be sent.
    pub resend_after: Timestamp,
    /// When it started.
    pub created_at: Timestamp,
    /// When it ends at the latest (X12: counted from the start).
    pub expires_at: Timestamp,
    status: Status,
    ended_at: Option<Timestamp>,
    /// Whether it was approved by the application's word, without a code.
    #[serde(default)]
    is_vouched: bool,
}

/// Where a verification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for the right code.
    Pending,
    /// The right code came, once.
    Approved,
    /// Every check was spent on a wrong code (X15).
    Exhausted,
    /// Its time ran out (X13).
    Expired,
    /// The application gave it up or started another in its place.
    Canceled,
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The right code.
    Right,
    /// A wrong code.
    Wrong,
}

/// A verification that is over does nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the verification is {0}")]
pub struct Ended(pub Status);

/// Why no further message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResendRefused {
    /// The pause since the last one is not over.
    #[error("the next message may be sent after a pause")]
    TooSoon {
        /// How long it still takes.
        wait: Duration,
    },
    /// Every send is used up.
    #[error("every message of this verification was sent")]
    UsedUp {
        /// How long this verification still lasts; then another may start.
        wait: Duration,
    },
    /// It is over.
    #[error(transparent)]
    Ended(#[from] Ended),
}

/// What a new verification is made of.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its name.
    pub id: VerificationId,
    /// The application that starts it.
    pub application: String,
    /// Why.
    pub purpose: String,
    /// The language of its messages.
    pub locale: Option<String>,
    /// What the member is called.
    pub member_name: Option<MemberName>,
    /// What the member was offered.
    pub method: Method,
    /// The channel of that method.
    pub channel: Channel,
    /// Whom it proves.
    pub recipient: Recipient,
    /// The recipient's name in the index.
    pub person: String,
    /// The id of the key that its codes are derived under.
    pub key: String,
    /// The policy of this start.
    pub policy: Policy,
    /// The code that was brought for it, sealed for its id.
    pub own_code: Option<Sealed>,
    /// What its code approves, if it is a payment.
    pub payment: Option<Payment>,
    /// What its start has its messages say.
    pub wording: Wording,
    /// Whether the recipient is a test's.
    pub is_test: bool,
    /// The name of its pending slot.
    pub slot: String,
    /// Its member by the application's own id, if it has one.
    pub member: Option<Whom>,
    /// What a face wants to find again with it.
    pub notes: Notes,
    /// Where its end is told, if anywhere.
    pub webhook: Option<Webhook>,
}

impl Verification {
    /// Starts: pending, with one message to be sent at once, or none to a test recipient.
    pub fn start(draft: Draft, delivery: DeliveryId, now: Timestamp) -> Self {
        let Draft {
            id,
            application,
            purpose,
            locale,
            member_name,
            method,
            channel,
            recipient,
            person,
            key,
            policy,
            own_code,
            payment,
            wording,
            is_test,
            slot,
            member,
            notes,
            webhook,
        } = draft;
        Self {
            id,
            application,
            purpose,
            locale,
            member_name,
            method,
            channel,
            recipient,
            person,
            key,
            generation: 0,
            slot,
            member,
            notes,
            webhook,
            deliveries: if is_test { Vec::new() } else { vec![delivery] },
            checks_left: judged(&policy, payment.as_ref()),
            sends_left: policy.sends.saturating_sub(1),
            given_back: 0,
            resend_after: after(now, policy.pause),
            created_at: now,
            expires_at: after(now, policy.lifetime),
            status: Status::Pending,
            ended_at: None,
            is_vouched: false,
            policy,
            own_code,
            payment,
            wording,
            is_test,
        }
    }

    /// Its code of this generation: the one that was brought for it, else derived under the key that it names.
    ///
    /// # Errors
    ///
    /// When that key is not there, or the code that was brought is damaged.
    pub fn code(&self, keys: &Keys, generation: u32) -> Result<Code, OpenError> {
        if let Some(own) = &self.own_code {
            return keys.open_code(&self.id, own);
        }
        let key = keys.by_id(&self.key).ok_or_else(|| OpenError::LostKey(self.key.clone()))?;
        let payment = self.payment.as_ref();
        Ok(key.code(&CodeInput {
            verification: self.id.as_str(),
            generation,
            recipient: &self.recipient,
            payload: &self.method.payload,
            length: self.policy.length,
            characters: self.policy.characters(),
            amount: payment.map(|payment| payment.amount.as_str()),
            payee: payment.map(|payment| payment.payee.as_str()),
        }))
    }

    /// Where it stands at this time: whatever is pending at `expires_at` is expired.
    pub fn status(&self, now: Timestamp) -> Status {
        if now < self.expires_at {
            self.status
        } else {
            self.status.on(Event::Timeout).unwrap_or(self.status)
        }
    }

    /// How many codes may be checked in all.
    pub fn checks(&self) -> u8 {
        judged(&self.policy, self.payment.as_ref())
    }

    /// How long it still lasts.
    pub fn time_left(&self, now: Timestamp) -> Duration {
        between(now, self.expires_at)
    }

    /// Until when it and its deliveries are remembered.
    pub fn remembered_until(&self) -> Timestamp {
        after(self.expires_at, RETENTION)
    }

    /// When it was approved, exhausted or canceled, or its time ran out.
    pub fn ended_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.ended_at.or_else(|| (self.status(now) == Status::Expired).then_some(self.expires_at))
    }

    /// Checks one code. The count is spent before `is_right` is asked: however the comparison ends, it has cost one.
    ///
    /// # Errors
    ///
    /// When it is over. Nothing is spent and nothing compared.
    pub fn check(&mut self, now: Timestamp, is_right: impl FnOnce(&Self) -> bool) -> Result<Verdict, Ended> {
        self.status(now).on(Event::Wrong)?;
        self.checks_left = self.checks_left.checked_sub(1).ok_or(Ended(Status::Exhausted))?;
        if is_right(self) {
            self.step(Event::Right, now)?;
            return Ok(Verdict::Right);
        }
        self.step(if self.checks_left == 0 { Event::LastWrong } else { Event::Wrong }, now)?;
        Ok(Verdict::Wrong)
    }

    /// Counts one more message and says which delivery carries it.
    ///
    /// # Errors
    ///
    /// When it is over, the pause is not, or every send is used up.
    pub fn resend(&mut self, delivery: DeliveryId, now: Timestamp) -> Result<(), ResendRefused> {
        self.status(now).on(Event::Resend)?;
        if self.sends_left == 0 {
            return Err(ResendRefused::UsedUp { wait: between(now, self.expires_at) });
        }
        if now < self.resend_after {
            return Err(ResendRefused::TooSoon { wait: between(now, self.resend_after) });
        }
        self.sends_left -= 1;
        self.resend_after = after(now, self.policy.pause);
        // A code that was brought is the same again: only its owner can bring another.
        self.generation += u32::from(self.policy.fresh_code_on_resend && self.own_code.is_none());
        if !self.is_test {
            self.deliveries.push(delivery);
        }
        Ok(())
    }

    /// Makes the code of an earlier generation the right one again, as nothing with a later one left; says whether.
    pub fn fall_back(&mut self, generation: u32, now: Timestamp) -> bool {
        let falls = self.is_pending(now) && generation < self.generation;
        if falls {
            self.generation = generation;
        }
        falls
    }

    /// Gives back a send that nobody took by our fault or a service's, and with the newest one its pause; says whether.
    ///
    /// As many are given back as the policy has sends, and no more: while a service stays down, whoever sends again pays
    /// with pause and budget as ever. A provider's breaker does not bound that: to it `throttled` and `misconfigured`
    /// are answers, and one that is left alone fails at once.
    pub fn give_back(&mut self, is_newest: bool, now: Timestamp) -> bool {
        let may = self.is_pending(now)
            && self.given_back < self.policy.sends
            && self.sends_left < self.policy.sends;
        if may {
            self.given_back += 1;
            self.sends_left += 1;
        }
        if may && is_newest {
            self.resend_after = self.resend_after.min(now);
        }
        may
    }

    /// Whether a message may still do any good.
    pub fn is_pending(&self, now: Timestamp) -> bool {
        self.status(now) == Status::Pending
    }

    /// Goes where the table leads.
    fn step(&mut self, event: Event, now: Timestamp) -> Result<(), Ended> {
        let before = self.status(now);
        let after = before.on(event)?;
        if after != before {
            (self.status, self.ended_at) = (after, Some(now));
        }
        Ok(())
    }
}

/// How many checks are judged: of a payment no more than five (Delegated Regulation (EU) 2018/389 article 4).
fn judged(policy: &Policy, payment: Option<&Payment>) -> u8 {
    policy.judged().min(if payment.is_some() { 5 } else { u8::MAX })
}

/// From one time to a later one; nothing if it is not later.
fn between(now: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(now)).unwrap_or_default()
}
