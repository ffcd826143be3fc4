//! Files that are no longer what was written: torn tails after a crash, and stores that are none.

use super::CONFIGURATION;
use harness::{
    Console,
    witness::{Codes, Dice, Witness},
};
use std::{fs, path::Path};

const ROUNDS: u64 = 12;

/// What a crash leaves behind the last commit is no harm: bytes of nobody, half a frame, a frame that was never whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_torn_end_of_the_log_costs_nothing_that_was_acknowledged_before_it() {
    let mut dice = Dice::seeded(7);
    let console = Console::configured(CONFIGURATION);
    let log = console.file("passrelay.db-wal");
    let mut before = Witness::number(0);
    for round in 0..ROUNDS {
        let server = console.daemon();
        before.look_at_all(server.address()).await;
        before.load(server.address(), &Codes::new(), &mut dice, 20).await;
        let kept = fs::metadata(&log).unwrap().len();
        // What these were told may be torn off.
        let mut after = Witness::number(100 + usize::try_from(round).unwrap());
        after.load(server.address(), &Codes::new(), &mut dice, 20).await;
        server.kill();
        tear(&log, kept, round, &mut dice);
    }
    let server = console.daemon();
    before.look_at_all(server.address()).await;
    assert_eq!(before.start_one(server.address()).await, None);
    assert!(server.stop().success());
}

/// Damages a file behind this many bytes.
fn tear(file: &Path, kept: u64, round: u64, dice: &mut Dice) {
    let mut bytes = fs::read(file).unwrap();
    let beyond = u64::try_from(bytes.len()).unwrap() - kept;
    let place = usize::try_from(kept + dice.below(beyond.max(1))).unwrap();
    match round % 3 {
        0 => bytes.truncate(place),
        1 => {
            bytes.truncate(place);
            bytes.extend((0..9_000).map(|_| u8::try_from(dice.below(256)).unwrap()));
        }
        _ => bytes.iter_mut().skip(place).for_each(|byte| *byte ^= 0x5a),
    }
    fs::write(file, bytes).unwrap();
}

/// Nothing starts, and one line says why and what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_store_is_refused_with_its_name() {
    let console = Console::configured(CONFIGURATION);
    let server = console.daemon();
    let mut caller = Witness::number(0);
    caller.load(server.address(), &Codes::new(), &mut Dice::seeded(1), 60).await;
    assert!(server.stop().success());
    let store = console.file("passrelay.db");
    // What stands in the log yet belongs to it.
    let written = rusqlite::Connection::open(&store).unwrap();
    written.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(written);
    let whole = fs::read(&store).unwrap();
    let half = whole[..whole.len() / 2].to_vec();
    let scribbled = [&whole[..100], &vec![0x5a; 4_000], &whole[4_100..]].concat();
    let text = b"this is a letter to my aunt\n".repeat(400);
    for (name, bytes) in [("half", half), ("scribbled", scribbled), ("text", text)] {
        fs::write(&store, bytes).unwrap();
        let told = console.run("serve");
        assert_eq!(told.code, 1, "{name}: {told:?}");
        assert!(told.err.contains("passrelay.db`") && told.err.contains("\nhint: "), "{name}: {told:?}");
        assert!(told.err.lines().filter(|line| line.contains("error")).count() == 1, "{name}: {told:?}");
    }
    fs::write(&store, whole).unwrap();
    let server = console.daemon();
    caller.look_at_all(server.address()).await;
    assert!(server.stop().success());
}
