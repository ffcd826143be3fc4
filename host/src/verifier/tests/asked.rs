//! What a start asks for besides a code of the application's own making: a policy, an own code, a payment, a test.

use super::*;

const ADA: &str = "+447700900123";

impl House {
    async fn begin_as(&self, start: Start) -> Result<Started, VerifyError> {
        self.verifier.begin(&self.web, start, offer("sms:code", ADA), None).await
    }

    pub(super) async fn due(&self, start: Start) -> Verification {
        self.begin_as(start).await.unwrap().due.unwrap().verification
    }

    async fn check_paid(
        &self,
        id: &VerificationId,
        typed: Typed,
        payment: (&str, &str),
    ) -> Result<Checked, VerifyError> {
        let part = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        let payment = (part(payment.0), part(payment.1));
        self.verifier.check(&self.web, Check { id: id.clone(), typed, payment, idempotency: None }).await
    }
}

fn plain() -> Start {
    start(ADA, "generic")
}

fn own(code: &str) -> Start {
    Start { code: Some(Typed::read(code).unwrap()), ..plain() }
}

fn paid(amount: &str, payee: &str) -> Start {
    Start { payment: Some(Payment { amount: amount.to_owned(), payee: payee.to_owned() }), ..plain() }
}

/// X17, X7–X9: the policy of one start makes its code and its counts.
#[tokio::test]
async fn a_start_with_a_policy_of_its_own_lives_by_it() {
    let house = house();
    for (alphabet, look_alikes) in [(Alphabet::Letters, false), (Alphabet::Alphanumeric, true)] {
        let policy = Policy {
            length: 10,
            alphabet,
            look_alikes,
            checks: 7,
            pause: Duration::ZERO,
            ..Policy::default()
        };
        let begun = house.due(Start { policy: Some(policy.clone()), ..plain() }).await;
        assert_eq!(begun.checks_left, 7);
        let code = begun.code(&house.verifier.keys.now(), 0).unwrap();
        assert_eq!(code.expose().len(), 10);
        assert!(code.expose().chars().all(|c| policy.characters().contains(c)));
    }
}

/// T25: only one check is judged.
#[tokio::test]
async fn a_verification_that_is_checked_once_is_over_after_a_wrong_code() {
    let house = house();
    let policy = Policy { check_once: true, ..house.web.policy.clone() };
    let begun = house.due(Start { policy: Some(policy), ..plain() }).await;
    let checked = house.check_wrong(&begun.id).await.unwrap();
    assert_eq!((checked.verdict, checked.verification.status), (Verdict::Wrong, Status::Exhausted));
    assert_eq!((checked.verification.checks, checked.verification.checks_left), (1, 0));
    let late = house.check(&begun.id, house.code(&begun)).await;
    assert!(matches!(late, Err(VerifyError::Ended(Ended(Status::Exhausted)))));
}

/// T6: the caller's code is the right one, and stands nowhere in what is kept.
#[tokio::test]
async fn an_own_code_is_kept_sealed_and_approves() {
    let house = house();
    let begun = house.due(own("abcd 1234")).await;
    let key = Key::from(&begun.id);
    let read = move |view: &View<'_>, _| Ok(Changes::none().answer(view.read::<Value>(&key)?));
    let kept = house.verifier.ledger.run(Vec::new(), read).await.unwrap().unwrap().to_string();
    assert!(kept.contains("own_code") && !kept.to_uppercase().contains("ABCD1234"), "{kept}");
    assert_eq!(house.check_wrong(&begun.id).await.unwrap().verdict, Verdict::Wrong);
    let checked = house.check(&begun.id, Typed::read("ABCD-1234").unwrap()).await.unwrap();
    assert_eq!(checked.verdict, Verdict::Right);
}

