//! A provider's own process: what was taken from it, and that it ends when it should.

use super::{
    message,
    stage::{Stage, chaos, gone, still},
};
use passrelay::{
    clock::Clock,
    plugin::{
        Isolation::{Process, Thread},
        Sandbox, Settings,
    },
};
use provider_api::Failure;
use tokio::runtime::Runtime;

/// One that may look into `/proc`: what is looked at is there whatever its sandbox.
async fn unlocked(id: &str) -> Stage {
    Stage::open(&[Settings { sandbox: Sandbox::Off, ..chaos(id, Process) }], &Clock::system()).await
}

/// Section I of the traps: nothing of the host's is inherited.
#[tokio::test(flavor = "multi_thread")]
async fn it_inherits_neither_environment_nor_files_nor_standard_streams() {
    // Unlike what the standard library opens, this one is passed on to every process that is started.
    let _leaky = rustix::io::dup(std::io::stderr()).unwrap();
    let stage = unlocked("bare").await;
    assert!(std::env::vars().next().is_some(), "the host has an environment");
    // What the allocator of the program is told, and nothing of the host's.
    assert_eq!(stage.told("bare", "environment").await.trim(), "MIMALLOC_ARENA_RESERVE");

    let files = stage.told("bare", "files").await;
    assert!(files.contains("0 -> /dev/null\n") && files.contains("1 -> /dev/null\n"), "{files}");
    assert!(files.contains("2 -> pipe:"), "its standard error goes to the host's log: {files}");
    let beyond = files.lines().filter_map(|line| line.split_once(" -> ")).filter(|(number, target)| {
        let standard = ["0", "1", "2"].contains(number);
        // Its runtime's, and the folder that is being read to tell.
        !standard && !target.starts_with("anon_inode:") && !target.ends_with("/fd")
    });
    // The conversation, and three by which the runtime wakes itself.
    assert!(beyond.clone().all(|(_, target)| target.starts_with("socket:")), "{files}");
    assert!(beyond.count() <= 4, "{files}");
}

/// Section H of the traps: a code in memory is never written to a core dump.
#[tokio::test(flavor = "multi_thread")]
async fn its_limits_are_in_force() {
    let stage = unlocked("limited").await;
    let limits = stage.told("limited", "limits").await;
    for (limit, value) in
        [("Max core file size", "0"), ("Max open files", "256"), ("Max address space", "1073741824")]
    {
        let line = limits.lines().find_map(|line| line.strip_prefix(limit)).unwrap();
        let values: Vec<&str> = line.split_whitespace().take(2).collect();
        assert_eq!(values, [value, value], "{limit}");
    }
    let status = stage.told("limited", "status").await;
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
}

/// Somebody else, or the kernel out of memory, ends it from outside.
#[tokio::test(flavor = "multi_thread")]
async fn killed_from_outside_it_costs_the_delivery_under_way_and_starts_again() {
    let hand = still();
    let stage = Stage::open(&[chaos("killed", Process)], &hand.clock()).await;
    let pid = stage.told("killed", "pid").await;
    let (lost, ()) = tokio::join!(stage.deliver("killed", "sleep:1000"), async {
        hand.sleepers(2).await;
        assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    });
    let error = lost.unwrap_err();
    assert_eq!(error.failure, Failure::Unknown);
    assert!(error.text.contains("signal 9 (SIGKILL)"), "{error}");
    gone(&pid).await;
    assert_ne!(stage.told("killed", "pid").await, pid);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_closes_its_socket_and_stays_is_ended() {
    let stage = unlocked("mute").await;
    let pid = stage.told("mute", "pid").await;
    let error = stage.deliver("mute", "close_socket").await.unwrap_err();
    assert_eq!(error.failure, Failure::Unknown, "{error}");
    gone(&pid).await;
    assert!(stage.deliver("mute", "ok").await.is_ok());
}

/// Neither an orphan nor a zombie stays.
#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_its_provider() {
    let stage = Stage::one("leaves", Process).await;
    let pid = stage.told("leaves", "pid").await;
    stage.providers.close().await;
    drop(stage);
    gone(&pid).await;
}

/// The same where the host goes at once, with its runtime.
#[test]
fn it_ends_with_the_hosts_runtime() {
    let runtime = Runtime::new().unwrap();
    let (stage, pid) = runtime.block_on(async {
        let stage = Stage::one("leaves", Process).await;
        let pid = stage.told("leaves", "pid").await;
        (stage, pid)
    });
    runtime.shutdown_background();
    Runtime::new().unwrap().block_on(gone(&pid));
    drop(stage);
}

/// Section I of the traps: the kernel ends a process with the *thread* that started it.
#[test]
fn it_outlives_the_thread_that_had_it_started() {
    let runtime = Runtime::new().unwrap();
    let stage = runtime.block_on(Stage::open(&[chaos("stays", Process)], &still().clock()));
    // The second process is started by whoever delivers.
    runtime.block_on(stage.deliver("stays", "segv")).unwrap_err();
    let first = std::thread::scope(|scope| {
        scope.spawn(|| runtime.block_on(stage.told("stays", "pid"))).join().unwrap()
    });
    assert_eq!(runtime.block_on(stage.told("stays", "pid")), first);
}

/// Trap C6: a provider's thread may outlive the host's runtime for a moment; its services then answer an error.
#[test]
fn a_service_of_a_host_that_has_shut_down_answers_an_error_and_no_panic() {
    let runtime = Runtime::new().unwrap();
    let stage = runtime.block_on(Stage::open(&[chaos("late", Thread)], &still().clock()));
    let lane = stage.lane("late");
    drop(runtime);
    let answer = Runtime::new().unwrap().block_on(lane.deliver(message("http:http://127.0.0.1:1")));
    let error = answer.unwrap_err();
    assert_eq!(error.failure, Failure::Unavailable);
    assert!(error.text.contains("the host is going away"), "{error}");
}

/// The same for a process: whoever waits for it is told, however the host goes.
#[test]
fn a_delivery_under_way_when_the_host_shuts_down_is_unknown_at_once() {
    let (runtime, other, hand) = (Runtime::new().unwrap(), Runtime::new().unwrap(), still());
    let stage = runtime.block_on(Stage::open(&[chaos("cut_off", Process)], &hand.clock()));
    let (lost, ()) = other.block_on(async {
        tokio::join!(stage.deliver("cut_off", "sleep:1000"), async {
            hand.sleepers(2).await;
            tokio::task::spawn_blocking(move || drop(runtime)).await.unwrap();
        })
    });
    let error = lost.unwrap_err();
    assert_eq!(error.failure, Failure::Unknown);
    assert!(error.text.contains("the host is going away"), "{error}");
}
