//! What is due is done once, by whoever is left to do it.

use super::*;
use crate::{
    clock::{ManualClock, after, millis},
    delivery::tests::delivery,
    metrics::Metrics,
    outbox::{
        Outbox, OutboxParts,
        settle::Settlement,
        tests::{capture_log, captured_log},
    },
    seal::{Chance, Keys},
    store::{Labels, Ledger, in_memory},
    verification::tests::{policy, verification},
};
use arc_swap::ArcSwap;

struct House {
    outbox: Outbox,
    ledger: Ledger,
    hand: ManualClock,
}

/// A house in which one delivery stands open, as a host that is gone left it.
async fn house(change: impl FnOnce(&mut Delivery)) -> (House, Delivery) {
    let hand = ManualClock::at(millis(1_000));
    let ledger = in_memory(hand.clock());
    let chance = Chance::seeded(8);
    let outbox = Outbox::new(OutboxParts {
        templates: Arc::default(),
        providers: Arc::default(),
        ledger: ledger.clone(),
        keys: Arc::new(Keys::ephemeral(&chance).unwrap()).into(),
        clock: hand.clock(),
        chance,
        prices: ArcSwap::default(),
        metrics: Arc::new(Metrics::new(hand.clock().now())),
    });
    let mut verification = verification(policy(), millis(1_000));
    let mut left = Delivery { verification: verification.id.clone(), ..delivery("one", &[]) };
    change(&mut left);
    verification.deliveries = vec![left.id.clone()];
    keep(&ledger, &verification, &left).await;
    (House { outbox, ledger, hand }, left)
}

async fn keep(ledger: &Ledger, verification: &Verification, delivery: &Delivery) {
    let (verification, delivery) = (verification.clone(), delivery.clone());
    let job = move |_: &View<'_>, now| {
        let mut changes = Changes::none();
        changes.keep_verification(&verification, now)?;
        changes.keep_delivery(&delivery, &verification, now)?;
        Ok(changes.answer(()))
    };
    ledger.run(Vec::new(), job).await.unwrap();
}

/// Put off for 20 seconds, once.
fn put_off(delivery: &mut Delivery) {
    delivery.not_before = Some(after(millis(1_000), Duration::from_secs(20)));
    delivery.pauses = 1;
}

impl House {
    /// Every delivery, oldest first: its provider, its outcome, whether it is repeated.
    async fn deliveries(&self) -> Vec<(String, &'static str, bool)> {
        self.outbox.running.none().await;
        let mut all = self.ledger.all::<Delivery>(Kind::Delivery).await.unwrap();
        all.sort_by_key(|(_, delivery)| (delivery.created_at, delivery.repeated, delivery.pauses));
        all.into_iter()
            .map(|(_, delivery)| (delivery.provider, delivery.outcome.as_str(), delivery.repeated))
            .collect()
    }

    async fn take(&self) -> usize {
        let due = self.outbox.tend(self.hand.clock().now(), MOST).await.due;
        self.outbox.take(due, &mut Broken::default()).await
    }

    /// Keeps a verification and a delivery of it.
    async fn keep(&self, verification: &Verification, delivery: &Delivery) {
        keep(&self.ledger, verification, delivery).await;
    }
}

#[tokio::test]
async fn what_a_dead_host_left_is_unknown_and_repeated_once_and_marked() {
    let (house, _) = house(|_| {}).await;
    assert_eq!(house.take().await, 0, "its lease still runs");
    house.hand.advance(Duration::from_mins(1));
    assert_eq!(house.take().await, 1);
    // No provider is open in this house: the repeated delivery fails.
    let unknown = ("one".to_owned(), "unknown", false);
    let repeated = ("one".to_owned(), "failed", true);
    assert_eq!(house.deliveries().await, [unknown, repeated]);
    assert_eq!(house.take().await, 0);
}

