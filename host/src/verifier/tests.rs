//! The use cases over a real ledger, with offers as if providers had been judged.

mod again;
mod asked;
mod entities;
mod events;
mod factors;
mod interleaved;
mod limits;
mod renewal;
mod scheduled;
mod worded;

use super::*;
use crate::{
    application::{Alphabet, Bounds, Events, Method, Policy, TestRecipients},
    clock::{ManualClock, millis},
    limit::Rules,
    member::{Offer, Person, To},
    seal::{Keys, Typed},
    store::{Changes, Key, Kind, View, in_memory},
    template::{Payment, Wording},
    verification::{Notes, Status, Verdict},
};
use provider_api::{Channel, Member, Recipient, Secret};
use serde_json::Value;
use std::time::Duration;
use zeroize::Zeroizing;

struct House {
    verifier: Arc<Verifier>,
    hand: ManualClock,
    web: Arc<Application>,
    shop: Arc<Application>,
}

/// Two applications, `web` and `shop`, whose API keys are `key-of-web` and so on.
pub(crate) fn verifier(hand: &ManualClock) -> Verifier {
    verifier_within(hand, &Rules::off())
}

/// The same with these limits.
fn verifier_within(hand: &ManualClock, limits: &Rules) -> Verifier {
    verifier_over(in_memory(hand.clock()), hand, limits)
}

fn verifier_over(ledger: Ledger, hand: &ManualClock, limits: &Rules) -> Verifier {
    verifier_under(Arc::new(Keys::ephemeral(&Chance::seeded(1)).unwrap()), ledger, hand, limits)
}

fn verifier_under(keys: impl Into<KeyRing>, ledger: Ledger, hand: &ManualClock, limits: &Rules) -> Verifier {
    let chance = Chance::system();
    let application = |id: &str| {
        let policy = Policy { checks: 3, sends: 3, ..Policy::default() };
        let keys = vec![Secret::new(format!("key-of-{id}")), Secret::new(format!("second-key-of-{id}"))];
        let methods = vec!["sms:code".parse().unwrap(), "email:code".parse().unwrap()];
        let (bounds, test_recipients) = (Bounds::default(), TestRecipients::default());
        let (id, limits, preferred) = (id.to_owned(), limits.clone(), None);
        let (senders, service_sid, events) = (Vec::new(), None, Events::default());
        let application = Application {
            id,
            keys,
            methods,
            preferred,
            policy,
            bounds,
            test_recipients,
            senders,
            events,
            limits,
            service_sid,
        };
        (application.id.clone(), application)
    };
    Verifier::new(VerifierParts {
        applications: BTreeMap::from(["web", "shop"].map(application)),
        routes: Routes::default(),
        providers: Arc::default(),
        ledger,
        keys: keys.into(),
        clock: hand.clock(),
        chance,
    })
}

/// A verification of `web` as if a provider had been judged, and its code.
pub(crate) async fn begun(verifier: &Verifier) -> (Due, String) {
    let web = verifier.application("key-of-web").unwrap();
    let offer = offer("sms:code", "+447700900123");
    let started = verifier.begin(&web, start("+447700900123", "generic"), offer, None).await.unwrap();
    let started = *started.due.unwrap();
    let code = started.verification.code(&verifier.keys.now(), 0).unwrap().expose().to_owned();
    (started, code)
}

fn house() -> House {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    house_over(in_memory(hand.clock()), hand)
}

fn house_over(ledger: Ledger, hand: ManualClock) -> House {
    let verifier = verifier_over(ledger, &hand, &Rules::off());
    let web = verifier.application("key-of-web").unwrap();
    let shop = verifier.application("second-key-of-shop").unwrap();
    House { verifier: Arc::new(verifier), hand, web, shop }
}

fn start(to: &str, purpose: &str) -> Start {
    let person = Person::To(To(to.to_owned()));
    Start {
        person,
        method: None,
        purpose: purpose.to_owned(),
        locale: None,
        policy: None,
        code: None,
        payment: None,
        wording: Wording::default(),
        supersedes: false,
        idempotency: None,
        asker: Asker::default(),
        notes: Notes::default(),
        webhook: None,
    }
}

fn member_start(id: &str) -> Start {
    let mut member = Member::with_fields([("mobile", "+447700900123")]);
    member.id = Some(id.to_owned());
    member.locale = Some("de".to_owned());
    Start { person: Person::Member(member), ..start("", "generic") }
}

fn offer(method: &str, recipient: &str) -> Offer {
    let method: Method = method.parse().unwrap();
    let channel = Channel::new(&method.target).unwrap();
    let providers = vec!["one".to_owned(), "two".to_owned()];
    let recipient = Recipient::new(recipient);
    Offer { method, channel, recipient, is_phone: false, providers, preferred: false }
}

