//! What is shown when it went well enough to show something: the same for people and for machines.

use super::Exit;
use crate::config::Mistake;
use serde_json::Value;

/// One answer in both forms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    /// For people; ends without a newline, and may be empty.
    pub(super) text: String,
    /// For machines: one object whose members keep their names within a major version.
    pub(super) json: Value,
    /// What is wrong but stopped nothing; goes to people's standard error.
    pub(super) warnings: Vec<Mistake>,
    /// How it ended.
    pub(super) exit: Exit,
}

impl Page {
    /// A page without warnings about something that is done.
    pub(super) fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, warnings: Vec::new(), exit: Exit::Done }
    }

    /// The page with these warnings.
    pub(super) fn with_warnings(mut self, warnings: &[Mistake]) -> Self {
        self.warnings = warnings.to_vec();
        self
    }

    /// The page with another ending.
    pub(super) fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

/// Text from a library or a service as it may reach a terminal: without control characters, but for line ends.
pub(super) fn printable(text: &str) -> String {
    let tame = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(tame).collect()
}

/// The same on one line.
pub(super) fn one_line(text: &str) -> String {
    printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_stranger_commands_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\nc\u{7}"), "a [2Jb \nc ");
        assert_eq!(one_line(" a \n\n b\tc "), "a b c");
    }
}
