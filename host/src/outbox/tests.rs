//! Handing over without open providers, and settling as a rule of its own.

use super::*;
use crate::seal::Keys;
use crate::{
    clock::{ManualClock, millis},
    delivery::tests::delivery,
    limit::{Rate, Taken, Window},
    store::{Changes, Key, Kind, Stop, View, in_memory},
    verification::tests::{policy, verification},
};
use jiff::Timestamp;
use provider_api::Failure;
use std::{cell::RefCell, collections::BTreeMap, io, sync::Once};

thread_local! {
    static LOG: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Keeps what is logged on this thread from now on.
///
/// One subscriber for the whole process: with one a test, the cached interest of a call site depends on which tests
/// run beside it.
pub(crate) fn capture_log() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let subscriber = tracing_subscriber::fmt().json().with_writer(|| OwnThread).finish();
        tracing::subscriber::set_global_default(subscriber).expect("no other test installs one");
    });
    LOG.set(Some(Vec::new()));
}

/// What was kept since.
pub(crate) fn captured_log() -> String {
    String::from_utf8(LOG.take().unwrap()).unwrap()
}

struct OwnThread;

impl io::Write for OwnThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.iter_mut().for_each(|log| log.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn ledger_with(verification: &Verification, hand: &ManualClock) -> Ledger {
    ledger_of(verification, &[], hand).await
}

async fn ledger_of(verification: &Verification, deliveries: &[Delivery], hand: &ManualClock) -> Ledger {
    let ledger = in_memory(hand.clock());
    let (verification, deliveries) = (verification.clone(), deliveries.to_vec());
    ledger
        .run(Vec::new(), move |_: &View<'_>, _| {
            let mut changes = Changes::none();
            changes.put((&verification.id).into(), &verification, Timestamp::MAX)?;
            for delivery in &deliveries {
                changes.put((&delivery.id).into(), delivery, Timestamp::MAX)?;
            }
            Ok::<_, Stop>(changes.answer(()))
        })
        .await
        .unwrap();
    ledger
}

fn outbox(ledger: Ledger, hand: &ManualClock) -> Outbox {
    let chance = Chance::seeded(8);
    Outbox::new(OutboxParts {
        templates: Arc::default(),
        providers: Arc::default(),
        ledger,
        keys: Arc::new(Keys::ephemeral(&chance).unwrap()).into(),
        prices: ArcSwap::default(),
        metrics: Arc::new(Metrics::new(hand.clock().now())),
        clock: hand.clock(),
        chance,
    })
}

fn first(verification: &Verification, successors: &[&str]) -> Delivery {
    Delivery { verification: verification.id.clone(), ..delivery("one", successors) }
}

#[tokio::test]
async fn a_provider_that_is_gone_hands_on_to_the_next_and_all_is_kept() {
    let hand = ManualClock::at(millis(1_000));
    let verification = verification(policy(), millis(1_000));
    let ledger = ledger_with(&verification, &hand).await;
    let outbox = outbox(ledger.clone(), &hand);
    let settling = outbox.hand_over(verification.clone(), first(&verification, &["two"]));
    let Carried { delivery: settled, .. } = settling.settled().await.unwrap();
    assert_eq!(settled.provider, "two");
    assert!(matches!(settled.outcome, Outcome::Failed { failure: Failure::Unavailable, .. }));
    assert_eq!(outbox.drain(Duration::from_secs(1)).await, 0);
    let id = verification.id.clone();
    let read =
        move |view: &View<'_>, _| Ok(Changes::none().answer(view.read::<Verification>(&(&id).into())?));
    let kept = ledger.run(Vec::new(), read).await.unwrap().unwrap();
    assert_eq!(kept.deliveries.last(), Some(&settled.id));
}