fn named(key: &str, request: &str) -> Option<Idempotency> {
    Some(Idempotency { key: key.to_owned(), request: Zeroizing::new(request.to_owned()) })
}

impl House {
    async fn begin(&self, start: Start, offer: Offer) -> Result<Due, VerifyError> {
        let memo = start
            .idempotency
            .as_ref()
            .map(|named| idempotency::Memo::new(&self.verifier.keys.now(), "web", named));
        self.verifier.begin(&self.web, start, offer, memo).await.map(|started| *started.due.unwrap())
    }

    async fn begun(&self) -> Due {
        self.begin(start("+447700900123", "generic"), offer("sms:code", "+447700900123")).await.unwrap()
    }

    fn code(&self, verification: &Verification) -> Typed {
        let code = verification.code(&self.verifier.keys.now(), verification.generation).unwrap();
        Typed::read(code.expose()).unwrap()
    }

    async fn check(&self, id: &VerificationId, typed: Typed) -> Result<Checked, VerifyError> {
        self.verifier
            .check(&self.web, Check { id: id.clone(), typed, payment: (None, None), idempotency: None })
            .await
    }

    /// Letters, which no numeric code holds.
    async fn check_wrong(&self, id: &VerificationId) -> Result<Checked, VerifyError> {
        self.check(id, Typed::read("wrong!").unwrap()).await
    }

    async fn status(&self, id: &VerificationId) -> Status {
        let fetched = self.verifier.fetch(&self.web, id.clone()).await.unwrap();
        fetched.verification.status(fetched.at)
    }
}

