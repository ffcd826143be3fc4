//! The use cases over a real ledger, with offers as if providers had been judged.

use super::*;
use crate::{
    application::{Method, Policy},
    clock::{ManualClock, millis},
    member::{Offer, Person, To},
    seal::Typed,
    verification::{Status, Verdict},
};
use provider_api::{Channel, Member, Recipient};
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
    let chance = Chance::seeded(1);
    let application = |id: &str| {
        let policy = Policy { checks: 3, sends: 3, ..Policy::default() };
        let keys = vec![Secret::new(format!("key-of-{id}")), Secret::new(format!("second-key-of-{id}"))];
        let methods = vec!["sms:code".parse().unwrap(), "email:code".parse().unwrap()];
        (id.to_owned(), Application { id: id.to_owned(), keys, methods, preferred: None, policy })
    };
    Verifier::new(VerifierParts {
        applications: BTreeMap::from(["web", "shop"].map(application)),
        routes: Routes::default(),
        providers: Arc::default(),
        ledger: Ledger::in_memory(hand.clock()).unwrap(),
        keys: Arc::new(Keys::ephemeral(&chance).unwrap()),
        clock: hand.clock(),
        chance,
    })
}

/// A verification of `web` as if a provider had been judged, and its code.
pub(crate) async fn begun(verifier: &Verifier) -> (Started, String) {
    let web = verifier.application("key-of-web").unwrap();
    let offer = offer("sms:code", "+447700900123");
    let started = verifier.begin(&web, start("+447700900123", "generic"), offer, None).await.unwrap();
    let code = started.verification.code(verifier.keys.newest(), 0).expose().to_owned();
    (started, code)
}

fn house() -> House {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let verifier = verifier(&hand);
    let web = verifier.application("key-of-web").unwrap();
    let shop = verifier.application("second-key-of-shop").unwrap();
    House { verifier: Arc::new(verifier), hand, web, shop }
}

fn start(to: &str, purpose: &str) -> Start {
    let person = Person::To(To(to.to_owned()));
    Start { person, method: None, purpose: purpose.to_owned(), locale: None, idempotency: None }
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
    Offer { method, channel, recipient: Recipient::new(recipient), providers, preferred: false }
}

fn named(key: &str, request: &str) -> Option<Idempotency> {
    Some(Idempotency { key: key.to_owned(), request: Zeroizing::new(request.to_owned()) })
}

impl House {
    async fn begin(&self, start: Start, offer: Offer) -> Result<Started, VerifyError> {
        let memo =
            start.idempotency.as_ref().map(|named| idempotency::Memo::new(&self.verifier.keys, "web", named));
        self.verifier.begin(&self.web, start, offer, memo).await
    }

    async fn begun(&self) -> Started {
        self.begin(start("+447700900123", "generic"), offer("sms:code", "+447700900123")).await.unwrap()
    }

    fn code(&self, verification: &Verification) -> Typed {
        let code = verification.code(self.verifier.keys.newest(), verification.generation);
        Typed::read(code.expose()).unwrap()
    }

