//! What the conformance suite found.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// What the suite found: a line for each rule, and every answer in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[must_use = "`assert` it, or look at it"]
#[non_exhaustive]
pub struct Report {
    /// The rules in the order they were asked. The suite stops early where nothing more can be asked.
    pub rules: Vec<Line>,
    /// Every answer in order, without anything of the machine, the time or the door: equal at every door.
    pub transcript: Vec<Step>,
}

/// A rule and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Line {
    /// The rule: `sample_message_is_answered`.
    pub rule: String,
    /// What breaks it, in words for the author; empty if it holds.
    pub violations: Vec<String>,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// What was asked.
    pub step: String,
    /// `{"ok": …}`, `{"err": …}`, `{"panicked": …}` or `"unknown_op"`.
    pub answer: Value,
}

impl Line {
    /// Whether the rule holds.
    pub fn holds(&self) -> bool {
        self.violations.is_empty()
    }
}

impl Report {
    /// Whether every rule holds.
    pub fn holds(&self) -> bool {
        self.rules.iter().all(Line::holds)
    }

    /// The names of the rules that do not hold.
    pub fn violated(&self) -> Vec<&str> {
        self.rules.iter().filter(|line| !line.holds()).map(|line| line.rule.as_str()).collect()
    }

    /// Ends the test unless every rule holds.
    ///
    /// # Panics
    ///
    /// With all that is violated.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.holds(), "the provider does not conform\n{self}");
    }

    /// The transcript as indented JSON, to be committed and compared.
    pub fn transcript_json(&self) -> String {
        serde_json::to_string_pretty(&self.transcript).unwrap_or_default() + "\n"
    }
}

/// A line for each rule: `ok`, or `VIOLATED` and why.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.rules {
            writeln!(f, "{:8} {}", if line.holds() { "ok" } else { "VIOLATED" }, line.rule)?;
            for violation in &line.violations {
                writeln!(f, "         {violation}")?;
            }
        }
        Ok(())
    }
}