#[tokio::test]
async fn the_right_code_approves() {
    let house = house();
    let started = house.begun().await;
    let checked = house.check(&started.verification.id, house.code(&started.verification)).await.unwrap();
    assert_eq!(checked.verdict, Verdict::Right);
    assert_eq!(house.status(&started.verification.id).await, Status::Approved);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_right_codes_at_the_same_moment_exactly_one_approves() {
    let house = Arc::new(house());
    let started = house.begun().await;
    let checks: Vec<_> = (0..64)
        .map(|_| {
            let (house, id, code) =
                (Arc::clone(&house), started.verification.id.clone(), house.code(&started.verification));
            tokio::spawn(async move { house.check(&id, code).await })
        })
        .collect();
    let mut approved = 0;
    for check in checks {
        match check.await.unwrap() {
            Ok(checked) => approved += u8::from(checked.verdict == Verdict::Right),
            Err(error) => assert!(matches!(error, VerifyError::Ended(Ended(Status::Approved))), "{error}"),
        }
    }
    assert_eq!(approved, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_wrong_codes_at_the_same_moment_no_more_than_allowed_are_compared() {
    let house = Arc::new(house());
    let id = house.begun().await.verification.id;
    let checks: Vec<_> = (0..64)
        .map(|_| {
            let (house, id) = (Arc::clone(&house), id.clone());
            tokio::spawn(async move { house.check_wrong(&id).await })
        })
        .collect();
    let mut left = Vec::new();
    for check in checks {
        match check.await.unwrap() {
            Ok(checked) => left.push(checked.verification.checks_left),
            Err(error) => assert!(matches!(error, VerifyError::Ended(Ended(Status::Exhausted))), "{error}"),
        }
    }
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2]);
    assert_eq!(house.status(&id).await, Status::Exhausted);
}

#[tokio::test]
async fn an_expired_verification_cannot_be_approved() {
    let house = house();
    let started = house.begun().await;
    house.hand.advance(Duration::from_mins(10));
    let checked = house.check(&started.verification.id, house.code(&started.verification)).await;
    assert!(matches!(checked, Err(VerifyError::Ended(Ended(Status::Expired)))));
}

#[tokio::test]
async fn another_applications_verification_is_as_good_as_none() {
    let house = house();
    let id = house.begun().await.verification.id;
    let typed = Typed::read("1").unwrap();
    let check = Check { id: id.clone(), typed, payment: (None, None), idempotency: None };
    assert!(matches!(house.verifier.check(&house.shop, check).await, Err(VerifyError::NotFound)));
    assert!(matches!(house.verifier.fetch(&house.shop, id.clone()).await, Err(VerifyError::NotFound)));
    assert!(matches!(house.verifier.cancel(&house.shop, id.clone()).await, Err(VerifyError::NotFound)));
    assert_eq!(house.status(&id).await, Status::Pending);
}

#[tokio::test]
async fn a_delivery_goes_to_the_first_provider_and_knows_who_may_take_over() {
    let started = house().begin(member_start("42"), offer("sms:code", "+447700900123")).await.unwrap();
    assert_eq!(started.delivery.provider, "one");
    assert_eq!(started.delivery.successors, ["two"]);
    assert_eq!(started.delivery.message, started.delivery.id);
    assert_eq!(started.verification.locale.as_deref(), Some("de"));
}

#[tokio::test]
async fn a_canceled_verification_stays_canceled() {
    let house = house();
    let started = house.begun().await;
    let id = started.verification.id.clone();
    for _ in 0..2 {
        let canceled = house.verifier.cancel(&house.web, id.clone()).await.unwrap();
        assert_eq!(canceled.verification.status(canceled.at), Status::Canceled);
        assert_eq!(canceled.deliveries.len(), 1);
    }
    let checked = house.check(&id, house.code(&started.verification)).await;
    assert!(matches!(checked, Err(VerifyError::Ended(Ended(Status::Canceled)))));
}

#[tokio::test]
async fn an_idempotency_key_gives_the_lost_answer_again() {
    let house = house();
    let first = Start { idempotency: named("k", "r"), ..start("+447700900123", "generic") };
    let begun = house.begin(first.clone(), offer("sms:code", "+447700900123")).await.unwrap();
    let again = house.verifier.start(&house.web, first.clone()).await.unwrap();
    assert_eq!(again.verification, begun.verification.summary(house.hand.clock().now()));
    assert!(
        again.delivery.as_ref() == Some(&begun.delivery.id) && again.due.is_none(),
        "nothing is handed over again"
    );
    let other = Start { idempotency: named("k", "another"), ..first };
    assert!(matches!(house.verifier.start(&house.web, other).await, Err(VerifyError::KeyReused)));

    let id = begun.verification.id.clone();
    let check = |typed: Typed| Check {
        id: id.clone(),
        typed,
        payment: (None, None),
        idempotency: named("c", "check"),
    };
    let code = house.code(&begun.verification);
    for _ in 0..3 {
        let checked = house.verifier.check(&house.web, check(code.clone())).await.unwrap();
        assert_eq!(checked.verdict, Verdict::Right);
        assert_eq!(checked.verification.checks_left, 2);
    }
    house.hand.advance(Duration::from_hours(24));
    let late = house.verifier.check(&house.web, check(code)).await;
    assert!(matches!(late, Err(VerifyError::Ended(Ended(Status::Approved)))), "kept for 24 hours");
}

#[tokio::test]
async fn what_is_remembered_of_an_answer_holds_nothing_that_it_does_not_show() {
    let house = house();
    let start = Start { idempotency: named("s", "start"), ..start("+447700900123", "generic") };
    let begun = house.begin(start, offer("sms:code", "+447700900123")).await.unwrap();
    let (id, typed) = (begun.verification.id.clone(), house.code(&begun.verification));
    let check = Check { id, typed, payment: (None, None), idempotency: named("c", "check") };
    house.verifier.check(&house.web, check).await.unwrap();
    let remembered = house.verifier.ledger.all::<Value>(Kind::Idempotency).await.unwrap();
    assert_eq!(remembered.len(), 2);
    for (_, record) in remembered {
        let kept = record["answer"].to_string();
        assert_eq!(record["answer"]["verification"]["recipient"], "+44•••••••123");
        for secret in ["7700900", "policy", "slot", &begun.verification.slot] {
            assert!(!kept.contains(secret), "`{secret}` in {kept}");
        }
    }
}

#[tokio::test]
async fn a_finished_verification_is_forgotten_a_day_after_its_time() {
    let house = house();
    let id = house.begun().await.verification.id;
    house.hand.advance(Duration::from_hours(24));
    assert_eq!(house.status(&id).await, Status::Expired);
    house.hand.advance(Duration::from_mins(10));
    assert!(matches!(house.verifier.fetch(&house.web, id).await, Err(VerifyError::NotFound)));
}

#[tokio::test]
async fn without_open_providers_no_method_reaches_anyone() {
    let house = house();
    let person = Person::To(To("+447700900123".to_owned()));
    let methods = house.verifier.methods(&house.web, &person).await;
    assert!(methods.offers.is_empty());
    let reasons: Vec<&str> = methods.refusals.iter().map(|refusal| refusal.reason.as_str()).collect();
    assert_eq!(reasons, ["no_route", "no_route"]);
    assert!(!house.verifier.is_ready());
    let refused = house.verifier.start(&house.web, start("+447700900123", "generic")).await;
    assert!(matches!(refused, Err(VerifyError::Unavailable(refusals)) if refusals.len() == 2));
}

#[test]
fn no_key_stands_in_what_a_verifier_prints() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let shown = runtime.block_on(async { format!("{:?}", house().verifier) });
    assert!(!shown.contains("key-of-"), "{shown}");
}
