//! Every kept input still holds what its target promises, and every target has inputs.

use super::{TARGETS, run};
use proptest::prelude::*;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The targets of providers: their own tests run them.
const OF_PROVIDERS: [&str; 3] = ["mail_messages", "token_answers", "twilio_answers"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz").join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_target_has_a_corpus_and_a_program_and_each_of_them_a_target() {
    let targets: BTreeSet<String> =
        TARGETS.iter().map(|(name, _)| *name).chain(OF_PROVIDERS).map(str::to_owned).collect();
    assert_eq!(names(&folder("corpus")), targets);
    assert_eq!(names(&folder("fuzz_targets")), targets);
    for target in &targets {
        let inputs = fs::read_dir(folder("corpus").join(target)).unwrap().count();
        assert!((1..=80).contains(&inputs), "`{target}` has {inputs} inputs");
        let program = fs::read_to_string(folder("fuzz_targets").join(format!("{target}.rs"))).unwrap();
        let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
        assert!(program.contains(target), "`{target}` runs another target");
        assert!(manifest.contains(&format!("name = \"{target}\"")), "`{target}` is not in Cargo.toml");
    }
}

#[test]
fn every_kept_input_holds_what_its_target_promises() {
    let mut broken = Vec::new();
    for (target, _) in TARGETS {
        for input in fs::read_dir(folder("corpus").join(target)).unwrap() {
            let path = input.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            if std::panic::catch_unwind(|| run(target, &bytes)).is_err() {
                broken.push(path);
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// What is done to a kept input: bytes of another one are put in the place of some of its own.
#[derive(Debug, Clone)]
struct Splice {
    at: prop::sample::Index,
    length: usize,
    from: prop::sample::Index,
    with: Vec<u8>,
}

fn splice() -> impl Strategy<Value = Splice> {
    let with = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 1..4),
        "[{}\\[\\]\"':,.=\\-\n@+0-9%\\\\]{1,3}".prop_map(String::into_bytes),
        "\\PC{1,4}".prop_map(String::into_bytes),
    ];
    (any::<prop::sample::Index>(), 0..9_usize, any::<prop::sample::Index>(), with)
        .prop_map(|(at, length, from, with)| Splice { at, length, from, with })
}

/// A few steps from where a fuzzer stands; it goes much further.
#[test]
fn inputs_like_the_kept_ones_hold_it_too() {
    for (target, _) in TARGETS {
        let inputs: Vec<Vec<u8>> = fs::read_dir(folder("corpus").join(target))
            .unwrap()
            .map(|input| fs::read(input.unwrap().path()).unwrap())
            .collect();
        proptest!(
            ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() },
            |(input in prop::sample::select(inputs.clone()), splices in prop::collection::vec(splice(), 1..5))| {
                let mut bytes = input;
                for Splice { at, length, from, with } in splices {
                    let at = at.index(bytes.len() + 1);
                    let to = (at + length).min(bytes.len());
                    let other = &inputs[from.index(inputs.len())];
                    let start = from.index(other.len() + 1);
                    let put = if with.is_empty() {
                        other[start..(start + 12).min(other.len())].to_vec()
                    } else {
                        with
                    };
                    bytes.splice(at..to, put);
                }
                prop_assert!(
                    std::panic::catch_unwind(|| run(target, &bytes)).is_ok(),
                    "{target}: {:?}",
                    String::from_utf8_lossy(&bytes)
                );
            }
        );
    }
}
