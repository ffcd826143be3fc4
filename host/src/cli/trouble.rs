//! What went wrong, in at most three lines with a hint.

use super::{Exit, page::one_line};
use crate::config::Mistakes;
use crate::plugin::Refusal;
use serde_json::{Value, json};

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// What was asked for failed.
    #[error("{what}{}", hint_line(.hint.as_deref()))]
    Failed {
        /// What failed, in one line.
        what: String,
        /// What to do about it, in one line.
        hint: Option<String>,
    },
    /// The configuration has mistakes.
    #[error(transparent)]
    Misconfigured(#[from] Mistakes),
}

impl Trouble {
    /// What was asked for failed.
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self::Failed { what: one_line(&what.into()), hint: None }
    }

    /// The same with what to do about it.
    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Failed { what, .. } => Self::Failed { what, hint: Some(one_line(&hint.into())) },
            Self::Misconfigured(_) => self,
        }
    }

    /// An error with its causes, whose words may end with a line `hint: …`.
    pub(super) fn told(error: &dyn std::error::Error) -> Self {
        let words = error.to_string();
        let (what, hint) =
            words.split_once("\nhint: ").map_or((&*words, None), |(what, hint)| (what, Some(hint)));
        let causes = std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string);
        let what = causes.fold(what.to_owned(), |what, cause| {
            if what.contains(&cause) { what } else { format!("{what}: {cause}") }
        });
        match hint {
            Some(hint) => Self::new(what).with_hint(hint),
            None => Self::new(what),
        }
    }

    /// A library's file was refused.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        let trouble = Self::new(format!("`{}` was refused: {}", refusal.file.display(), refusal.reason));
        match &refusal.hint {
            Some(hint) => trouble.with_hint(hint.as_str()),
            None => trouble,
        }
    }

    /// How it ends.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Failed { .. } => Exit::Failed,
            Self::Misconfigured(_) => Exit::Misconfigured,
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Failed { .. } => format!("error: {self}"),
            Self::Misconfigured(mistakes) => mistakes.to_string(),
        }
    }

    /// For machines.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Failed { what, hint } => json!({ "error": what, "hint": hint }),
            Self::Misconfigured(mistakes) => {
                json!({ "error": "the configuration has mistakes", "mistakes": mistakes })
            }
        }
    }
}

fn hint_line(hint: Option<&str>) -> String {
    hint.map_or_else(String::new, |hint| format!("\nhint: {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_has_at_most_three_lines_whatever_its_cause_says() {
        let trouble = Trouble::new("cannot\nread\n\n`x`").with_hint("look\nhere");
        assert_eq!(trouble.text(), "error: cannot read `x`\nhint: look here");
        assert_eq!(trouble.json().to_string(), r#"{"error":"cannot read `x`","hint":"look here"}"#);
        assert_eq!(trouble.exit(), Exit::Failed);
    }

    #[test]
    fn a_refused_library_is_told_with_file_reason_and_hint() {
        let refusal = Refusal {
            file: "providers/libx.so".into(),
            id: None,
            sha256: None,
            reason: "it is cut short".to_owned(),
            hint: Some("copy it again".to_owned()),
        };
        let told = Trouble::refused(&refusal).text();
        assert_eq!(told, "error: `providers/libx.so` was refused: it is cut short\nhint: copy it again");
    }
}