#[tokio::test]
async fn each_delivery_is_one_line_in_the_log_with_its_recipient_masked() {
    let hand = ManualClock::at(millis(1_000));
    let verification = verification(policy(), millis(1_000));
    let outbox = outbox(ledger_with(&verification, &hand).await, &hand);
    capture_log();
    outbox.hand_over(verification.clone(), first(&verification, &["two"])).settled().await.unwrap();
    let log = captured_log();
    assert_eq!(log.lines().count(), 2, "{log}");
    for (line, provider) in log.lines().zip(["one", "two"]) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let fields = &line["fields"];
        assert_eq!(
            (&fields["message"], &fields["provider.id"]),
            (&"delivery failed".into(), &provider.into())
        );
        assert_eq!(
            (&fields["recipient"], &fields["failure"]),
            (&"+44•••••••123".into(), &"unavailable".into())
        );
    }
    assert!(!log.contains("7700900"), "{log}");
}

#[tokio::test]
async fn nobody_takes_over_once_the_verification_is_over() {
    let hand = ManualClock::at(millis(1_000));
    let mut verification = verification(policy(), millis(1_000));
    let pending = verification.clone();
    verification.cancel(millis(1_000)).unwrap();
    let outbox = outbox(ledger_with(&verification, &hand).await, &hand);
    let carried = outbox.hand_over(pending.clone(), first(&pending, &["two"])).settled().await.unwrap();
    assert_eq!(carried.delivery.provider, "one");
}

/// A verification's deliveries, each with the send that it is part of and what became of it.
fn sends(verification: &mut Verification, told: &[(&str, &str)]) -> Vec<Delivery> {
    let chance = Chance::seeded(9);
    let mut deliveries: Vec<Delivery> = Vec::new();
    let mut messages = BTreeMap::new();
    for (send, outcome) in told {
        let id = DeliveryId::new(millis(1_000), &chance);
        let message = messages.entry(*send).or_insert_with(|| id.clone()).clone();
        let mut delivery = Delivery { id, message, ..first(verification, &[]) };
        if *outcome != "queued" {
            delivery.outcome = Outcome::new(answer(outcome), millis(1_000));
        }
        deliveries.push(delivery);
    }
    verification.deliveries = deliveries.iter().map(|delivery| delivery.id.clone()).collect();
    deliveries
}

fn answer(word: &str) -> Result<Receipt, DeliveryError> {
    match word {
        "sent" => Ok(Receipt::new("SM1")),
        failure => Err(DeliveryError::new(Failure::from_word(failure), "why")),
    }
}

/// `a` and `b` are two sends of two; the delivery that is `queued` first is settled with the answer.
#[tokio::test]
async fn a_send_is_given_back_if_surely_no_provider_took_it_by_our_fault() {
    for (told, says, sends_left, pauses) in [
        (&[("a", "queued")][..], "unavailable", 2, false),
        (&[("a", "queued")], "sent", 1, true),
        (&[("a", "queued")], "blocked", 1, true),
        (&[("a", "queued")], "broken", 1, true),
        (&[("a", "throttled"), ("a", "queued")], "unavailable", 2, false),
        (&[("a", "unknown"), ("a", "queued")], "unavailable", 1, true),
        (&[("a", "broken"), ("a", "queued")], "misconfigured", 1, true),
        (&[("a", "rejected"), ("a", "queued")], "unavailable", 1, true),
        (&[("a", "sent"), ("b", "queued")], "unavailable", 2, false),
        (&[("a", "queued"), ("b", "sent")], "unavailable", 2, true),
        (&[("a", "unavailable"), ("b", "sent"), ("a", "queued")], "unavailable", 2, true),
    ] {
        let hand = ManualClock::at(millis(2_000));
        let mut verification = verification(policy(), millis(1_000));
        let deliveries = sends(&mut verification, told);
        let ledger = ledger_of(&verification, &deliveries, &hand).await;
        let delivery = deliveries.into_iter().find(|delivery| delivery.outcome == Outcome::Queued).unwrap();
        for time in ["first", "again"] {
            let successor = DeliveryId::new(millis(2_000), &Chance::seeded(10));
            let settlement = Settlement {
                delivery: delivery.clone(),
                answer: answer(says),
                estimate: None,
                successor,
                gives_back: true,
            };
            let settled = ledger.run(Vec::new(), move |view, now| settlement.apply(view, now)).await.unwrap();
            let kept = settled.verification.unwrap();
            let shown = format!("{told:?} {says} {time}");
            assert!(settled.next.is_none(), "{shown}");
            assert_eq!((kept.sends_left, kept.resend_after > millis(2_000)), (sends_left, pauses), "{shown}");
        }
    }
}

