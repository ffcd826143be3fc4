//! Another program that keeps the store's file locked.

use super::{CONFIGURATION, is_for_a_while, until};
use harness::{Console, witness::Witness};
use rusqlite::Connection;

/// A short lock is waited for; a long one is told, and costs nothing that was acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_another_program_locks_is_waited_for_and_goes_on_by_itself() {
    let console = Console::configured(CONFIGURATION);
    let server = console.daemon();
    let mut caller = Witness::number(0);
    assert_eq!(caller.start_one(server.address()).await, None);
    let other = Connection::open(console.file("passrelay.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (problem, ()) = tokio::join!(caller.start_one(server.address()), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        other.execute_batch("ROLLBACK").unwrap();
    });
    assert_eq!(problem, None);

    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    is_for_a_while(&caller.start_one(server.address()).await.unwrap());
    other.execute_batch("ROLLBACK").unwrap();
    until(&mut caller, server.address(), Option::is_none).await;
    caller.look_at_all(server.address()).await;
    let log = server.log();
    assert!(log.contains("another program keeps the store locked"), "{log}");
    assert!(server.stop().success());
}
