//! The README's commands, run as they stand there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails loudly"
)]

use std::{
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdout, Command, Stdio},
};

const README: &str = include_str!("../../../README.md");

/// A running quickstart, ended when the test is.
struct Quickstart {
    child: Child,
    /// What else it has to say; closed with the test, not before.
    _welcome: BufReader<ChildStdout>,
    address: String,
    folder: tempfile::TempDir,
}

impl Quickstart {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_quickstart"))
            .args(["--listen", "127.0.0.1:0", "--folder"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut welcome = BufReader::new(child.stdout.take().unwrap());
        welcome.read_line(&mut line).unwrap();
        let address = line.split_once("http://").unwrap().1.split_once(';').unwrap().0.to_owned();
        Self { child, _welcome: welcome, address, folder }
    }

    /// Runs a command of the README against this quickstart.
    fn run(&self, command: &str) -> String {
        let command = command.replace("127.0.0.1:8080", &self.address);
        let command = command.replace("/tmp/passrelay-quickstart", self.folder.path().to_str().unwrap());
        let output = Command::new("sh").arg("-c").arg(&command).output().unwrap();
        assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Quickstart {
    fn drop(&mut self) {
        self.child.kill().expect("it still runs");
        self.child.wait().expect("it can be waited for");
    }
}

/// The README's command that holds `mark`, its continued lines included.
fn command(mark: &str) -> String {
    let blocks = README.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let block = blocks.into_iter().find(|block| block.contains(mark));
    block.unwrap_or_else(|| panic!("the README has no command with `{mark}`")).to_owned()
}

/// What stands between the first `before` and the next `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).expect(text).0
}

/// X38: from a fresh clone to a checked code in two commands.
#[test]
fn the_commands_of_the_readme_start_and_check_a_verification() {
    if Command::new("curl").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "CI needs curl");
        // Past the capture of the test runner: it has to be seen.
        let said =
            writeln!(io::stderr(), "LEFT OUT: the README's commands need curl, which is not installed here");
        said.expect("standard error can be written");
        return;
    }
    let quickstart = Quickstart::start();
    let started = quickstart.run(&command("/v1/verifications "));
    let id = between(&started, "\"id\":\"", "\"").to_owned();
    assert!(started.contains("\"status\":\"pending\"") && id.starts_with("ver_"), "{started}");

    let message = wait_for(|| quickstart.run(&command("outbox.jsonl")));
    let code = between(&message, "\"code\":\"", "\"").to_owned();
    assert!(!started.contains(&code), "no answer holds the code");

    let check = command("/checks");
    let wrong = quickstart.run(&check.replace("ID", &id).replace("CODE", "000 000 x"));
    assert!(wrong.contains("\"valid\":false") && wrong.contains("\"checks_left\":4"), "{wrong}");
    let right = quickstart.run(&check.replace("ID", &id).replace("CODE", &code));
    assert!(right.contains("\"status\":\"approved\"") && right.contains("\"valid\":true"), "{right}");
}

/// The delivery runs beside the answer: its file may come a moment later.
fn wait_for(mut look: impl FnMut() -> String) -> String {
    for _ in 0..500 {
        let found = look();
        if !found.is_empty() {
            return found;
        }
        std::thread::yield_now();
    }
    panic!("nothing was delivered");
}