    async fn check(&self, id: &VerificationId, typed: Typed) -> Result<Checked, VerifyError> {
        self.verifier.check(&self.web, Check { id: id.clone(), typed, idempotency: None }).await
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
    let check = Check { id: id.clone(), typed, idempotency: None };
    assert!(matches!(house.verifier.check(&house.shop, check).await, Err(VerifyError::NotFound)));
    assert!(matches!(house.verifier.fetch(&house.shop, id.clone()).await, Err(VerifyError::NotFound)));
    assert!(matches!(house.verifier.cancel(&house.shop, id.clone()).await, Err(VerifyError::NotFound)));
    assert_eq!(house.status(&id).await, Status::Pending);
}

#[tokio::test]
async fn a_start_while_the_same_is_pending_is_a_resend_of_it() {
    let house = house();
    let first = house.begun().await;
    let again = house.begin(start("+447700900123", "generic"), offer("sms:code", "+447700900123")).await;
    assert!(
        matches!(again, Err(VerifyError::Resend(ResendRefused::TooSoon { wait })) if wait == Duration::from_secs(30))
    );
    for left in [1, 0] {
        house.hand.advance(Duration::from_secs(30));
        let again = house.begun().await;
        assert_eq!(again.verification.id, first.verification.id);
        assert_eq!(again.verification.sends_left, left);
        assert_ne!(again.delivery.id, first.delivery.id);
    }
    house.hand.advance(Duration::from_secs(30));
    let again = house.begin(start("+447700900123", "generic"), offer("sms:code", "+447700900123")).await;
    assert!(
        matches!(again, Err(VerifyError::Resend(ResendRefused::UsedUp { wait })) if wait == Duration::from_secs(510))
    );
    house.hand.advance(Duration::from_mins(10));
    assert_ne!(house.begun().await.verification.id, first.verification.id);
}

#[tokio::test]
async fn a_start_to_another_recipient_takes_the_pending_ones_place() {
    let house = house();
    let first = house.begin(member_start("42"), offer("sms:code", "+447700900123")).await.unwrap();
    let second = house.begin(member_start("42"), offer("email:code", "ada@example.com")).await.unwrap();
    assert_ne!(first.verification.id, second.verification.id);
    assert_eq!(house.status(&first.verification.id).await, Status::Canceled);
    assert_eq!(house.status(&second.verification.id).await, Status::Pending);
    let checked = house.check(&second.verification.id, house.code(&first.verification)).await.unwrap();
    assert_eq!(checked.verdict, Verdict::Wrong, "each recipient has a code of its own");
}

#[tokio::test]
async fn other_persons_purposes_and_finished_ones_do_not_share_a_slot() {
    let house = house();
    let first = house.begun().await.verification;
    for (start, offer) in [
        (start("+447700900124", "generic"), offer("sms:code", "+447700900124")),
        (start("+447700900123", "sign_in"), offer("sms:code", "+447700900123")),
        (member_start("42"), offer("sms:code", "+447700900123")),
        (member_start("43"), offer("sms:code", "+447700900123")),
    ] {
        let other = house.begin(start, offer).await.unwrap().verification;
        assert_ne!(other.id, first.id);
    }
    assert_eq!(house.status(&first.id).await, Status::Pending);
    house.check(&first.id, house.code(&first)).await.unwrap();
    assert_ne!(house.begun().await.verification.id, first.id, "an approved one frees its slot");
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
async fn canceling_a_superseded_verification_again_leaves_its_successor_alone() {
    let house = house();
    let first = house.begin(member_start("42"), offer("sms:code", "+447700900123")).await.unwrap();
    let second = house.begin(member_start("42"), offer("email:code", "ada@example.com")).await.unwrap();
    house.verifier.cancel(&house.web, first.verification.id).await.unwrap();
    let third = house.begin(member_start("42"), offer("email:code", "ada@example.com")).await;
    assert!(matches!(third, Err(VerifyError::Resend(ResendRefused::TooSoon { .. }))), "{third:?}");
    assert_eq!(house.status(&second.verification.id).await, Status::Pending);
}

#[tokio::test]
async fn a_start_by_another_method_to_the_same_recipient_is_a_resend_by_that_method() {
    let house = house();
    let first = house.begun().await;
    let by = |method: &str| house.begin(start("+447700900123", "generic"), offer(method, "+447700900123"));
    let soon = by("call:code").await;
    assert!(matches!(soon, Err(VerifyError::Resend(ResendRefused::TooSoon { .. }))), "{soon:?}");
    let kept = house.verifier.fetch(&house.web, first.verification.id.clone()).await.unwrap();
    assert_eq!(kept.verification.method.to_string(), "sms:code", "a refused resend changes nothing");
    for (left, method, channel) in [(1, "call:code", "call"), (0, "sms:code", "sms")] {
        house.hand.advance(Duration::from_secs(30));
        let again = by(method).await.unwrap();
        assert_eq!(again.verification.id, first.verification.id);
        assert_eq!(
            (again.verification.sends_left, again.verification.method.to_string()),
            (left, method.into())
        );
        assert_eq!(
            (again.verification.channel.as_str(), again.delivery.channel.as_str()),
            (channel, channel)
        );
        assert_eq!(
            house.code(&again.verification),
            house.code(&first.verification),
            "one code per recipient"
        );
    }
    house.hand.advance(Duration::from_secs(30));
    assert!(matches!(by("call:code").await, Err(VerifyError::Resend(ResendRefused::UsedUp { .. }))));
}

#[tokio::test]
async fn another_spelling_of_an_address_does_not_shorten_the_pause() {
    let house = house();
    let by = |to: &'static str| house.begin(start(to, "generic"), offer("email:code", to));
    let first = by("Ada@example.com").await.unwrap();
    assert!(matches!(by("ada@Example.com").await, Err(VerifyError::Resend(ResendRefused::TooSoon { .. }))));
    house.hand.advance(Duration::from_secs(30));
    let again = by("ada@Example.com").await.unwrap();
    assert_eq!(again.verification.id, first.verification.id);
    assert_eq!(again.delivery.recipient.as_str(), "Ada@example.com", "delivered to whom it proves");
}

#[tokio::test]
async fn a_start_with_another_payload_or_policy_takes_the_pending_ones_place() {
    let house = house();
    let first = house.begun().await.verification;
    let link = house.begin(start("+447700900123", "generic"), offer("sms:link", "+447700900123")).await;
    let link = link.unwrap().verification;
    assert_ne!(link.id, first.id, "a link is another proof");
    let policy = Policy { length: 8, ..house.web.policy.clone() };
    let other = Application { policy, ..Application::clone(&house.web) };
    let longer = house.verifier.begin(
        &other,
        start("+447700900123", "generic"),
        offer("sms:link", "+447700900123"),
        None,
    );
    assert_ne!(longer.await.unwrap().verification.id, link.id);
    assert_eq!(house.status(&link.id).await, Status::Canceled);
}

#[tokio::test]
async fn an_idempotency_key_gives_the_lost_answer_again() {
    let house = house();
    let first = Start { idempotency: named("k", "r"), ..start("+447700900123", "generic") };
    let begun = house.begin(first.clone(), offer("sms:code", "+447700900123")).await.unwrap();
    let again = house.verifier.start(&house.web, first.clone()).await.unwrap();
    assert_eq!(
        (again.verification.id, again.delivery.id),
        (begun.verification.id.clone(), begun.delivery.id)
    );
    assert!(again.replayed && !begun.replayed);
    let other = Start { idempotency: named("k", "another"), ..first };
    assert!(matches!(house.verifier.start(&house.web, other).await, Err(VerifyError::KeyReused)));

    let id = begun.verification.id.clone();
    let check = |typed: Typed| Check { id: id.clone(), typed, idempotency: named("c", "check") };
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
