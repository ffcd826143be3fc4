//! What a library in C is admitted by: its note, its table, what it says of itself; and how one that is no good is told.

use super::Unruly;
use harness::{Dropped, c::unruly, log::capture, program, provider};
use passrelay::{
    clock::Clock,
    plugin::{Isolation, Libraries, ProviderState},
};
use serde_json::json;

/// Why a library is refused.
async fn refused(library: &[u8]) -> String {
    let dropped = Dropped::new();
    dropped.put("libunruly.so", library);
    let libraries = dropped.scan().await;
    assert!(libraries.found().is_empty(), "{libraries:?}");
    let [refusal] = libraries.refused() else { panic!("{:?}", libraries.refused()) };
    let line = refusal.to_string();
    assert!(
        line.lines().count() == 1 && refusal.reason.chars().count() < 300 && refusal.hint.is_some(),
        "{line}"
    );
    refusal.reason.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_none_is_told_in_its_own_words() {
    let cases = [
        ("-DNO_TABLE", "its entry point answers no table"),
        ("-DUNALIGNED", "its table is not aligned"),
        ("-DSHORT", "its table has 24 bytes, too few for the functions that must be there"),
        ("-DLACKS_CALL", "its table lacks `call`"),
        ("-DDESCRIBES_NULL", "what it says of itself is unreadable: it is a null pointer"),
        ("-DDESCRIBES_RUBBISH", "what it says of itself is unreadable: not JSON"),
        ("-DDESCRIBES_ANOTHER", "its note says `unruly`, the library itself `another`"),
        // Trap A5: found when it is loaded, not when it is called.
        ("-DUNDEFINED", "undefined symbol: nobody_has_this"),
    ];
    for (how, why) in cases {
        let reason = refused(&unruly(&[how])).await;
        assert!(reason.contains(why), "{how}: {reason}");
    }
}

/// Its table is shorter than ours, or longer: what both know is used.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_an_earlier_or_a_later_header_is_one() {
    capture();
    for (id, how) in [("unruly_older", "-DOLDER"), ("unruly_newer", "-DNEWER")] {
        let unruly = Unruly::named(id, &[how], &Clock::system()).await;
        assert_eq!(unruly.reference("ok").await, "done", "{how}");
        // Nobody waits any more; where there is no `cancel`, none is called.
        let lane = unruly.lane();
        let never = tokio::spawn(async move { lane.deliver(crate::boundary::message("never")).await });
        capture().wait_for(id, |entry| entry.message() == "it keeps quiet").await;
        never.abort();
        assert!(never.await.unwrap_err().is_cancelled());
        let canceled = if how == "-DOLDER" { "canceled 0" } else { "canceled 1" };
        assert!(unruly.reference("told").await.starts_with(canceled), "{how}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_may_take_its_time_and_may_fail() {
    let unruly = Unruly::open(&["-DOPENS_LATE"], &Clock::system()).await;
    assert_eq!(unruly.reference("ok").await, "done");
    for (how, why) in [("-DOPENS_BADLY", "it does not want to"), ("-DOPENS_WITH_RUBBISH", "is unreadable")] {
        let unruly = Unruly::open(&[how], &Clock::system()).await;
        let status = &unruly.providers.status()[0];
        let ProviderState::Failed(reason) = &status.state else { panic!("{how}: {status:?}") };
        assert!(reason.contains(why), "{how}: {reason}");
    }
}

/// Nothing guards the host from C.
#[tokio::test(flavor = "multi_thread")]
async fn a_library_in_c_gets_no_thread_of_the_host() {
    let dropped = Dropped::new();
    dropped.put("libunruly.so", &unruly(&[]));
    let settings = provider("unruly", Isolation::Thread, json!({}));
    let providers = dropped.open_with(&[settings], &Clock::system()).await;
    let ProviderState::Failed(reason) = &providers.status()[0].state else {
        panic!("{:?}", providers.status())
    };
    assert!(reason.contains("write `isolation = \"process\"`"), "{reason}");
}

/// One for a newer system names the version of glibc that is missing.
#[tokio::test(flavor = "multi_thread")]
async fn one_for_a_newer_glibc_is_refused_by_that_version() {
    let library = unruly(&[]);
    // The versions that it needs stand in its table of texts; their hashes (System V gABI) beside them.
    let hash = |name: &str| {
        name.bytes().fold(0_u32, |hash, byte| {
            let hash = (hash << 4).wrapping_add(u32::from(byte));
            let high = hash & 0xf000_0000;
            (hash ^ (high >> 24)) & !high
        })
    };
    let (old, new) = ("GLIBC_2.2.5", "GLIBC_9.9.9");
    let mut patched = library.clone();
    let mut replace = |from: &[u8], to: &[u8]| {
        let places: Vec<_> =
            (0..patched.len() - from.len()).filter(|at| patched[*at..].starts_with(from)).collect();
        assert!(!places.is_empty());
        for at in places {
            patched[at..at + to.len()].copy_from_slice(to);
        }
    };
    replace(old.as_bytes(), new.as_bytes());
    replace(&hash(old).to_le_bytes(), &hash(new).to_le_bytes());
    let reason = refused(&patched).await;
    assert!(reason.contains("version `GLIBC_9.9.9' not found"), "{reason}");
}

/// Cut at every page and with bits flipped: none harms the host.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_library_in_c_is_refused_in_one_line_or_loads() {
    let library = harness::c::webhook();
    let cuts = (0..library.len()).step_by(512).map(|at| library[..at].to_vec());
    let flips = (1..=200_usize).map(|seed| {
        let mut bytes = library.clone();
        let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..=seed % 16 {
            // xorshift64 (Marsaglia 2003)
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = usize::try_from(state % library.len() as u64).unwrap();
            bytes[at] ^= 1 << (state >> 60 & 7);
        }
        bytes
    });
    let (dropped, mut taken) = (Dropped::new(), 0);
    for bytes in cuts.chain(flips) {
        let file = dropped.put("libc_webhook.so", &bytes);
        match Libraries::examine(&file, &dropped.settings(), &program()).await {
            Ok(_) => taken += 1,
            Err(refusal) => {
                let line = refusal.to_string();
                let length = line.chars().count() - file.as_os_str().len();
                assert!(line.lines().count() == 1 && length < 300, "{line}");
            }
        }
    }
    assert!((1..200).contains(&taken), "{taken} were taken");
}
