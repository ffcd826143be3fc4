//! The process and its machine: who it is, what it may open, what it leaves behind, what time it believes.

use super::Finding;
use crate::plugin::{NoLandlock, landlock_version};
use jiff::Timestamp;
use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, geteuid, getrlimit};

/// With fewer files somebody should look, and with fewer than that a handful of callers fills them.
const FILES: (u64, u64) = (4096, 256);

/// Before this version was written, and when its time has long passed: 2025 and 2100.
const YEARS: (i64, i64) = (1_735_689_600, 4_102_444_800);

/// Looks at what the process was given.
pub(super) fn look(now: Timestamp) -> Vec<Finding> {
    vec![
        user(geteuid().is_root()),
        files(getrlimit(Resource::Nofile).current),
        core_dumps(),
        sandbox(landlock_version()),
        clock(now),
    ]
}

fn user(is_root: bool) -> Finding {
    if is_root {
        let remedy = "run it as a user of its own; behind a reverse proxy no port needs root";
        return Finding::warn("user", "it runs as root", remedy);
    }
    Finding::ok("user", "it does not run as root")
}

/// Each connection takes one, and each provider a few.
fn files(limit: Option<u64>) -> Finding {
    let Some(limit) = limit else { return Finding::ok("open files", "as many as it likes") };
    let detail = format!("at most {limit}");
    let remedy = "`LimitNOFILE=65536` in the systemd unit, or `ulimit -n 65536`";
    match limit {
        limit if limit < FILES.1 => Finding::fail("open files", detail, remedy),
        limit if limit < FILES.0 => Finding::warn("open files", detail, remedy),
        _ => Finding::ok("open files", detail),
    }
}

/// The program forbids them itself, first of all: here is whether the system obeyed.
fn core_dumps() -> Finding {
    let none = getrlimit(Resource::Core).current == Some(0)
        && dumpable_behavior().is_ok_and(|behavior| behavior == DumpableBehavior::NotDumpable);
    if none {
        return Finding::ok("core dumps", "off");
    }
    let remedy = "`LimitCORE=0` in the systemd unit; see whether something forbids prctl(2)";
    Finding::fail("core dumps", "a crash may write keys to the disk", remedy)
}

/// What keeps the libraries' processes from files: seccomp is in every kernel that can start them.
fn sandbox(landlock: Result<u32, NoLandlock>) -> Finding {
    match landlock {
        Ok(version) => Finding::ok("sandbox", format!("in force: Landlock ABI {version}, seccomp")),
        Err(cause) => {
            let lost = "libraries with files or sockets of their own can read what the server can";
            Finding::warn("sandbox", format!("{cause}: {lost}"), cause.hint())
        }
    }
}

/// What can be judged without asking anybody.
fn clock(now: Timestamp) -> Finding {
    if (YEARS.0..YEARS.1).contains(&now.as_second()) {
        return Finding::ok("clock", format!("{now}"));
    }
    Finding::fail("clock", format!("{now} cannot be"), "set the clock, and let a time server keep it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn each_limit_is_judged() {
        for (limit, state) in
            [(Some(64), State::Fail), (Some(1024), State::Warn), (Some(4096), State::Ok), (None, State::Ok)]
        {
            assert_eq!(files(limit).state, state, "{limit:?}");
        }
        assert_eq!((sandbox(Err(NoLandlock::Off)).state, sandbox(Ok(1)).state), (State::Warn, State::Ok));
        assert_eq!((user(true).state, user(false).state), (State::Warn, State::Ok));
        let at = |second| clock(Timestamp::from_second(second).unwrap()).state;
        assert_eq!((at(0), at(1_767_323_045), at(4_200_000_000)), (State::Fail, State::Ok, State::Fail));
    }
}
