//! What the inspection lets through is tried in another process first, and what that refuses is told in one line.

use super::stage::{chaos, still};
use harness::{Dropped, built};
use passrelay::plugin::{
    Isolation::{Process, Thread},
    Refusal, inspect,
};
use std::fs;

/// Drops this file beside a good library, which is found all the same; why the other is not.
async fn refused(name: &str, bytes: &[u8]) -> Refusal {
    let dropped = Dropped::with(&["dry_run"]);
    dropped.put(name, bytes);
    let libraries = dropped.scan().await;
    assert!(libraries.by_id("dry_run").is_some(), "the good library still serves: {:?}", libraries.refused());
    assert_eq!(libraries.refused().len(), 1, "{:?}", libraries.refused());
    let refusal = libraries.refused().first().unwrap();
    // Trap A9: abi_stable's own reports have ten thousand characters, and libloading says only "dlopen failed".
    let line = refusal.to_string();
    assert!(line.lines().count() == 1, "{line}");
    assert!(line.chars().count() < 300 + refusal.file.as_os_str().len(), "{line}");
    assert!(line.contains(name) && refusal.hint.is_some(), "{line}");
    refusal.clone()
}

fn library(id: &str) -> Vec<u8> {
    fs::read(built(id)).unwrap()
}

/// The file with other bytes of the same length in each place where these stand.
fn patched(id: &str, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = library(id);
    let places: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from.as_bytes())
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty(), "`{from}` stands in the file");
    for at in places {
        bytes.splice(at..at + to.len(), to.bytes());
    }
    bytes
}

/// Trap A4: a constructor runs before anybody can check anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_aborts_in_its_constructor_ends_its_trial_and_not_the_host() {
    let refusal = refused("libctor_abort.so", &library("ctor_abort")).await;
    assert!(refusal.reason.contains("ended its trial with signal 6 (SIGABRT)"), "{refusal}");
    assert_eq!(refusal.id.as_deref(), Some("ctor_abort"));
    assert!(refusal.hint.unwrap().contains("crashes as soon as it is loaded"));
}

/// Trap A5: bound at the first call, it would end the process then.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_with_a_symbol_that_nobody_has_is_refused_when_it_is_loaded() {
    let refusal = refused("libundefined.so", &library("undefined")).await;
    assert!(refusal.reason.contains("passrelay_nobody_has_this"), "{refusal}");
}

/// Trap A7: `abi_stable` by itself takes a library without layout for a good one.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_says_nothing_about_its_layout_is_refused() {
    let refusal = refused("libno_layout.so", &library("no_layout")).await;
    assert!(refusal.reason.contains("says nothing about the layout"), "{refusal}");
}

/// Trap A10: a library whose layout is wrong stays loaded in its trial, with the thread that its constructor started.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_with_a_thread_of_its_own_and_another_layout_is_refused_without_a_crash() {
    let refusal = refused("libctor_thread.so", &library("ctor_thread")).await;
    assert!(refusal.reason.contains("laid out differently"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_without_a_note_is_nobodys_provider() {
    let refusal = refused("libno_note.so", &library("no_note")).await;
    assert!(refusal.reason.contains("no Passrelay note"), "{refusal}");
}

/// Another major version is refused by the note; where the note lies, by the header behind the symbol.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_of_another_major_version_is_refused_whatever_its_note_says() {
    let refusal = refused("libother_major.so", &library("other_major")).await;
    assert_eq!(refusal.reason, "built with provider-api 2.0.0, this host speaks 1.0.0");
    let honest = r#""api":"2.0.0","host":"2.0.0""#;
    let lying = patched("other_major", honest, r#""api":"1.0.0","host":"1.0.0""#);
    assert!(inspect(&lying).is_ok(), "the note is a good one now");
    let refusal = refused("libother_major.so", &lying).await;
    assert_eq!(refusal.reason, "built with provider-api 2.0.0, this host speaks 1.0.0");
    assert_eq!(refusal.id.as_deref(), Some("other_major"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_needs_a_newer_host_says_which() {
    let newer = patched("chaos", r#""host":"1.0.0","panic""#, r#""host":"1.9.0","panic""#);
    let refusal = refused("libchaos.so", &newer).await;
    assert_eq!(refusal.reason, "needs a host that speaks provider-api 1.9.0, this one speaks 1.0.0");
}

/// A note may say anything: it stays one line.
#[tokio::test(flavor = "multi_thread")]
async fn no_words_of_a_note_break_the_line() {
    let hostile =
        patched("other_major", r#""api":"2.0.0","host":"2.0.0""#, r#""api":"2\n\u001b[","host":"""#);
    let refusal = refused("libother_major.so", &hostile).await;
    assert_eq!(refusal.reason, "built with provider-api 2  [, this host speaks 1.0.0");
}

/// Section J: the note is read without running anything, so it could say anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_whose_note_has_another_id_than_itself_is_refused() {
    let refusal = refused("libchaos.so", &patched("chaos", r#"{"id":"chaos""#, r#"{"id":"peace""#)).await;
    assert_eq!(refusal.reason, "its note says `peace`, the library itself `chaos`");
}

/// Trap A8: while a library is 0.x, `abi_stable` takes every minor version for another major one.
#[test]
fn the_boundary_has_a_major_version() {
    let major: u32 = provider_api::API_VERSION.split('.').next().unwrap().parse().unwrap();
    assert!(major >= 1, "{}", provider_api::API_VERSION);
}

/// Replacing a dropped-in file in place would else pull it out from under the process that runs it.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_is_overwritten_while_it_runs_goes_on_from_its_copy() {
    for isolation in [Process, Thread] {
        let dropped = Dropped::with(&["chaos"]);
        let providers = dropped.open_with(&[chaos("kept", isolation)], &still().clock()).await;
        fs::write(dropped.path().join("providers/libchaos.so"), b"").unwrap();
        let lane = providers.lane("kept").unwrap();
        assert!(lane.deliver(super::message("ok")).await.is_ok(), "{isolation:?}");
        if isolation == Process {
            assert!(lane.deliver(super::message("segv")).await.is_err());
            assert!(lane.deliver(super::message("ok")).await.is_ok(), "it is started again from its copy");
        }
    }
}

/// A provider that is opened again in the same process is another one: its log is no longer the first one's.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_opened_again_and_again() {
    let log = harness::log::capture();
    for isolation in [Process, Thread] {
        let dropped = Dropped::with(&["chaos"]);
        let id = super::stage::named("reopened", isolation);
        for round in 1..=2 {
            let providers = dropped.open_with(&[chaos(&id, isolation)], &still().clock()).await;
            let lane = providers.lane(&id).unwrap();
            assert!(lane.deliver(super::message(&format!("log_secret {round}"))).await.is_ok());
            // The number is this round's: whoever was opened in the first one knows nothing of it.
            log.wait_for(&id, |entry| {
                entry.message().starts_with(&format!("the code [code] goes to ••• {round} with"))
            })
            .await;
        }
    }
}
