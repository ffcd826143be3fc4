//! What files of one library are taken for, by their hashes alone.

use super::{NEW, OLD, moody};
use harness::{Dropped, program};
use passrelay::plugin::{Libraries, LibrarySettings};

/// The files by their content: which names are in the folder, and which is pinned or named as a canary.
struct Case {
    what: &'static str,
    files: &'static [(&'static str, &'static str)],
    canaries: &'static [&'static str],
    pins: &'static [&'static str],
    /// The version that providers run, and those of the canaries.
    found: Option<&'static str>,
    beside: &'static [&'static str],
    refused: usize,
}

const THIRD: &str = "7.3.3";

const CASES: [Case; 11] = [
    Case {
        what: "two and no word",
        files: &[("a", OLD), ("b", NEW)],
        canaries: &[],
        pins: &[],
        found: None,
        beside: &[],
        refused: 2,
    },
    Case {
        what: "a canary",
        files: &[("a", OLD), ("b", NEW)],
        canaries: &[NEW],
        pins: &[],
        found: Some(OLD),
        beside: &[NEW],
        refused: 0,
    },
    Case {
        what: "the other name",
        files: &[("b", OLD), ("libmoody", NEW)],
        canaries: &[NEW],
        pins: &[],
        found: Some(OLD),
        beside: &[NEW],
        refused: 0,
    },
    Case {
        what: "it waits",
        files: &[("a", OLD)],
        canaries: &[NEW],
        pins: &[],
        found: Some(OLD),
        beside: &[],
        refused: 0,
    },
    Case {
        what: "alone",
        files: &[("b", NEW)],
        canaries: &[NEW],
        pins: &[],
        found: Some(NEW),
        beside: &[],
        refused: 0,
    },
    Case {
        what: "twice the same",
        files: &[("b", NEW), ("c", NEW)],
        canaries: &[NEW],
        pins: &[],
        found: Some(NEW),
        beside: &[],
        refused: 0,
    },
    Case {
        what: "two canaries",
        files: &[("a", OLD), ("b", NEW), ("c", THIRD)],
        canaries: &[NEW, THIRD],
        pins: &[],
        found: Some(OLD),
        beside: &[NEW, THIRD],
        refused: 0,
    },
    Case {
        what: "a canary and two others",
        files: &[("a", OLD), ("b", NEW), ("c", THIRD)],
        canaries: &[NEW],
        pins: &[],
        found: None,
        beside: &[NEW],
        refused: 2,
    },
    Case {
        what: "pinned",
        files: &[("libmoody", OLD), ("b", NEW), ("c", THIRD)],
        canaries: &[NEW],
        pins: &[OLD],
        found: Some(OLD),
        beside: &[NEW],
        refused: 1,
    },
    Case {
        what: "pinned, and the canary alone",
        files: &[("libmoody", NEW)],
        canaries: &[NEW],
        pins: &[OLD],
        found: None,
        beside: &[NEW],
        refused: 0,
    },
    Case {
        what: "pinned to the canary",
        files: &[("a", OLD), ("b", NEW)],
        canaries: &[NEW],
        pins: &[NEW],
        found: Some(NEW),
        beside: &[],
        refused: 1,
    },
];

async fn scan(dropped: &Dropped, canaries: &[(String, String)], pins: &[(String, String)]) -> Libraries {
    let (canaries, pins) = (canaries.to_vec(), pins.to_vec());
    Libraries::scan(&LibrarySettings { canaries, pins, ..dropped.settings() }, &program()).await
}

async fn hash(version: &str) -> (String, String) {
    let dropped = Dropped::new();
    dropped.put("libmoody.so", &moody(version, "fine"));
    ("moody".to_owned(), dropped.scan().await.by_id("moody").unwrap().sha256.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_a_canary_by_its_hash_and_what_providers_run_where_it_is_the_only_one() {
    let hashes = [(OLD, hash(OLD).await), (NEW, hash(NEW).await), (THIRD, hash(THIRD).await)];
    let of = |versions: &[&str]| -> Vec<(String, String)> {
        hashes
            .iter()
            .filter(|(version, _)| versions.contains(version))
            .map(|(_, named)| named.clone())
            .collect()
    };
    for Case { what, files, canaries, pins, found, beside, refused } in CASES {
        let dropped = Dropped::new();
        for (name, version) in files {
            dropped.put(&format!("{name}.so"), &moody(version, "fine"));
        }
        let libraries = scan(&dropped, &of(canaries), &of(pins)).await;
        let told = libraries.refused();
        assert_eq!(
            libraries.by_id("moody").map(|own| own.manifest.version.as_str()),
            found,
            "{what}: {told:?}"
        );
        let mut others: Vec<&str> =
            libraries.canaries().iter().map(|library| library.manifest.version.as_str()).collect();
        others.sort_unstable();
        assert_eq!((others.as_slice(), told.len()), (beside, refused), "{what}: {told:?}");
        if found.is_none() && refused == 0 {
            let why = libraries.why_missing("moody");
            assert!(why.starts_with("every file of library `moody` is a canary"), "{what}: {why}");
        }
        if found.is_none() && refused == 2 {
            let hint = "remove all but one, or name the SHA-256 of the newer one as a provider's `canary`";
            assert!(told.iter().all(|refusal| refusal.hint.as_deref() == Some(hint)), "{what}: {told:?}");
        }
    }
}

/// The old file is half written, or somebody else's: that is not the same as gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_canary_is_not_taken_for_the_library_while_a_bad_file_stands_in_its_place() {
    let (dropped, new) = (Dropped::new(), hash(NEW).await);
    dropped.put("b.so", &moody(NEW, "fine"));
    dropped.put("libmoody.so", b"\x7fELF and no more");
    let libraries = scan(&dropped, std::slice::from_ref(&new), &[]).await;
    assert!(libraries.by_id("moody").is_none());
    assert_eq!((libraries.canaries().len(), libraries.refused().len()), (1, 1));
}

/// Whoever asks for signatures asks for those of canaries as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_nobody_signed_is_refused() {
    let (dropped, new) = (Dropped::new(), hash(NEW).await);
    dropped.put("a.so", &moody(OLD, "fine"));
    dropped.put("b.so", &moody(NEW, "fine"));
    let settings =
        LibrarySettings { canaries: vec![new.clone()], signers: Some(Vec::new()), ..dropped.settings() };
    let libraries = Libraries::scan(&settings, &program()).await;
    let refused: Vec<&str> =
        libraries.refused().iter().filter_map(|refusal| refusal.sha256.as_deref()).collect();
    assert!(
        libraries.canaries().is_empty() && refused.contains(&new.1.as_str()),
        "{:?}",
        libraries.refused()
    );
}