/// Two were counted in the same millisecond, and one of them was this send.
#[tokio::test]
async fn what_a_limit_counted_goes_back_once_however_often_a_send_settles() {
    for (says, left) in [("unavailable", 1), ("sent", 2), ("unknown", 2)] {
        let hand = ManualClock::at(millis(2_000));
        let mut verification = verification(policy(), millis(1_000));
        let mut deliveries = sends(&mut verification, &[("a", "queued")]);
        let (mut window, rate) = (Window::default(), Rate::new(9, Duration::from_mins(10)));
        let at = (0..2).filter_map(|_| window.take(rate, millis(1_000))).last().unwrap();
        let limit = Key::new(Kind::Limit, "limit");
        deliveries[0].taken = vec![Taken { record: limit.id().to_owned(), at }];
        // Over by now, and with nothing of its own to give back: the limit's token goes back all the same.
        verification.cancel(millis(1_000)).unwrap();
        let ledger = ledger_of(&verification, &deliveries, &hand).await;
        let put = {
            let limit = limit.clone();
            move |_: &View<'_>, _| {
                let mut changes = Changes::none();
                changes.put(limit.clone(), &window, window.ends())?;
                Ok(changes.answer(()))
            }
        };
        ledger.run(Vec::new(), put).await.unwrap();
        for _ in 0..2 {
            let successor = DeliveryId::new(millis(2_000), &Chance::seeded(10));
            let settlement = Settlement {
                delivery: deliveries[0].clone(),
                answer: answer(says),
                estimate: None,
                successor,
                gives_back: true,
            };
            ledger.run(Vec::new(), move |view, now| settlement.apply(view, now)).await.unwrap();
            let limit = limit.clone();
            let read = move |view: &View<'_>, _| Ok(Changes::none().answer(view.read::<Window>(&limit)?));
            let kept = ledger.run(Vec::new(), read).await.unwrap().unwrap();
            assert_eq!(kept.standing("x", rate, millis(2_000)).used, left, "{says}");
        }
    }
}

#[tokio::test]
async fn a_send_that_another_provider_may_still_take_is_not_given_back() {
    let hand = ManualClock::at(millis(1_000));
    let mut verification = verification(policy(), millis(1_000));
    let mut deliveries = sends(&mut verification, &[("a", "queued")]);
    deliveries[0].successors = vec!["two".to_owned()];
    let ledger = ledger_of(&verification, &deliveries, &hand).await;
    let successor = DeliveryId::new(millis(1_000), &Chance::seeded(10));
    let settlement = Settlement {
        delivery: deliveries.remove(0),
        answer: answer("unavailable"),
        estimate: None,
        successor,
        gives_back: true,
    };
    let settled = ledger.run(Vec::new(), move |view, now| settlement.apply(view, now)).await.unwrap();
    assert!(settled.next.is_some());
    assert_eq!(settled.verification.unwrap().sends_left, 1);
}

#[tokio::test]
async fn a_shutdown_waits_for_what_is_under_way_but_not_for_ever() {
    let hand = ManualClock::at(millis(1_000));
    let outbox = outbox(in_memory(hand.clock()), &hand);
    let stuck = outbox.running.spawn(delivery("one", &[]).id, std::future::pending());
    let draining = tokio::spawn({
        let outbox = outbox.clone();
        async move { outbox.drain(Duration::from_secs(5)).await }
    });
    hand.sleepers(1).await;
    hand.advance(Duration::from_secs(5));
    assert_eq!(draining.await.unwrap(), 1);
    drop(stuck);
}