/// A host that is killed before it hands over what the last one left has handed nothing over either.
#[tokio::test]
async fn a_message_is_repeated_after_every_crash_but_not_for_ever() {
    let (house, _) = house(|_| {}).await;
    for crashes in 1..=5 {
        let all = house.ledger.all::<Delivery>(Kind::Delivery).await.unwrap();
        let open: Vec<Key> = all
            .iter()
            .filter(|(_, it)| it.outcome == Outcome::Queued)
            .map(|(_, it)| (&it.id).into())
            .collect();
        // The host takes it over, and is gone again before it hands over what follows.
        for key in &open {
            let key = key.clone();
            let (claimed, twice) = (key.clone(), key);
            let job = move |view: &View<'_>, now| claim(view, &claimed, &HashSet::new(), now);
            house.ledger.run(Vec::new(), job).await.unwrap();
            let job = move |view: &View<'_>, now| claim(view, &twice, &HashSet::new(), now);
            let Claim::Orphan(due) = house.ledger.run(Vec::new(), job).await.unwrap() else { panic!() };
            let settlement = Settlement {
                delivery: due.1,
                answer: Err(DeliveryError::unknown("the host ended")),
                estimate: None,
                gives_back: true,
                successor: DeliveryId::new(millis(2_000), &Chance::seeded(70 + crashes)),
            };
            house.ledger.run(Vec::new(), move |view, now| settlement.apply(view, now)).await.unwrap();
        }
        assert_eq!(open.len(), usize::from(crashes <= 4), "after {crashes} crashes");
    }
    let all = house.deliveries().await;
    assert_eq!(all.iter().filter(|(_, state, _)| *state == "unknown").count(), 4);
    assert_eq!(all.iter().filter(|(.., repeated)| *repeated).count(), 3, "each but the first is marked");
}

#[tokio::test]
async fn at_the_start_no_lease_counts() {
    let (house, _) = house(|left| left.successors = vec!["two".to_owned()]).await;
    let Left(left) = house.outbox.left().await;
    assert_eq!(house.outbox.take(left, &mut Broken::default()).await, 1);
    let unknown = ("one".to_owned(), "unknown", false);
    let next = ("two".to_owned(), "failed", false);
    assert_eq!(house.deliveries().await, [unknown, next]);
}

#[tokio::test]
async fn what_was_put_off_is_handed_over_when_its_time_comes_and_is_not_repeated() {
    let (house, _) = house(put_off).await;
    house.hand.advance(Duration::from_secs(19));
    assert_eq!(house.take().await, 0);
    house.hand.advance(Duration::from_secs(1));
    assert_eq!(house.take().await, 1);
    assert_eq!(house.deliveries().await, [("one".to_owned(), "failed", false)]);
}

#[tokio::test]
async fn what_this_host_still_hands_over_is_not_taken_over_however_long_it_takes() {
    let (house, left) = house(|_| {}).await;
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let carried = left.clone();
    let carrying = house.outbox.running.spawn(left.message.clone(), async move {
        let _ended = ended.await;
        crate::outbox::Carried { verification: verification(policy(), millis(1_000)), delivery: carried }
    });
    for _ in 0..3 {
        house.hand.advance(Duration::from_mins(1));
        assert_eq!(house.take().await, 1);
        assert_eq!(house.take().await, 0, "its lease was renewed");
    }
    drop(end);
    carrying.settled().await.unwrap();
    house.hand.advance(Duration::from_mins(1));
    assert_eq!(house.take().await, 1);
    assert_eq!(house.deliveries().await.len(), 2);
}

#[tokio::test]
async fn nobody_repeats_what_belongs_to_a_verification_that_is_over() {
    let (house, _) = house(|_| {}).await;
    house.hand.advance(Duration::from_hours(1));
    assert_eq!(house.take().await, 1);
    assert_eq!(house.deliveries().await, [("one".to_owned(), "unknown", false)]);
}

#[tokio::test]
async fn at_the_start_a_pause_is_still_kept() {
    let (house, _) = house(put_off).await;
    let Left(left) = house.outbox.left().await;
    house.outbox.take(left, &mut Broken::default()).await;
    assert_eq!(house.deliveries().await, [("one".to_owned(), "queued", false)], "its service asked for it");
    house.hand.advance(Duration::from_secs(20));
    assert_eq!(house.take().await, 1);
    assert_eq!(house.deliveries().await, [("one".to_owned(), "failed", false)]);
}

/// A start is durable a moment before its delivery is handed over: within it nobody may think it left.
#[tokio::test]
async fn at_the_start_only_what_was_there_before_counts_as_left() {
    let (house, left) = house(|_| {}).await;
    let before = house.outbox.left().await;
    let mut verification = verification(policy(), millis(1_000));
    let id = DeliveryId::new(millis(1_001), &Chance::seeded(99));
    let fresh = Delivery { id: id.clone(), message: id.clone(), provider: "fresh".to_owned(), ..left };
    verification.deliveries = vec![id];
    house.keep(&verification, &fresh).await;
    let watching = tokio::spawn({
        let outbox = house.outbox.clone();
        async move { outbox.watch(before).await }
    });
    while house.deliveries().await.len() < 3 {
        tokio::task::yield_now().await;
    }
    watching.abort();
    let states = house.deliveries().await;
    assert!(states.contains(&("fresh".to_owned(), "queued", false)), "{states:?}");
}

