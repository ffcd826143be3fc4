//! What holds of a ledger in a file: it survives its process, and tells what is wrong with the file.

use super::*;
use crate::seal::Keys;
use crate::store::{BackupError, Filter, backup};
use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
    hand: ManualClock,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passrelay.db");
    Place { _folder: folder, path, hand: ManualClock::at(millis(1_000_000)) }
}

fn keys(seed: u64) -> Arc<Keys> {
    Arc::new(Keys::ephemeral(&Chance::seeded(seed)).unwrap())
}

impl Place {
    fn open(&self) -> Result<Ledger, OpenError> {
        Ledger::open(&self.path, parts(keys(1), Chance::system(), self.hand.clock()))
    }

    /// The ledger's thread ends a moment after its last handle, and gives the file back then.
    async fn reopen(&self) -> Ledger {
        loop {
            match self.open() {
                Err(OpenError::Taken(_)) => tokio::task::yield_now().await,
                opened => return opened.unwrap(),
            }
        }
    }
}

#[tokio::test]
async fn what_was_answered_is_there_again_after_the_process() {
    let place = place();
    let ledger = place.open().unwrap();
    assert_eq!(ledger.run(vec![key("a")], add("a", 5)).await.unwrap(), 0);
    assert_eq!(fs::metadata(&place.path).unwrap().permissions().mode() & 0o777, 0o600);
    drop(ledger);
    let ledger = place.reopen().await;
    assert_eq!(ledger.run(vec![key("a")], add("a", 1)).await.unwrap(), 5);
}

#[tokio::test]
async fn one_store_serves_one_host() {
    let place = place();
    let _first = place.open().unwrap();
    let told = place.open().unwrap_err().to_string();
    assert!(told.contains("is in use by another passrelay\nhint: end that one"), "{told}");
}

#[tokio::test]
async fn nothing_that_a_record_says_stands_in_the_files() {
    let place = place();
    let ledger = place.open().unwrap();
    let job = |_: &View<'_>, now| {
        let mut changes = Changes::none();
        changes.put(key("a"), &"+447700900123 said 482913", after(now, Duration::from_mins(1)))?;
        Ok(changes.answer(()))
    };
    ledger.run(Vec::new(), job).await.unwrap();
    let copy = place.path.with_extension("copy");
    backup(&place.path, &copy).unwrap();
    let mut seen = 0;
    for file in fs::read_dir(place.path.parent().unwrap()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        seen += bytes.len();
        for secret in ["447700900123", "482913", "said"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
        }
    }
    assert!(seen > 4096, "the files were read");
    // Until here: the last one to close a store takes its log away.
    drop(ledger);
}

#[tokio::test]
async fn a_backup_is_whole_private_and_never_overwrites() {
    let place = place();
    let copy = place.path.with_extension("copy");
    assert!(matches!(backup(&place.path, &copy), Err(BackupError::Missing(_))));
    let ledger = place.open().unwrap();
    ledger.run(Vec::new(), add("a", 5)).await.unwrap();
    backup(&place.path, &copy).unwrap();
    assert!(matches!(backup(&place.path, &copy), Err(BackupError::Taken(_))));
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    // What came after it is not in it.
    ledger.run(Vec::new(), add("a", 1)).await.unwrap();
    let restored = Ledger::open(&copy, parts(keys(1), Chance::system(), place.hand.clock())).unwrap();
    assert_eq!(restored.run(Vec::new(), add("a", 0)).await.unwrap(), 5);
}

