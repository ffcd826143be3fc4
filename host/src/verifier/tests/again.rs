//! A start while one is pending: a resend of it, or another in its place.

use super::*;

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
