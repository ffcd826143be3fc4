//! Tries a library in a process of its own before the host relies on it: it is loaded, checked and asked what it is.
//!
//! Whatever is wrong with the file, be it a crash in a constructor, costs that process only.

use super::{confine, library::Library, redact::one_line, sandbox::Cell};
use provider_api::Manifest;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::Write,
    path::Path,
    process::{ExitCode, ExitStatus, Stdio},
    time::Duration,
};
use tokio::{io::AsyncReadExt, process::Command};

/// The argument that makes this program try the library that follows.
pub(super) const ARGUMENT: &str = "--provider-trial";

/// How long a trial may take.
const LIMIT: Duration = Duration::from_secs(10);

/// The longest answer: a manifest with its readme and schema.
const LARGEST_ANSWER: u64 = 1 << 20;

/// What the process answers on its standard output.
#[derive(Serialize, Deserialize)]
enum Answer {
    Manifest(Box<Manifest>),
    Refused(String),
}

/// Why a library failed its trial.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrialError {
    #[error("{0}")]
    Refused(String),
    #[error("it ended its trial with {0}")]
    Ended(String),
    #[error("it did not finish its trial within 10 s")]
    TooSlow,
    #[error("its trial could not be started: {0}")]
    Start(#[source] std::io::Error),
    #[error("its trial answered nothing that can be read")]
    Unreadable,
}

impl TrialError {
    /// What an operator can do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Refused(_) | Self::Unreadable => {
                "take a build of the library for this version of Passrelay"
            }
            // A trial is always strict, whatever a provider is granted: which one would it be, of several?
            Self::Ended(how) if how.contains("SIGSYS") => {
                "take a build that starts no program while it is loaded: a trial is strict, whatever `sandbox` says"
            }
            Self::Ended(_) | Self::TooSlow => "the file is damaged, or crashes as soon as it is loaded",
            Self::Start(_) => "check that the Passrelay program itself can be run",
        }
    }
}

/// Tries the copy of a library in a process of its own; `program` is this very program.
pub(crate) async fn run(program: &Path, copy: &Path) -> Result<Manifest, TrialError> {
    let mut child = Command::new(program)
        .arg0("passrelay")
        .arg(ARGUMENT)
        .arg(copy)
        .arg(Cell::strict().to_argument())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .env_clear()
        .envs([confine::ALLOCATOR])
        .kill_on_drop(true)
        .spawn()
        .map_err(TrialError::Start)?;
    let mut answer = Vec::new();
    let conversation = async {
        if let Some(output) = child.stdout.take() {
            output.take(LARGEST_ANSWER).read_to_end(&mut answer).await.map_err(TrialError::Start)?;
        }
        child.wait().await.map_err(TrialError::Start)
    };
    let status = tokio::time::timeout(LIMIT, conversation).await.map_err(|_| TrialError::TooSlow)??;
    match serde_json::from_slice(&answer) {
        Ok(Answer::Manifest(manifest)) if status.success() => Ok(*manifest),
        Ok(Answer::Refused(reason)) => Err(TrialError::Refused(one_line(&reason, 300))),
        _ if !status.success() => Err(TrialError::Ended(ending(status))),
        _ => Err(TrialError::Unreadable),
    }
}

/// The process itself: loads the library and says what it is.
pub(super) fn process(copy: &Path, cell: &Cell) -> ExitCode {
    let Ok(output) = confine::take_stdout() else { return ExitCode::FAILURE };
    let answer = match load(copy, cell) {
        Ok(manifest) => Answer::Manifest(Box::new(manifest)),
        Err(reason) => Answer::Refused(reason),
    };
    let json = serde_json::to_vec(&answer).unwrap_or_default();
    match File::from(output).write_all(&json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn load(copy: &Path, cell: &Cell) -> Result<Manifest, String> {
    let locked = |cause: std::io::Error| format!("its process cannot be locked up: {cause}");
    confine::confine().and_then(|()| cell.enter(copy)).map_err(locked)?;
    let library = Library::load(copy).map_err(|cause| cause.to_string())?;
    cell.close().map_err(locked)?;
    library.describe().map_err(|cause| cause.to_string())
}

/// How a process ended, in words: ``signal 11 (SIGSEGV)`` or `exit code 1`.
pub(super) fn ending(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    let Some(signal) = status.signal() else {
        return status.code().map_or_else(|| "an unknown status".into(), |code| format!("exit code {code}"));
    };
    let name = match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        31 => " (SIGSYS)",
        _ => "",
    };
    format!("signal {signal}{name}")
}