#[tokio::test]
async fn a_store_of_another_key_file_is_told_at_the_start() {
    let place = place();
    let named = |id: &str, byte: u8| {
        let line = format!("v1 {id} {}\n", format!("{byte:02x}").repeat(32));
        let path = place.path.with_extension("key");
        fs::write(&path, line).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        Arc::new(Keys::open_or_create(&path, &Chance::seeded(1)).unwrap())
    };
    let open = |keys| Ledger::open(&place.path, parts(keys, Chance::system(), place.hand.clock()));
    let ledger = open(named("one", 1)).unwrap();
    ledger.run(Vec::new(), add("a", 5)).await.unwrap();
    drop(ledger);
    let refused = loop {
        match open(named("two", 2)) {
            Err(OpenError::Taken(_)) => tokio::task::yield_now().await,
            other => break other.unwrap_err().to_string(),
        }
    };
    assert!(
        refused.contains("was sealed under key `one`, which is not in the key file\nhint: "),
        "{refused}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_store_is_left_alone() {
    let place = place();
    fs::write(&place.path, "this is no database, and somebody may need it").unwrap();
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(place.open(), Err(OpenError::Open { mode: 0o644, .. })));
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o600)).unwrap();
    let told = place.open().unwrap_err().to_string();
    assert!(told.contains("the store is damaged (file is not a database)"), "{told}");
    assert_eq!(fs::read_to_string(&place.path).unwrap(), "this is no database, and somebody may need it");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told() {
    let path = Path::new("/nowhere/passrelay.db");
    let hand = ManualClock::at(millis(1));
    let told = Ledger::open(path, parts(keys(1), Chance::system(), hand.clock())).unwrap_err().to_string();
    assert!(told.starts_with("cannot open the store `/nowhere/passrelay.db`: No such file"), "{told}");
}

/// The disk has no room for one more page: reading goes on, writing is refused and goes on by itself.
#[tokio::test]
async fn a_full_disk_costs_no_acknowledged_write_and_mends_by_itself() {
    let place = place();
    let database =
        Database::open(&place.path, Seals { keys: keys(1).into(), chance: Chance::system() }, millis(0))
            .unwrap();
    let ledger = Ledger::over(
        database,
        None,
        place.hand.clock(),
        parts(keys(1), Chance::system(), place.hand.clock()).metrics,
    )
    .unwrap();
    let large = |id: String| {
        move |_: &View<'_>, now| {
            let mut changes = Changes::none();
            changes.put(key(&id), &"x".repeat(3000), after(now, Duration::from_mins(1)))?;
            Ok(changes.answer(()))
        }
    };
    // Without a reader, questions are answered by the connection that writes.
    let limit = |pages: u32| ledger.ask(move |database, _| Ok(database.limit_pages(pages)?));
    limit(20).await.unwrap();
    let mut kept = 0;
    let refused = loop {
        match ledger.run(Vec::new(), large(kept.to_string())).await {
            Ok(()) => kept += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(&refused, LedgerError::Refused(Fault::Full(_))), "{refused}");
    // Whoever is answered may be quicker than the ledger's thread: it is asked once more.
    limit(20).await.unwrap();
    assert!(matches!(ledger.fault(), Some(Fault::Full(_))));
    // One batch: the one that only reads is answered, the others are refused each for itself.
    let read = |view: &View<'_>, _| Ok(Changes::none().answer(view.read::<String>(&key("0"))?));
    let (before, read, after_it) = tokio::join!(
        ledger.run(Vec::new(), large("no".to_owned())),
        ledger.run(Vec::new(), read),
        ledger.run(Vec::new(), large("neither".to_owned()))
    );
    assert!(before.is_err() && after_it.is_err());
    assert_eq!(read.unwrap().map(|text| text.len()), Some(3000));
    limit(10_000).await.unwrap();
    ledger.tend(Kind::Delivery, place.hand.clock().now(), 1).await.unwrap();
    assert_eq!(ledger.fault(), None);
    for id in 0..kept {
        let key = key(&id.to_string());
        let read = move |view: &View<'_>, _| Ok(Changes::none().answer(view.read::<String>(&key)?));
        assert!(ledger.run(Vec::new(), read).await.unwrap().is_some(), "{id}");
    }
    ledger.run(Vec::new(), large("yes".to_owned())).await.unwrap();
}

