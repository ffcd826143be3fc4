//! Events: written with what they tell, due until somebody took them.

use super::*;
use crate::event::{Format, Heard, Webhook};

fn watched() -> Start {
    let webhook = Some(Webhook { url: "https://example.com/".to_owned(), format: Format::SmsCx });
    Start { webhook, supersedes: true, ..start("+447700900123", "generic") }
}

impl House {
    async fn events(&self) -> Vec<Key> {
        self.verifier.due_events(10).await.unwrap()
    }

    /// The one event that is due, taken.
    async fn claimed(&self) -> Claimed {
        let [due] = self.events().await.try_into().unwrap();
        self.claim(&due).await.expect("it is nobody else's")
    }

    async fn claim(&self, due: &Key) -> Option<Claimed> {
        match self.verifier.claim_event(due.clone(), Vec::new(), |_| Some("one".to_owned())).await.unwrap() {
            Claim::Ours(claimed) => Some(*claimed),
            _ => None,
        }
    }
}

/// X16: whatever ends a verification makes its event due in the same commit; one that is pending has none.
#[tokio::test]
async fn an_event_is_due_as_soon_as_its_verification_is_over() {
    let house = house();
    for (end, status) in [
        ("right", Status::Approved),
        ("wrong", Status::Exhausted),
        ("cancel", Status::Canceled),
        ("time", Status::Expired),
        ("superseded", Status::Canceled),
    ] {
        let begun = house.due(watched()).await;
        assert_eq!(house.events().await, [], "{end}");
        match end {
            "right" => drop(house.check(&begun.id, house.code(&begun)).await.unwrap()),
            "wrong" => {
                for _ in 0..3 {
                    house.check_wrong(&begun.id).await.unwrap();
                }
            }
            "cancel" => drop(house.verifier.cancel(&house.web, begun.id.clone()).await.unwrap()),
            "time" => house.hand.advance(Duration::from_mins(10)),
            _ => drop(house.due(start_over()).await),
        }
        let claimed = house.claimed().await;
        let told = &claimed.verification;
        assert_eq!((&told.id, told.status(house.verifier.clock().now())), (&begun.id, status), "{end}");
        assert_eq!(house.verifier.event_heard(&claimed, Heard::Taken).await.unwrap(), Told::Taken);
        house.hand.advance(Duration::from_mins(1));
        assert_eq!(house.events().await, [], "it was taken: {end}");
    }
}

/// Another verification in the same slot, which nobody watches.
fn start_over() -> Start {
    Start { webhook: None, ..watched() }
}

/// H7: it is sent again after its pauses, seven times in all; 410 ends it.
#[tokio::test]
async fn an_event_that_is_not_taken_is_due_again_until_it_was_sent_seven_times() {
    let house = house();
    let begun = house.due(watched()).await;
    house.verifier.cancel(&house.web, begun.id.clone()).await.unwrap();
    for pause in [5, 300, 1_800, 7_200, 18_000, 36_000] {
        let claimed = house.claimed().await;
        let told = house.verifier.event_heard(&claimed, Heard::Refused(None)).await.unwrap();
        assert_eq!(told, Told::Later);
        house.hand.advance(Duration::from_secs(pause - 1));
        assert_eq!(house.events().await, [], "{pause}");
        // Up to a tenth longer, by chance.
        house.hand.advance(Duration::from_secs(1 + pause / 10 + 1));
    }
    let last = house.claimed().await;
    let told = house.verifier.event_heard(&last, Heard::Refused(None)).await.unwrap();
    assert_eq!(told, Told::GivenUp);

    let begun = house.due(watched()).await;
    house.verifier.cancel(&house.web, begun.id).await.unwrap();
    let claimed = house.claimed().await;
    assert_eq!(house.verifier.event_heard(&claimed, Heard::Gone).await.unwrap(), Told::GivenUp);
    house.hand.advance(Duration::from_hours(1));
    assert_eq!(house.events().await, []);
}

/// While it is one host's nobody else sends it; a host that ends leaves it to the next, and it is not sent for ever.
#[tokio::test]
async fn an_event_is_one_hosts_until_its_lease_is_over() {
    let house = house();
    let begun = house.due(watched()).await;
    house.verifier.cancel(&house.web, begun.id).await.unwrap();
    let [due] = house.events().await.try_into().unwrap();
    for _ in 0..7 {
        assert!(house.claim(&due).await.is_some());
        assert!(house.claim(&due).await.is_none(), "it is the other's");
        assert_eq!(house.events().await, []);
        house.hand.advance(Duration::from_mins(1));
        assert_eq!(house.events().await, std::slice::from_ref(&due));
    }
    let spent = house.verifier.claim_event(due, Vec::new(), |_| None).await.unwrap();
    assert!(matches!(spent, Claim::Spent(_)), "it was sent often enough, and that is said");
    assert_eq!(house.events().await, []);
}

/// Whoever comes back after its lease changes nothing of what the next one does, and every repetition says the same.
#[tokio::test]
async fn a_host_that_was_overtaken_changes_nothing_and_what_is_said_stays_the_same() {
    let house = house();
    let begun = house.due(watched()).await;
    house.verifier.cancel(&house.web, begun.id).await.unwrap();
    let [due] = house.events().await.try_into().unwrap();
    let slow = house.claimed().await;
    house.hand.advance(Duration::from_mins(1));
    let another =
        house.verifier.claim_event(due.clone(), Vec::new(), |_| Some("two".to_owned())).await.unwrap();
    let Claim::Ours(next) = another else { panic!("{another:?}") };
    assert_eq!((slow.body(), next.body()), (Some("one"), Some("one")));
    for heard in [Heard::Taken, Heard::Gone, Heard::Refused(None)] {
        assert_eq!(house.verifier.event_heard(&slow, heard).await.unwrap(), Told::Overtaken);
    }
    assert_eq!(house.verifier.event_heard(&next, Heard::Refused(None)).await.unwrap(), Told::Later);
    assert_eq!(house.verifier.event_heard(&next, Heard::Taken).await.unwrap(), Told::Overtaken);
    house.hand.advance(Duration::from_mins(10));
    assert_eq!(house.claimed().await.body(), Some("one"));
}

/// A receiver that asks for long pauses is heard or given up, and no event is forgotten in between.
#[tokio::test]
async fn no_event_is_forgotten_before_it_is_given_up() {
    let house = house();
    let begun = house.due(watched()).await;
    house.verifier.cancel(&house.web, begun.id).await.unwrap();
    let asked = Heard::Refused(Some(Duration::from_hours(10)));
    let mut times = 0;
    loop {
        times += 1;
        let claimed = house.claimed().await;
        if house.verifier.event_heard(&claimed, asked).await.unwrap() == Told::GivenUp {
            break;
        }
        // Minute by minute, until it is due again.
        for _ in 0..24 * 60 {
            if house.events().await.is_empty() {
                house.hand.advance(Duration::from_mins(1));
            }
        }
    }
    assert!(times > 2, "{times}");
}

#[tokio::test]
async fn an_event_of_a_busy_application_waits_where_it_stands() {
    let house = house();
    let begun = house.due(watched()).await;
    house.verifier.cancel(&house.web, begun.id).await.unwrap();
    let [due] = house.events().await.try_into().unwrap();
    let busy = vec!["web".to_owned()];
    let waits = house.verifier.claim_event(due.clone(), busy, |_| None).await.unwrap();
    assert!(matches!(waits, Claim::Waits(application) if application == "web"));
    assert!(house.claim(&due).await.is_some());
}