/// DESIGN 5, the pending slot: same amount, payee, own code and policy is a resend; any other takes its place.
#[tokio::test]
async fn only_a_start_that_asks_for_the_same_is_a_resend() {
    let asked = || {
        let policy = Policy { checks: 9, ..Policy::default() };
        [
            plain(),
            own("ABCD12"),
            own("ABCD13"),
            paid("12.30 EUR", "Ada"),
            paid("12.31 EUR", "Ada"),
            paid("12.30 EUR", "Eve"),
            Start { policy: Some(policy), ..plain() },
        ]
    };
    for (first, second) in (0..7).flat_map(|first| (0..7).map(move |second| (first, second))) {
        let house = house();
        let before = house.due(asked()[first].clone()).await;
        house.hand.advance(Duration::from_secs(30));
        let after = house.due(asked()[second].clone()).await;
        assert_eq!(before.id == after.id, first == second, "{first} {second}");
        let expected = if first == second { Status::Pending } else { Status::Canceled };
        assert_eq!(house.status(&before.id).await, expected);
        assert_eq!(house.status(&after.id).await, Status::Pending);
    }
}

/// A fresh code on resend is for codes that we make; whoever brings one is sent that one again.
#[tokio::test]
async fn an_own_code_stays_the_same_on_resend() {
    let house = house();
    let policy = Some(Policy { fresh_code_on_resend: true, ..house.web.policy.clone() });
    let first = house.due(Start { policy: policy.clone(), ..own("1234567") }).await;
    house.hand.advance(Duration::from_secs(30));
    let again = house.due(Start { policy, ..own("1234 567") }).await;
    assert_eq!((again.id, again.generation), (first.id, 0));
}

/// H6: amount and payee are part of the code, and must be repeated; whatever is wrong, the verdict is the same.
#[tokio::test]
async fn a_payment_is_approved_only_with_its_amount_and_its_payee() {
    let house = house();
    let begun = house.due(paid("12.30 EUR", "Ada")).await;
    let code = house.code(&begun);
    let mut without = begun.clone();
    without.payment = None;
    assert_ne!(house.code(&without).expose(), code.expose(), "the code is derived from the payment");
    for (typed, payment, left) in
        [(code.clone(), ("12.31 EUR", "Ada"), 2), (code.clone(), ("12.30 EUR", ""), 1)]
    {
        let checked = house.check_paid(&begun.id, typed, payment).await.unwrap();
        assert_eq!((checked.verdict, checked.verification.checks_left), (Verdict::Wrong, left));
    }
    let checked = house.check_paid(&begun.id, code, ("12.30 EUR", "Ada")).await.unwrap();
    assert_eq!(checked.verdict, Verdict::Right);
    assert_eq!(checked.verification.payment.unwrap().payee, "Ada");
    let ten = Policy { checks: 10, ..house.web.policy.clone() };
    let many = house.due(Start { policy: Some(ten), ..paid("1 EUR", "Ada") }).await;
    assert_eq!((many.checks(), many.checks_left), (5, 5), "the regulation allows no more");
    let unpaid = house.due(plain()).await;
    let checked = house.check_paid(&unpaid.id, house.code(&unpaid), ("1", "Ada")).await.unwrap();
    assert_eq!(checked.verdict, Verdict::Wrong, "it approves no payment");
}

/// A test recipient: nothing is to be handed over, its code is known, and all else is as ever.
#[tokio::test]
async fn a_test_recipient_is_sent_nothing_and_proves_with_the_code_of_the_file() {
    let mut house = house();
    let code = Typed::read("246810").unwrap();
    let test_recipients = TestRecipients::new(vec![(Recipient::new(ADA), code.clone())]);
    house.web = Arc::new(Application { test_recipients, ..Application::clone(&house.web) });
    let begun = house.begin_as(plain()).await.unwrap();
    assert!(begun.due.is_none() && begun.delivery.is_none());
    assert!(begun.verification.is_test && begun.verification.sends_left == 2);
    assert!(matches!(house.begin_as(plain()).await, Err(VerifyError::Resend(ResendRefused::TooSoon { .. }))));
    house.hand.advance(Duration::from_secs(30));
    let again = house.begin_as(plain()).await.unwrap();
    assert_eq!((&again.verification.id, again.verification.sends_left), (&begun.verification.id, 1));
    let fetched = house.verifier.fetch(&house.web, begun.verification.id.clone()).await.unwrap();
    assert!(fetched.deliveries.is_empty());
    assert_eq!(house.check_wrong(&begun.verification.id).await.unwrap().verdict, Verdict::Wrong);
    assert_eq!(house.check(&begun.verification.id, code.clone()).await.unwrap().verdict, Verdict::Right);
    let late = house.check(&begun.verification.id, code).await;
    assert!(matches!(late, Err(VerifyError::Ended(Ended(Status::Approved)))));
}
