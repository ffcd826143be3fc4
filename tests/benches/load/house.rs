//! A server in a process of its own, what it takes of the machine, and what it delivered.

use super::face::{ACCOUNT, Face, SERVICE, TOKEN};
use harness::{Console, Daemon, KEY, kept::Kept};
use rustix::process::Pid;
use serde_json::Value;
use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    time::{Duration, Instant},
};

/// In which way a server is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As it is by default: the library in a process of its own.
    Process,
    /// The library on a thread of the server.
    Thread,
    /// Every message takes 200 ms.
    Slow,
    /// Only warnings are logged.
    Quiet,
    /// Nothing is kept: the database has no file.
    Forgetful,
}

impl Way {
    pub(crate) const ALL: [Self; 5] = [Self::Process, Self::Thread, Self::Slow, Self::Quiet, Self::Forgetful];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Process => "library in a process (default)",
            Self::Thread => "library on a thread",
            Self::Slow => "a provider that takes 200 ms",
            Self::Quiet => "no line a request in the log",
            Self::Forgetful => "store in memory",
        }
    }

    /// By which faces it is asked.
    pub(crate) fn faces(self) -> &'static [Face] {
        if self == Self::Process { &Face::ALL } else { &[Face::Native] }
    }

    pub(crate) fn is_tried_with(self, clients: usize) -> bool {
        match self {
            Self::Process | Self::Thread => true,
            Self::Slow | Self::Quiet | Self::Forgetful => clients == 32,
        }
    }

    fn configuration(self) -> String {
        let store = if self == Self::Forgetful { "memory:" } else { "sqlite:passrelay.db" };
        let isolation = if self == Self::Thread { "thread" } else { "process" };
        let fail = if self == Self::Slow { "fail = [\"slow:200ms\"]" } else { "" };
        let filter = if self == Self::Quiet { "warn,passrelay::cli=info" } else { "info" };
        format!(
            r#"
[server]
listen = "127.0.0.1:0"
[store]
url = "{store}"
[log]
filter = "{filter}"
[providers.dry_run]
isolation = "{isolation}"
queue = 65536
[providers.dry_run.config]
outbox = "outbox.jsonl"
{fail}
[providers.sms_twilio.config]
account_sid = "AC00112233445566778899aabbccddeeff"
auth_token = "token-of-nobody"
from = "+16175551212"
member_phone_field = "mobile"
[providers.email]
sandbox = "network"
[providers.email.config]
host = "127.0.0.1"
port = 25
tls = "none"
from = "Example <otp@example.org>"
[routes]
sms = ["dry_run"]
[twilio]
account_sid = "{ACCOUNT}"
auth_token = "{TOKEN}"
[smscx]
[applications.web]
api_keys = ["{KEY}"]
methods = ["sms:code"]
service_sid = "{SERVICE}"
"#
        )
    }
}

/// A server with its folder.
pub(crate) struct House {
    console: Console,
    daemon: Option<Daemon>,
    /// What was read of the outbox.
    outbox: Option<BufReader<File>>,
    /// How many recipients there were: each is asked once.
    recipients: u64,
}

/// What processes took of the processor so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    pub(crate) server: Duration,
    pub(crate) workers: Duration,
    /// This very process.
    pub(crate) client: Duration,
}

/// Resident memory in KiB.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    pub(crate) server: u64,
    pub(crate) server_peak: u64,
    pub(crate) workers: u64,
}

impl House {
    pub(crate) fn built(way: Way) -> Self {
        let console = Console::with(&["dry_run", "email", "sms_twilio"]);
        console.write("passrelay.toml", &way.configuration());
        Self { console, daemon: None, outbox: None, recipients: 0 }
    }

    /// The time from its start to its first answer.
    pub(crate) async fn start_up(&mut self) -> Duration {
        let begin = Instant::now();
        let daemon = self.console.daemon();
        let mut kept = Kept::to(daemon.address()).await.unwrap();
        let request = harness::kept::request("GET", "/healthz", "", "");
        assert_eq!(kept.ask(&request).await.unwrap().status, 200);
        let took = begin.elapsed();
        drop(kept);
        assert!(daemon.stop().success());
        took
    }

    pub(crate) fn open(&mut self) {
        self.daemon = Some(self.console.daemon());
        self.outbox = Some(BufReader::new(File::open(self.file("outbox.jsonl")).unwrap()));
    }

    pub(crate) async fn connect(&self) -> Kept {
        Kept::to(self.daemon().address()).await.unwrap()
    }

    /// A number that nobody was asked with before.
    pub(crate) fn recipient(&mut self) -> String {
        self.recipients += 1;
        format!("+4477{:08}", self.recipients)
    }

    /// The codes of the next deliveries, by recipient, once all of them are there; and when the last one was.
    pub(crate) async fn codes(&mut self, count: usize) -> (HashMap<String, String>, Instant) {
        let outbox = self.outbox.as_mut().unwrap();
        let (mut codes, mut lines, patience) = (HashMap::new(), Vec::new(), Instant::now());
        let mut text = Vec::new();
        while lines.len() < count {
            assert!(patience.elapsed() < Duration::from_mins(1), "{} of {count} messages came", lines.len());
            if outbox.read_until(b'\n', &mut text).unwrap() == 0 || text.last() != Some(&b'\n') {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
            lines.push(std::mem::take(&mut text));
        }
        let end = Instant::now();
        for line in lines {
            let message: Value = serde_json::from_slice(&line).unwrap();
            let word = |name: &str| message[name].as_str().unwrap().to_owned();
            assert!(codes.insert(word("recipient"), word("code")).is_none(), "a message came twice");
        }
        (codes, end)
    }

    /// What is taken once nothing is under way any more.
    pub(crate) async fn taken(&self) -> Taken {
        let look = || Taken {
            server: processor(self.daemon().id()),
            workers: self.workers().into_iter().map(processor).sum(),
            client: processor(rustix::process::getpid()),
        };
        let mut before = look();
        loop {
            tokio::time::sleep(Duration::from_millis(40)).await;
            let after = look();
            if after.server == before.server && after.workers == before.workers {
                return after;
            }
            before = after;
        }
    }

    pub(crate) fn memory(&self) -> Memory {
        let server = self.daemon().id();
        Memory {
            server: resident(server, "VmRSS:"),
            server_peak: resident(server, "VmHWM:"),
            workers: self.workers().into_iter().map(|worker| resident(worker, "VmRSS:")).sum(),
        }
    }

    pub(crate) fn close(self) {
        let log = self.daemon().log();
        assert!(!log.contains("ERROR"), "{log}");
        assert!(self.daemon.unwrap().stop().success());
    }

    fn workers(&self) -> Vec<Pid> {
        self.console.processes().ids()
    }

    fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.console.file(name)
    }
}

/// The processor time of a process, of its own and of the kernel on its behalf (`/proc/PID/stat`).
fn processor(process: Pid) -> Duration {
    let stat = read(process, "stat");
    // The name before it may hold anything but a closing parenthesis at its end.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum::<u64>();
    Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second())
}

fn resident(process: Pid, name: &str) -> u64 {
    let status = read(process, "status");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn read(process: Pid, name: &str) -> String {
    let mut text = String::new();
    let file = format!("/proc/{}/{name}", process.as_raw_nonzero());
    File::open(file).unwrap().read_to_string(&mut text).unwrap();
    text
}
