//! What a script learns without reading.

use std::process::ExitCode;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It is done.
    Done,
    /// What was asked for failed.
    Failed,
    /// It was asked for wrongly.
    Usage,
    /// The configuration has mistakes.
    Misconfigured,
}

impl Exit {
    /// Every way to end.
    pub const ALL: [Self; 4] = [Self::Done, Self::Failed, Self::Usage, Self::Misconfigured];

    /// The number: it never changes.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Misconfigured => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
