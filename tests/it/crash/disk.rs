//! A disk that takes no more, for a while: what was acknowledged stays, what cannot be kept is refused, and it goes on by
//! itself.

use super::{CONFIGURATION, is_for_a_while, until};
use harness::{
    Console, Daemon,
    witness::{Codes, Delivered, Dice, Witness},
};
use rustix::process::{Resource, Rlimit, prlimit};
use std::{fs, process::Command};

/// Some life before it happens.
async fn lived(server: &Daemon) -> Witness {
    let mut caller = Witness::number(0);
    caller.load(server.address(), &Codes::new(), &mut Dice::seeded(1), 60).await;
    caller.look_at_all(server.address()).await;
    caller
}

/// Files cannot grow any more: a commit is cut off in the middle of a page of the log.
#[tokio::test(flavor = "multi_thread")]
async fn where_files_cannot_grow_nothing_acknowledged_is_lost_and_writing_goes_on_by_itself() {
    let console = Console::configured(CONFIGURATION);
    // Without this the system would end the server for writing on: `setrlimit(2)`.
    let mut command = Command::new("env");
    let serve = console.command(["serve"]);
    command.arg("--ignore-signal=XFSZ").arg(serve.get_program()).arg("serve");
    command.current_dir(console.path()).env_clear().env("PATH", "/usr/bin:/bin");
    let server = console.daemon_of(command).unwrap();
    let mut caller = lived(&server).await;
    let limited = |bytes: Option<u64>| {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(server.id()), Resource::Fsize, limit).unwrap();
    };
    for more in [0, 1_000, 5_000] {
        let log = fs::metadata(console.file("passrelay.db-wal")).unwrap().len();
        limited(Some(log + more));
        let problem = until(&mut caller, server.address(), Option::is_some).await.unwrap();
        is_for_a_while(&problem);
        limited(None);
        until(&mut caller, server.address(), Option::is_none).await;
        caller.look_at_all(server.address()).await;
    }
    server.kill();
    let server = console.daemon();
    caller.look_at_all(server.address()).await;
    finished(&console, &mut caller, &server).await;
    let log = server.log();
    for words in ["the store's disk", "the store takes writes again"] {
        assert!(log.contains(words), "{words}: {log}");
    }
    assert!(!log.contains("panicked"), "{log}");
    assert!(server.stop().success());
}

/// The same where a whole disk is full: a small one in memory, which only the server and its filler see.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_nothing_acknowledged_and_writing_goes_on_once_there_is_room() {
    let console = Console::configured(&CONFIGURATION.replace("sqlite:", "sqlite:disk/"));
    fs::create_dir(console.file("disk")).unwrap();
    // `$$` is the server, as it takes the place of this shell.
    let script = r#"mount -t tmpfs -o size=32m,mode=0700 none disk || exit 77
        (while kill -0 $$; do
            if [ -e full ]; then cat /dev/zero >> disk/filler; else rm -f disk/filler; fi
            sleep 0.02
        done) 2>/dev/null &
        exec "$0" serve"#;
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script]);
    command.arg(console.command(["serve"]).get_program()).current_dir(console.path());
    command.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    let server = match console.daemon_of(command) {
        Ok(server) => server,
        Err((Some(1 | 77), said)) if std::env::var_os("CI").is_none() => {
            println!("LEFT OUT: a full disk, as this system lets nobody mount one: {said}");
            return;
        }
        Err(ended) => panic!("{ended:?}"),
    };
    let mut caller = lived(&server).await;
    for _ in 0..3 {
        console.write("full", "");
        let problem = until(&mut caller, server.address(), Option::is_some).await.unwrap();
        is_for_a_while(&problem);
        fs::remove_file(console.file("full")).unwrap();
        until(&mut caller, server.address(), Option::is_none).await;
        caller.look_at_all(server.address()).await;
    }
    finished(&console, &mut caller, &server).await;
    let log = server.log();
    for words in ["the store's disk is full", "the store takes writes again"] {
        assert!(log.contains(words), "{words}: {log}");
    }
    assert!(!log.contains("panicked"), "{log}");
    assert!(server.stop().success());
}

/// Every acknowledged start was delivered, and its code is good.
async fn finished(console: &Console, caller: &mut Witness, server: &Daemon) {
    let mut delivered = Delivered::into(&console.file("outbox.jsonl"));
    delivered.wait_for([&*caller]).await;
    caller.finish(server.address(), &delivered.codes).await;
}
