//! A start in words of its own, and one that takes the pending one's place whatever is asked.

use super::*;

/// X17, X20: what a message says is no part of what is asked, and a start that says nothing of it keeps what there was.
#[tokio::test]
async fn a_start_in_other_words_is_a_resend_in_those_words() {
    let house = house();
    let first = house.due(start("+447700900123", "generic")).await;
    let text = Some("{{pin}} it is".to_owned());
    let worded = Wording { text: text.clone(), sender: Some("Acme".to_owned()), ..Wording::default() };
    house.hand.advance(Duration::from_secs(30));
    let again = house.due(Start { wording: worded.clone(), ..start("+447700900123", "generic") }).await;
    assert_eq!((&again.id, &again.wording), (&first.id, &worded));
    let site_name = Some("Acme".to_owned());
    let wording = Wording { site_name: site_name.clone(), ..Wording::default() };
    house.hand.advance(Duration::from_secs(30));
    let third = house.due(Start { wording, ..start("+447700900123", "generic") }).await;
    assert_eq!((third.id, third.wording), (first.id, Wording { site_name, ..worded }));
}

/// A start that supersedes is never a resend, whatever is asked; nor is it kept back by the pause of the one it ends.
#[tokio::test]
async fn a_start_that_supersedes_ends_the_pending_one_at_once() {
    let house = house();
    let first = house.due(start("+447700900123", "generic")).await;
    let superseding = || Start { supersedes: true, ..start("+447700900123", "generic") };
    let second = house.due(superseding()).await;
    assert_ne!(second.id, first.id);
    assert_ne!(house.code(&second), house.code(&first));
    let ended = house.check(&first.id, house.code(&first)).await;
    assert!(matches!(ended, Err(VerifyError::Ended(Ended(Status::Canceled)))), "{ended:?}");
    let elsewhere = house.due(Start { supersedes: true, ..start("+447700900123", "sign_in") }).await;
    assert_ne!(elsewhere.id, second.id);
    let checked = house.check(&second.id, house.code(&second)).await.unwrap();
    assert_eq!(checked.verdict, Verdict::Right, "another purpose has a slot of its own");
}
