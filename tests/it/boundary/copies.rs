//! The folder of private copies holds what may be loaded and nothing else.

use harness::{Dropped, built, program};
use passrelay::plugin::{Libraries, LibrarySettings};
use std::fs;

fn names(dropped: &Dropped) -> Vec<String> {
    let entries = fs::read_dir(dropped.path().join("copies")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Whether before its trial or in it: a file that is refused is not kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_file_leaves_no_copy() {
    let dropped = Dropped::with(&["dry_run", "ctor_abort", "no_note", "no_layout", "undefined"]);
    let library = fs::read(built("dry_run")).unwrap();
    dropped.put("libtext.so", b"just some text");
    dropped.put("libcut.so", library.get(..library.len() / 2).unwrap());
    let pins = vec![("email".to_owned(), "0".repeat(64))];
    dropped.put("libemail.so", &fs::read(built("email")).unwrap());
    let settings = LibrarySettings { pins, ..dropped.settings() };
    let libraries = Libraries::scan(&settings, &program()).await;
    assert_eq!(libraries.refused().len(), 7, "{:?}", libraries.refused());
    assert_eq!(names(&dropped), [format!("{}.so", libraries.by_id("dry_run").unwrap().sha256)]);
    // What was kept is taken again as it is, and what was refused is tried anew.
    let inode = || {
        std::os::unix::fs::MetadataExt::ino(
            &fs::metadata(dropped.path().join("copies").join(&names(&dropped)[0])).unwrap(),
        )
    };
    let before = inode();
    assert_eq!(Libraries::scan(&settings, &program()).await.refused().len(), 7);
    assert_eq!((inode(), names(&dropped).len()), (before, 1));
}

/// A host that was killed in the middle of a copy leaves a draft, a replaced library its old copy.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_needs_any_more_is_swept_at_a_start() {
    let dropped = Dropped::with(&["dry_run"]);
    let libraries = dropped.scan().await;
    let kept = names(&dropped);
    for name in
        [format!("{}.so", "0".repeat(64)), format!("{}.7-0.draft", "1".repeat(64)), "README".to_owned()]
    {
        fs::write(dropped.path().join("copies").join(name), b"old").unwrap();
    }
    let first = libraries.occupy(&dropped.settings()).unwrap();
    let mut expected = vec!["README".to_owned(), "lock".to_owned()];
    expected.extend(kept);
    expected.sort();
    assert_eq!(names(&dropped), expected, "what is not a copy is not ours to remove");

    // While one server lives from the folder, another one removes nothing that may be the first one's.
    fs::write(dropped.path().join("copies/2.so"), b"of the first one").unwrap();
    drop(libraries.occupy(&dropped.settings()).unwrap());
    assert!(names(&dropped).contains(&"2.so".to_owned()));
    drop(first);
    drop(libraries.occupy(&dropped.settings()).unwrap());
    assert_eq!(names(&dropped), expected);
}