/// One damaged window of a limit must not have a message sent again that failed.
#[tokio::test]
async fn what_became_of_a_delivery_is_kept_even_where_nothing_can_be_given_back() {
    let hand = ManualClock::at(millis(2_000));
    let mut verification = verification(policy(), millis(1_000));
    let mut deliveries = sends(&mut verification, &[("a", "queued")]);
    deliveries[0].taken = vec![Taken { record: "limit".to_owned(), at: 1_000 }];
    let ledger = ledger_of(&verification, &deliveries, &hand).await;
    let damage = |_: &View<'_>, _| {
        let mut changes = Changes::none();
        changes.put(Key::new(Kind::Limit, "limit"), &"nonsense", Timestamp::MAX)?;
        Ok(changes.answer(()))
    };
    ledger.run(Vec::new(), damage).await.unwrap();
    let outbox = outbox(ledger.clone(), &hand);
    outbox.hand_over(verification, deliveries.remove(0)).settled().await.unwrap();
    let kept = ledger.all::<Delivery>(Kind::Delivery).await.unwrap();
    assert_eq!(kept[0].1.outcome.failure_word(), "unavailable");
}

/// Each send has a code of its own here. `0` left; what is settled last is the delivery of the generation asked for.
#[tokio::test]
async fn a_code_that_could_not_be_sent_does_not_make_the_one_before_it_wrong() {
    for (told, settled, generation) in [
        (&["sent", "queued"][..], &[(1, "unavailable")][..], 0),
        (&["sent", "queued"], &[(1, "sent")], 1),
        (&["sent", "queued"], &[(1, "unknown"), (1, "unavailable")], 1),
        (&["sent", "queued"], &[(1, "rejected")], 1),
        (&["sent", "queued", "queued"], &[(1, "unavailable")], 2),
        (&["sent", "queued", "queued"], &[(2, "unavailable")], 1),
        (&["sent", "queued", "queued"], &[(2, "unavailable"), (1, "unavailable")], 0),
        (&["sent", "queued", "queued"], &[(1, "unavailable"), (2, "throttled")], 0),
        (&["unavailable", "queued"], &[(1, "unavailable")], 0),
    ] {
        let hand = ManualClock::at(millis(2_000));
        let mut verification = verification(policy(), millis(1_000));
        let names = ["a", "b", "c"];
        let told: Vec<(&str, &str)> = names.into_iter().zip(told.iter().copied()).collect();
        let mut deliveries = sends(&mut verification, &told);
        for (generation, delivery) in deliveries.iter_mut().enumerate() {
            delivery.generation = u32::try_from(generation).unwrap();
        }
        verification.generation = u32::try_from(deliveries.len()).unwrap() - 1;
        let ledger = ledger_of(&verification, &deliveries, &hand).await;
        for (place, says) in settled {
            let settlement = Settlement {
                delivery: deliveries[*place].clone(),
                answer: answer(says),
                estimate: None,
                successor: DeliveryId::new(millis(2_000), &Chance::seeded(10)),
                gives_back: true,
            };
            ledger.run(Vec::new(), move |view, now| settlement.apply(view, now)).await.unwrap();
        }
        let kept = ledger.all::<Verification>(Kind::Verification).await.unwrap();
        assert_eq!(kept[0].1.generation, generation, "{told:?} {settled:?}");
    }
}

/// What became of its verification while it waited for a place, the store knows.
#[tokio::test]
async fn a_message_that_waited_is_held_to_what_its_verification_is_by_then() {
    let hand = ManualClock::at(millis(1_000));
    let before = verification(policy(), millis(1_000));
    let waited = first(&before, &[]);
    let mut canceled = before.clone();
    canceled.cancel(millis(1_000)).unwrap();
    let mut refreshed = before.clone();
    refreshed.generation += 1;
    for (by_then, wanted) in [(&before, true), (&canceled, false), (&refreshed, false)] {
        let outbox = outbox(ledger_with(by_then, &hand).await, &hand);
        assert_eq!(outbox.shared.is_still_wanted(&before, &waited).await, wanted, "{by_then:?}");
    }
    let forgotten = outbox(in_memory(hand.clock()), &hand);
    assert!(!forgotten.shared.is_still_wanted(&before, &waited).await);
}
