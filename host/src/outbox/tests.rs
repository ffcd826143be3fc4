//! Handing over without open providers, and settling as a rule of its own.

use super::*;
use crate::{
    clock::{ManualClock, millis},
    delivery::tests::delivery,
    store::{Changes, Stop, View},
    verification::tests::{policy, verification},
};
use jiff::Timestamp;
use provider_api::Failure;
use std::{cell::RefCell, io, sync::Once};

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
    let ledger = Ledger::in_memory(hand.clock()).unwrap();
    let verification = verification.clone();
    ledger
        .run(Vec::new(), move |_: &View<'_>, _| {
            let mut changes = Changes::none();
            changes.put((&verification.id).into(), &verification, Timestamp::MAX)?;
            Ok::<_, Stop>(changes.answer(()))
        })
        .await
        .unwrap();
    ledger
}

fn outbox(ledger: Ledger, hand: &ManualClock) -> Outbox {
    let chance = Chance::seeded(8);
    Outbox::new(OutboxParts {
        site: Site { name: "Example".to_owned(), support_email: String::new() },
        providers: Arc::default(),
        ledger,
        keys: Arc::new(Keys::ephemeral(&chance).unwrap()),
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
    let settled = settling.settled().await.unwrap();
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
    let settled = outbox.hand_over(pending.clone(), first(&pending, &["two"])).settled().await.unwrap();
    assert_eq!(settled.provider, "one");
}

#[tokio::test]
async fn a_shutdown_waits_for_what_is_under_way_but_not_for_ever() {
    let hand = ManualClock::at(millis(1_000));
    let outbox = outbox(Ledger::in_memory(hand.clock()).unwrap(), &hand);
    let stuck = outbox.running.spawn(std::future::pending());
    let draining = tokio::spawn({
        let outbox = outbox.clone();
        async move { outbox.drain(Duration::from_secs(5)).await }
    });
    hand.sleepers(1).await;
    hand.advance(Duration::from_secs(5));
    assert_eq!(draining.await.unwrap(), 1);
    drop(stuck);
}
