//! What is wrong in a configuration file, told so that its author can mend it.

use serde::Serialize;
use std::fmt;

/// One thing that is wrong, where, and what would be right. Never holds a secret, nor any other value of the file
/// that is not a plain name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mistake {
    /// The file, as it was named by whoever started us.
    pub file: String,
    /// The line, counted from 1; none where the file itself cannot be read.
    pub line: Option<usize>,
    /// The column in characters, counted from 1.
    pub column: Option<usize>,
    /// The key that it is about, by its full name, where it is about one.
    #[serde(skip)]
    pub field: Option<String>,
    /// What is wrong, in one line.
    pub what: String,
    /// What would be right, in one line.
    pub hint: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.what)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

/// Every mistake of a file, in the order of the file; at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// Sorts what was found; `None` if nothing was.
    pub(super) fn of(mut found: Vec<Mistake>) -> Option<Self> {
        found.sort_by_key(|mistake| (mistake.line, mistake.column));
        found.dedup();
        (!found.is_empty()).then_some(Self(found))
    }

    /// The mistakes in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Mistakes {
    type Item = &'a Mistake;
    type IntoIter = std::slice::Iter<'a, Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in self {
            writeln!(f, "{mistake}")?;
        }
        match self.0.len() {
            1 => f.write_str("1 mistake: nothing is started"),
            count => write!(f, "{count} mistakes: nothing is started"),
        }
    }
}

impl std::error::Error for Mistakes {}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(line: usize, column: usize, what: &str, hint: Option<&str>) -> Mistake {
        Mistake {
            file: "passrelay.toml".into(),
            line: Some(line),
            column: Some(column),
            field: None,
            what: what.into(),
            hint: hint.map(Into::into),
        }
    }

    #[test]
    fn mistakes_are_told_in_the_order_of_the_file_with_their_count() {
        let mistakes = Mistakes::of(vec![
            mistake(12, 3, "unknown key `chekcs`", Some("did you mean `checks`?")),
            mistake(2, 1, "unknown key `x`", None),
            mistake(2, 1, "unknown key `x`", None),
        ])
        .unwrap();
        assert_eq!(
            mistakes.to_string(),
            "passrelay.toml:2:1: unknown key `x`\n\
             passrelay.toml:12:3: unknown key `chekcs`\n\
             hint: did you mean `checks`?\n\
             2 mistakes: nothing is started"
        );
        assert_eq!(Mistakes::of(Vec::new()), None);
    }

    #[test]
    fn a_mistake_has_one_shape_for_machines() {
        let mistakes = Mistakes::of(vec![mistake(1, 2, "unknown key `x`", None)]).unwrap();
        assert_eq!(
            serde_json::to_string(&mistakes).unwrap(),
            r#"[{"file":"passrelay.toml","line":1,"column":2,"what":"unknown key `x`","hint":null}]"#
        );
    }
}