#[tokio::test]
async fn what_was_put_off_is_not_sent_once_nobody_needs_it() {
    let ways: [fn(&mut Verification, Timestamp); 3] = [
        |it, now| assert_eq!(it.cancel(now), Ok(true)),
        |it, now| assert!(it.check(now, |_| true).is_ok()),
        |it, _| it.generation += 1,
    ];
    for change in ways {
        let (house, left) = house(put_off).await;
        let mut verification = verification(policy(), millis(1_000));
        verification.deliveries = vec![left.id.clone()];
        change(&mut verification, millis(1_001));
        house.keep(&verification, &left).await;
        house.hand.advance(Duration::from_secs(20));
        assert_eq!(house.take().await, 1);
        house.outbox.running.none().await;
        let all = house.ledger.all::<Delivery>(Kind::Delivery).await.unwrap();
        let [(_, delivery)] = all.as_slice() else { panic!("{all:?}") };
        // No provider is open in this house: handed over, it would have failed as `unavailable`.
        assert_eq!(delivery.outcome.failure_word(), "too_late", "{delivery:?}");
        assert!(delivery.outcome.is_untaken_by_our_fault(), "what limits counted is given back");
    }
}

#[tokio::test]
async fn what_was_put_off_stays_so_while_whoever_did_it_has_not_let_go() {
    let (house, left) = house(put_off).await;
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let carried = left.clone();
    let carrying = house.outbox.running.spawn(left.message.clone(), async move {
        let _ended = ended.await;
        crate::outbox::Carried { verification: verification(policy(), millis(1_000)), delivery: carried }
    });
    house.hand.advance(Duration::from_secs(20));
    house.take().await;
    drop(end);
    carrying.settled().await.unwrap();
    assert_eq!(house.take().await, 1, "it is due still, and not a minute later");
    assert_eq!(house.deliveries().await, [("one".to_owned(), "failed", false)]);
}

/// A server that makes more in a second than one sweep forgets would grow without end.
#[tokio::test]
async fn one_look_forgets_all_that_is_over() {
    let (house, _) = house(|_| {}).await;
    let end = after(millis(1_000), Duration::from_secs(5));
    let many = move |_: &View<'_>, _| {
        let mut changes = Changes::none();
        for n in 0..1_700 {
            changes.put(Key::new(Kind::Slot, n.to_string()), &n, end)?;
        }
        Ok(changes.answer(()))
    };
    house.ledger.run(Vec::new(), many).await.unwrap();
    house.hand.advance(Duration::from_secs(5));
    house.outbox.look(&mut Broken::default()).await;
    let now = house.hand.clock().now();
    assert!(!house.outbox.tend(now, MOST).await.more);
}

/// What a bad disk leaves of some deliveries must not keep all later ones from leaving.
#[tokio::test]
async fn damaged_deliveries_do_not_stand_in_the_way_of_the_others() {
    let (house, left) = house(|_| {}).await;
    let damaged = |_: &View<'_>, now| {
        let mut changes = Changes::none();
        for n in 0..3 * MOST {
            let labels =
                Labels { due_at: Some(millis(n.try_into().unwrap())), ..Labels::until(Timestamp::MAX) };
            changes.put_labeled(Key::new(Kind::Delivery, format!("dlv_{n}")), &"nonsense", labels)?;
        }
        let _: Timestamp = now;
        Ok(changes.answer(()))
    };
    house.ledger.run(Vec::new(), damaged).await.unwrap();
    house.hand.advance(Duration::from_mins(1));
    let mut broken = Broken::default();
    house.outbox.look(&mut broken).await;
    house.outbox.running.none().await;
    let id = left.id.clone();
    let read = move |view: &View<'_>, _| Ok(Changes::none().answer(view.read::<Delivery>(&(&id).into())?));
    let kept = house.ledger.run(Vec::new(), read).await.unwrap().unwrap();
    assert_eq!((kept.outcome.as_str(), broken.0.len()), ("unknown", 3 * MOST));
    capture_log();
    house.outbox.look(&mut broken).await;
    assert_eq!(captured_log(), "", "each is told once");
}
