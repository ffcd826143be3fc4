//! Two thousand damaged libraries go the whole way of admission: none harms the host, and each refusal is one line.

use harness::{Dropped, built, program};
use passrelay::plugin::Libraries;
use std::{
    collections::BTreeMap,
    fs,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::task::JoinSet;

const IN_ALL: usize = 2_000;

/// How many are examined at once: a trial is a process, and mostly waits.
const AT_ONCE: usize = 4;

const PAGE: usize = 4096;

/// A library as it is shipped, without what only a debugger reads.
fn stripped() -> Vec<u8> {
    let folder = Dropped::new();
    let file = folder.path().join("libdry_run.so");
    // It comes with the linker that built the library.
    let status = Command::new("strip").arg("-o").arg(&file).arg(built("dry_run")).status().unwrap();
    assert!(status.success());
    fs::read(file).unwrap()
}

/// How a library is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    /// Cut off at this page.
    Cut(usize),
    /// So many bits are flipped within the first so many bytes, by chance from this seed.
    Flips { bits: usize, within: usize, seed: u64 },
}

/// A cut at every page, and as many of each kind of flips as there is room for.
fn damages(library: &[u8]) -> Vec<Damage> {
    let cuts = (0..library.len()).step_by(PAGE).map(|at| Damage::Cut(at / PAGE));
    let kinds = [(1, library.len()), (1, 1024), (16, library.len()), (200, library.len())];
    let flips = (1..).flat_map(|seed| kinds.map(|(bits, within)| Damage::Flips { bits, within, seed }));
    cuts.chain(flips).take(IN_ALL).collect()
}

impl Damage {
    fn of(self, library: &[u8]) -> Vec<u8> {
        match self {
            Self::Cut(page) => library.get(..page * PAGE).unwrap().to_vec(),
            Self::Flips { bits, within, seed } => {
                let mut bytes = library.to_vec();
                let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((bits + within) as u64) | 1;
                for _ in 0..bits {
                    // xorshift64 (Marsaglia 2003)
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    let at = usize::try_from((state >> 3) % within as u64).unwrap();
                    *bytes.get_mut(at).unwrap() ^= 1 << (state % 8);
                }
                bytes
            }
        }
    }
}

/// What became of one of them, in a word.
async fn examine(dropped: &Dropped, damage: Damage, library: &[u8]) -> &'static str {
    let bytes = damage.of(library);
    let file = dropped.put("libdamaged.so", &bytes);
    let examined = Libraries::examine(&file, &dropped.settings(), &program()).await;
    match examined {
        Ok(found) => {
            // Admitted by luck: the bit is one that nothing depends on so far. Then it has told who it is.
            let manifest = &found.manifest;
            assert_eq!((manifest.id.as_str(), found.bytes), ("dry_run", bytes.len()), "{damage:?}");
            assert!(
                manifest.config_schema.is_object() && !manifest.channels.is_empty(),
                "{damage:?}: {manifest:?}"
            );
            "admitted"
        }
        Err(refusal) => {
            let line = refusal.to_string();
            let most = 300 + refusal.file.as_os_str().len();
            assert!(line.lines().count() == 1 && line.chars().count() <= most, "{damage:?}: {line}");
            assert!(!line.chars().any(char::is_control), "{damage:?}: {line:?}");
            let told =
                line.contains("libdamaged.so") && refusal.reason.len() > 10 && refusal.reason.len() <= 300;
            assert!(told && refusal.hint.is_some(), "{damage:?}: {line}");
            assert!(
                !matches!(damage, Damage::Cut(_)) || line.contains(": truncated: "),
                "{damage:?}: {line}"
            );
            match refusal.reason.as_str() {
                reason if reason.starts_with("it ended its trial with signal") => "crashed in its trial",
                reason if reason.starts_with("it ") => "failed its trial",
                _ => "refused before",
            }
        }
    }
}

/// Traps A2, A3, A4 and A9.
#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_damaged_libraries_never_harm_the_host() {
    let library = Arc::new(stripped());
    let damages = Arc::new(damages(&library));
    let (next, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(BTreeMap::new())));
    let mut working = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (library, damages) = (Arc::clone(&library), Arc::clone(&damages));
        let (next, told) = (Arc::clone(&next), Arc::clone(&told));
        working.spawn(async move {
            let dropped = Dropped::new();
            while let Some(damage) = damages.get(next.fetch_add(1, Ordering::Relaxed)) {
                let became = examine(&dropped, *damage, &library).await;
                *told.lock().unwrap().entry(became).or_insert(0) += 1;
                let left = fs::read_dir(dropped.path()).unwrap().count();
                assert_eq!(left, 1, "{damage:?}: only the folder of libraries is left");
            }
        });
    }
    working.join_all().await;
    let told = told.lock().unwrap().clone();
    println!("{} bytes: {told:?}", library.len());
    assert_eq!(told.values().sum::<usize>(), IN_ALL);
    for became in ["admitted", "crashed in its trial", "refused before"] {
        assert!(told.get(became).is_some_and(|count| *count > 20), "too tame to prove anything: {told:?}");
    }
}