/// Far less than what a commit would write back by itself.
#[tokio::test]
async fn the_log_is_written_back_beside_the_jobs_and_begins_anew() {
    let place = place();
    let ledger = place.open().unwrap();
    for n in 0..320 {
        let write = move |_: &View<'_>, now| {
            let mut changes = Changes::none();
            changes.put(key(&format!("{n}")), &"x".repeat(100_000), after(now, Duration::from_mins(1)))?;
            Ok(changes.answer(()))
        };
        ledger.run(Vec::new(), write).await.unwrap();
    }
    let log = place.path.with_extension("db-wal").metadata().unwrap().len();
    assert!(log < 16 << 20, "{log} bytes");
    assert_eq!(ledger.run(vec![key("a")], add("a", 1)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_record_that_somebody_moved_or_changed_is_damaged_and_spoils_no_other() {
    let place = place();
    let ledger = place.open().unwrap();
    ledger.run(Vec::new(), add("a", 5)).await.unwrap();
    ledger.run(Vec::new(), add("b", 7)).await.unwrap();
    ledger.close().await.unwrap();
    let other = rusqlite::Connection::open(&place.path).unwrap();
    let stolen = "UPDATE records SET body = (SELECT body FROM records WHERE id = 'b') WHERE id = 'a'";
    assert_eq!(other.execute(stolen, []).unwrap(), 1);
    drop(other);
    // A ledger that has just written a record knows it: this one has to read it.
    drop(ledger);
    let ledger = place.reopen().await;
    let (moved, other) =
        tokio::join!(ledger.run(Vec::new(), add("a", 0)), ledger.run(Vec::new(), add("b", 0)));
    assert!(matches!(moved, Err(LedgerError::Damaged(_))), "{moved:?}");
    assert_eq!(other.unwrap(), 7);
}

/// Also where nobody asked for that very record: a list, and what is read at the start.
#[tokio::test]
async fn a_record_that_cannot_be_opened_is_left_out_of_what_is_listed() {
    let place = place();
    let ledger = place.open().unwrap();
    for id in ["a", "b", "c"] {
        ledger.run(Vec::new(), add(id, 7)).await.unwrap();
    }
    let other = rusqlite::Connection::open(&place.path).unwrap();
    let stolen = "UPDATE records SET body = (SELECT body FROM records WHERE id = 'a') WHERE id = 'b'";
    assert_eq!(other.execute(stolen, []).unwrap(), 1);
    let named = |id: &str| (id.to_owned(), 7_u64);
    assert_eq!(ledger.all::<u64>(Kind::Slot).await.unwrap(), [named("a"), named("c")]);
    let listed = ledger.list::<u64>(Filter::of(Kind::Slot, 9)).await.unwrap().found;
    let expected = [("c".to_owned(), Some(7)), ("b".to_owned(), None), ("a".to_owned(), Some(7))];
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn a_store_that_another_program_locks_is_told_and_goes_on() {
    let place = place();
    let ledger = place.open().unwrap();
    let other = rusqlite::Connection::open(&place.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = (0..3).map(|_| ledger.run(Vec::new(), add("a", 1)));
    let refused: Vec<_> = all_at_once(waiting).await;
    assert!(
        refused.iter().all(|done| matches!(done, Err(LedgerError::Refused(Fault::Locked(_))))),
        "{refused:?}"
    );
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(ledger.run(Vec::new(), add("a", 1)).await.unwrap(), 0);
    ledger.tend(Kind::Delivery, place.hand.clock().now(), 1).await.unwrap();
    assert_eq!(ledger.fault(), None);
}

/// Whatever a crash left of the last write: what was acknowledged before it is there, and nothing else.
#[tokio::test]
async fn a_torn_log_loses_nothing_that_was_acknowledged() {
    let place = place();
    let ledger = place.open().unwrap();
    let log = PathBuf::from(format!("{}-wal", place.path.display()));
    for n in 0..20 {
        ledger.run(Vec::new(), add("a", 1)).await.unwrap();
        assert_eq!(n + 1, ledger.run(Vec::new(), add("a", 0)).await.unwrap());
    }
    let acknowledged = fs::metadata(&log).unwrap().len();
    ledger.run(Vec::new(), add("a", 1)).await.unwrap();
    let (database, whole) = (fs::read(&place.path).unwrap(), fs::read(&log).unwrap());
    let torn = usize::try_from(acknowledged).unwrap();
    let tail = whole.len() - torn;
    assert!(tail > 0);
    for cut in (0..tail).step_by(97).chain([tail - 1]) {
        for garbage in [&b""[..], &[0xff; 700], &whole[torn..torn + 200]] {
            let again = self::place();
            fs::write(&again.path, &database).unwrap();
            fs::set_permissions(&again.path, fs::Permissions::from_mode(0o600)).unwrap();
            let log = format!("{}-wal", again.path.display());
            fs::write(log, [&whole[..torn + cut], garbage].concat()).unwrap();
            let ledger = again.open().unwrap();
            assert_eq!(ledger.run(Vec::new(), add("a", 0)).await.unwrap(), 20, "cut at {cut}");
        }
    }
}
