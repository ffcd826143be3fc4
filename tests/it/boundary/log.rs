//! A provider's events arrive in the host's log as they were meant: with level, types, spans, and under the filters.

use super::{
    BOTH,
    stage::{Stage, named},
};
use harness::log::{Entry, Typed, capture};
use tracing::Level;

/// Delivers to `log` and waits for the last event.
async fn logged(id: &str, stage: &Stage, last: &str) -> Vec<Entry> {
    assert!(stage.deliver(id, "log").await.is_ok());
    capture().wait_for(id, |entry| entry.message() == last).await;
    let of_library = format!("provider::{id}::chaos");
    let mut entries = capture().of_provider(id);
    entries.retain(|entry| entry.target.starts_with(&of_library));
    entries
}

/// J19.
#[tokio::test(flavor = "multi_thread")]
async fn events_keep_their_levels_targets_and_types() {
    capture();
    for isolation in BOTH {
        let id = named("typed", isolation);
        let entries = logged(&id, &Stage::one(&id, isolation).await, "a trace").await;
        let expected = [
            (Level::ERROR, "an error", "count", Typed::I64(-1)),
            (Level::WARN, "a warning", "ratio", Typed::F64(0.5)),
            (Level::INFO, "an information", "big", Typed::U64(u64::MAX)),
            (Level::INFO, "an information", "ready", Typed::Bool(true)),
            (Level::DEBUG, "a detail", "word", Typed::Text("text".into())),
            (Level::TRACE, "a trace", "shown", Typed::Shown("Some(1)".into())),
        ];
        for (level, message, field, value) in expected {
            let entry = entries.iter().find(|entry| entry.message() == message);
            let entry = entry.unwrap_or_else(|| panic!("{isolation:?}: no event `{message}`: {entries:?}"));
            assert_eq!((entry.level, entry.fields.get(field)), (level, Some(&value)), "{isolation:?}");
            assert_eq!(entry.target, format!("provider::{id}::chaos::speak"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_nest_as_they_do_in_the_library() {
    capture();
    for isolation in BOTH {
        let id = named("nested", isolation);
        let entries = logged(&id, &Stage::one(&id, isolation).await, "a trace").await;
        let entry = entries.iter().find(|entry| entry.message() == "an error").unwrap();
        let names: Vec<&str> = entry.spans.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["inner", "outer"], "{isolation:?}");
        let [(_, inner), (_, outer)] = entry.spans.as_slice() else { unreachable!() };
        assert_eq!(inner.get("kind"), Some(&Typed::Text("nested".into())), "{isolation:?}");
        assert!(
            matches!(outer.get("attempt"), Some(Typed::U64(1) | Typed::I64(1))),
            "{isolation:?} {outer:?}"
        );
    }
}

/// The harness hears providers whose id begins with `hushed` only from warnings on, by an ordinary directive.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_by_target_holds_for_a_provider() {
    capture();
    for isolation in BOTH {
        let id = named("hushed", isolation);
        let entries = logged(&id, &Stage::one(&id, isolation).await, "a warning").await;
        let mut levels: Vec<Level> = entries.iter().map(|entry| entry.level).collect();
        levels.sort();
        assert_eq!(levels, [Level::ERROR, Level::WARN], "{isolation:?}");
    }
}

/// Section D of the traps: each library has its own copy of `tracing`; two providers of one library keep theirs apart.
#[tokio::test(flavor = "multi_thread")]
async fn two_providers_of_one_library_log_under_their_own_names() {
    capture();
    for isolation in BOTH {
        let [first, second] = [named("twin_a", isolation), named("twin_b", isolation)];
        let settings = [super::stage::chaos(&first, isolation), super::stage::chaos(&second, isolation)];
        let stage = Stage::open(&settings, &super::stage::still().clock()).await;
        for id in [&first, &second] {
            let before = capture().of_provider(if id == &first { &second } else { &first }).len();
            let entries = logged(id, &stage, "a trace").await;
            assert_eq!(entries.len(), 5, "{isolation:?} {entries:?}");
            let after = capture().of_provider(if id == &first { &second } else { &first }).len();
            assert_eq!(before, after, "{isolation:?}: nothing under the other's name");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_cut_to_a_thousand_events_a_second_and_told_of() {
    let log = capture();
    for isolation in BOTH {
        let (id, hand) = (named("floods", isolation), super::stage::still());
        let stage = Stage::open(&[super::stage::chaos(&id, isolation)], &hand.clock()).await;
        assert!(stage.deliver(&id, "flood").await.is_ok());
        // The frames of a process arrive in order: after an answer everything before it has been heard.
        assert!(stage.deliver(&id, "ok").await.is_ok());
        let heard = log.of_provider(&id).iter().filter(|entry| entry.fields.contains_key("n")).count();
        assert!((1..=1000).contains(&heard), "{isolation:?}: {heard} events");
        hand.advance(std::time::Duration::from_secs(1));
        assert!(stage.deliver(&id, "log").await.is_ok());
        let told = log.wait_for(&id, |entry| entry.message().contains("logged too much")).await;
        assert_eq!(told.fields.get("dropped"), Some(&Typed::U64(100_000 - 1000)), "{isolation:?}");
    }
}

/// A text of 5 MiB fits into no frame; on a thread it is cut.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_line_costs_neither_the_process_nor_the_log() {
    let log = capture();
    for isolation in BOTH {
        let id = named("lengthy", isolation);
        let stage = Stage::one(&id, isolation).await;
        assert!(stage.deliver(&id, "long_log").await.is_ok(), "{isolation:?}");
        assert!(stage.deliver(&id, "ok").await.is_ok(), "{isolation:?}");
        let longest = log.of_provider(&id).iter().map(|entry| entry.to_string().len()).max();
        assert!(longest.unwrap_or_default() < 10_000, "{isolation:?}: {longest:?}");
    }
}

/// What a process writes to its standard error is not lost: a panic of a thread of its own, for one.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_writes_to_standard_error_is_logged() {
    let log = capture();
    let isolation = passrelay::plugin::Isolation::Process;
    let stage = Stage::one("grumbles", isolation).await;
    assert!(stage.deliver("grumbles", "thread_panic").await.is_ok());
    let entry = log.wait_for("grumbles", |entry| entry.to_string().contains("boom on a thread")).await;
    assert_eq!(entry.level, Level::WARN);
}
