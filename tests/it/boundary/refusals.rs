//! A file that is no good is refused in one line with a hint, and the others serve.

use harness::{Dropped, built, program};
use passrelay::{
    clock::Clock,
    plugin::{InspectError, Isolation, Libraries, LibrarySettings, ProviderState, Refusal, inspect},
};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

fn library() -> Vec<u8> {
    fs::read(built("dry_run")).unwrap()
}

/// Puts `bytes` beside a good library: the good one is found, and this is why the other is not.
async fn refused(name: &str, bytes: &[u8]) -> Refusal {
    let dropped = Dropped::with(&["dry_run"]);
    dropped.put(name, bytes);
    only_refusal(&dropped, name).await
}

async fn only_refusal(dropped: &Dropped, name: &str) -> Refusal {
    let libraries = dropped.scan().await;
    assert!(libraries.by_id("dry_run").is_some(), "the good library still serves: {:?}", libraries.refused());
    let refusals = libraries.refused();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    let refusal = refusals.first().unwrap().clone();
    assert!(refusal.file.ends_with(name), "{refusal}");
    let line = refusal.to_string();
    assert!(
        line.lines().count() == 1 && line.chars().count() < 300 + refusal.file.as_os_str().len(),
        "{line}"
    );
    refusal
}

/// Trap A2: a file cut off anywhere would end the host with a bus error in `dlopen`. It may be a copy on its way, and is
/// told from garbage.
#[test]
fn a_library_cut_off_anywhere_is_refused_as_truncated() {
    let library = library();
    assert!(inspect(&library).is_ok());
    for length in (0..library.len()).step_by(4096).chain(1..200).chain([library.len() - 1]) {
        let refused = inspect(library.get(..length).unwrap());
        assert!(matches!(refused, Err(InspectError::Truncated { .. })), "cut to {length} bytes: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_library_is_refused_and_the_others_serve() {
    let library = library();
    let refusal = refused("libcut.so", library.get(..library.len() / 3).unwrap()).await;
    let length = library.len() / 3;
    assert!(
        refusal.reason.starts_with(&format!("truncated: it has {length} bytes of at least ")),
        "{refusal}"
    );
    assert_eq!(refusal.hint.as_deref(), Some("copy the file again: it may still have been on its way"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_library_is_told_so() {
    for (name, bytes, reason) in [
        ("libtext.so", b"just some text".to_vec(), "not a 64-bit ELF file"),
        ("libempty.so", Vec::new(), "truncated: it has 0 bytes of at least 64"),
        ("libnarrow.so", [b"\x7fELF\x01\x01".to_vec(), vec![0; 90]].concat(), "not a 64-bit ELF file"),
        ("libprogram.so", fs::read("/bin/sh").unwrap(), "not a shared library"),
        ("libother.so", for_another_machine(), "built for another machine"),
    ] {
        let refusal = refused(name, &bytes).await;
        assert!(refusal.reason.contains(reason), "{refusal}");
        assert!(refusal.hint.is_some(), "{refusal}");
    }
}

/// The machine stands in bytes 18 and 19 of an ELF header; 243 is RISC-V.
fn for_another_machine() -> Vec<u8> {
    let mut bytes = library();
    bytes.splice(18..20, 243_u16.to_le_bytes());
    bytes
}

/// Section J of the traps: links, pipes and folders are not followed, not opened, not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_regular_file_that_nobody_else_may_write_is_read() {
    let put_link = |folder: &Path| symlink(built("dry_run"), folder.join("libodd.so")).unwrap();
    let put_folder = |folder: &Path| fs::create_dir(folder.join("libodd.so")).unwrap();
    let put_writable = |folder: &Path| {
        let file = folder.join("libodd.so");
        fs::write(&file, library()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    };
    let put_pipe = |folder: &Path| {
        let status = std::process::Command::new("mkfifo").arg(folder.join("libodd.so")).status().unwrap();
        assert!(status.success());
    };
    let put: [&dyn Fn(&Path); 4] = [&put_link, &put_folder, &put_writable, &put_pipe];
    let reasons = ["a symbolic link", "not a regular file", "may be written by others", "not a regular file"];
    for (put, reason) in put.into_iter().zip(reasons) {
        let dropped = Dropped::with(&["dry_run"]);
        put(&dropped.path().join("providers"));
        let refusal = only_refusal(&dropped, "libodd.so").await;
        assert!(refusal.reason.contains(reason), "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_others_may_write_is_not_trusted() {
    let dropped = Dropped::with(&["dry_run"]);
    fs::set_permissions(dropped.path().join("providers"), fs::Permissions::from_mode(0o777)).unwrap();
    let libraries = dropped.scan().await;
    assert!(libraries.found().is_empty());
    assert!(libraries.refused().first().unwrap().reason.contains("may be written by others"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_libraries_with_one_id_are_both_refused_and_both_named() {
    let dropped = Dropped::with(&["dry_run"]);
    dropped.put("libcopy.so", &library());
    let libraries = dropped.scan().await;
    assert!(libraries.found().is_empty());
    assert_eq!(libraries.refused().len(), 2);
    for refusal in libraries.refused() {
        assert!(
            refusal.reason.contains("libcopy.so") && refusal.reason.contains("libdry_run.so"),
            "{refusal}"
        );
    }
}

/// Trap A4: whoever swaps a pinned file must not even have its constructors run.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_the_pinned_one_is_not_even_tried() {
    let dropped = Dropped::with(&["ctor_abort"]);
    let pins = vec![("ctor_abort".to_owned(), "0".repeat(64))];
    let settings = LibrarySettings { pins, ..dropped.settings() };
    let libraries = Libraries::scan(&settings, &program()).await;
    let refusal = libraries.refused().first().unwrap();
    // Had it been tried, the signal that ended its trial would be the reason.
    assert!(refusal.reason.contains("the configuration pins 0000"), "{refusal}");
    assert_eq!(fs::read_dir(&settings.copies).unwrap().count(), 0, "nor is it copied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_provider_takes_no_other_file() {
    let dropped = Dropped::with(&["dry_run"]);
    let outbox = dropped.path().join("outbox.jsonl");
    let mut settings = harness::provider("dry_run", Isolation::Process, json!({ "outbox": outbox }));
    settings.sha256 = Some("0".repeat(64));
    let providers = dropped.open_with(&[settings.clone()], &Clock::system()).await;
    let status = providers.status().remove(0);
    assert!(
        matches!(&status.state, ProviderState::Failed(reason) if reason.contains("pins 0000")),
        "{status:?}"
    );

    settings.sha256 = Some(dropped.scan().await.by_id("dry_run").unwrap().sha256.clone());
    let providers = dropped.open_with(&[settings], &Clock::system()).await;
    assert_eq!(providers.status().remove(0).state, ProviderState::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_its_library_says_why() {
    let dropped = Dropped::new();
    dropped.put("libdry_run.so", b"garbage");
    let providers = dropped.open("dry_run", Isolation::Process, json!({}), &Clock::system()).await;
    let status = providers.status().remove(0);
    assert!(
        matches!(&status.state, ProviderState::Failed(reason) if reason.contains("not a 64-bit ELF file")),
        "{status:?}"
    );
}
