//! Collects what is wrong while the file is read, so that reading never stops at the first mistake.

use super::{
    mistake::{Mistake, Mistakes},
    quoted,
};
use std::path::{Path, PathBuf};

/// The file being read and what was found wrong in it so far.
#[derive(Clone)]
pub(super) struct Report {
    file: String,
    folder: PathBuf,
    text: String,
    mistakes: Vec<Mistake>,
    consequences: Vec<Mistake>,
    warnings: Vec<Mistake>,
    notes: Vec<Mistake>,
    broken_lines: Vec<Option<usize>>,
}

impl Report {
    /// Begins with a file and its text.
    pub(super) fn new(path: &Path, text: &str) -> Self {
        Self {
            file: path.display().to_string(),
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            text: text.to_owned(),
            mistakes: Vec::new(),
            consequences: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
            broken_lines: Vec::new(),
        }
    }

    /// Of the same file, with nothing found in it yet.
    pub(super) fn apart(&self) -> Self {
        Self { folder: self.folder.clone(), ..Self::new(Path::new(&self.file), &self.text) }
    }

    /// The path of a file that is named in the configuration: relative ones begin at the configuration's folder.
    pub(super) fn path(&self, written: &str) -> PathBuf {
        self.folder.join(written)
    }

    /// Notes a mistake at this byte of the file.
    pub(super) fn mistake(&mut self, at: usize, what: impl Into<String>, hint: Option<String>) {
        let mistake = self.placed(at, what.into(), hint);
        self.mistakes.push(mistake);
    }

    /// Notes a mistake about the key of this full name.
    pub(super) fn mistake_of(
        &mut self,
        field: String,
        at: usize,
        what: impl Into<String>,
        hint: Option<String>,
    ) {
        let mistake = Mistake { field: Some(field), ..self.placed(at, what.into(), hint) };
        self.mistakes.push(mistake);
    }

    /// Notes a mistake that may only follow from another one: a key that is missing, a name that nothing has.
    ///
    /// It is not told while the file has syntax errors, since the parser may have lost the very thing that is missed.
    pub(super) fn consequence(&mut self, at: usize, what: impl Into<String>, hint: Option<String>) {
        let mistake = self.placed(at, what.into(), hint);
        self.consequences.push(mistake);
    }

    /// Notes a key that is missing, by its full name; told like any other consequence.
    pub(super) fn missing(
        &mut self,
        field: String,
        at: usize,
        what: impl Into<String>,
        hint: Option<String>,
    ) {
        let mistake = Mistake { field: Some(field), ..self.placed(at, what.into(), hint) };
        self.consequences.push(mistake);
    }

    /// Notes what is wrong but stops nothing.
    pub(super) fn warning(&mut self, at: usize, what: impl Into<String>, hint: Option<String>) {
        let warning = self.placed(at, what.into(), hint);
        self.warnings.push(warning);
    }

    /// Notes what is not wrong but worth knowing.
    pub(super) fn note(&mut self, at: usize, what: impl Into<String>, hint: Option<String>) {
        let note = self.placed(at, what.into(), hint);
        self.notes.push(note);
    }

    /// What is worth knowing, in the order of the file.
    pub(super) fn notes(&self) -> Vec<Mistake> {
        let mut notes = self.notes.clone();
        notes.sort_by_key(|note| (note.line, note.column));
        notes
    }

    /// The byte of the file behind a byte of a text that begins here.
    pub(super) fn inside(&self, at: usize, value: &str, byte: usize) -> usize {
        quoted::place(&self.text, at, value, byte)
    }

    /// Notes an error of the TOML parser; what else is found on its line is not told.
    pub(super) fn syntax(&mut self, at: usize, what: impl Into<String>, hint: Option<String>) {
        let mistake = self.placed(at, what.into(), hint);
        if !self.broken_lines.contains(&mistake.line) {
            self.broken_lines.push(mistake.line);
            self.mistakes.insert(0, mistake);
        }
    }

    /// Notes that the file cannot be read at all.
    pub(super) fn unreadable(&mut self, what: impl Into<String>, hint: Option<String>) {
        let file = self.file.clone();
        self.mistakes.push(Mistake {
            file,
            line: None,
            column: None,
            field: None,
            what: one_line(what.into()),
            hint,
        });
    }

    /// How many mistakes were noted so far.
    pub(super) fn count(&self) -> usize {
        self.mistakes.len()
    }

    /// The mistakes that were noted after so many.
    pub(super) fn since(&self, count: usize) -> Vec<Mistake> {
        self.mistakes.iter().skip(count).cloned().collect()
    }

    /// Closes the report: the warnings, if nothing was wrong.
    pub(super) fn close(self) -> Result<Vec<Mistake>, Mistakes> {
        let syntax_errors = self.broken_lines.len();
        let mut mistakes = self.mistakes;
        // Syntax errors stand first in the list; see `syntax`.
        let found = mistakes.split_off(syntax_errors.min(mistakes.len()));
        mistakes.extend(found.into_iter().filter(|mistake| !self.broken_lines.contains(&mistake.line)));
        if self.broken_lines.is_empty() {
            mistakes.extend(self.consequences);
        }
        Mistakes::of(mistakes).map_or(Ok(self.warnings), Err)
    }

    fn placed(&self, at: usize, what: String, hint: Option<String>) -> Mistake {
        let (line, column) = position(&self.text, at);
        Mistake {
            file: self.file.clone(),
            line: Some(line),
            column: Some(column),
            field: None,
            what: one_line(what),
            hint: hint.map(one_line),
        }
    }
}

/// Line and column of a byte, both counted from 1, the column in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before: &str = text.get(..text.floor_char_boundary(at)).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or("").chars().filter(|c| *c != '\u{feff}').count();
    (before.matches('\n').count() + 1, column + 1)
}

/// The most characters of a line that is told.
const LONGEST: usize = 300;

/// What comes from the file or a library's schema must not break out of its line nor fill the screen.
fn one_line(text: String) -> String {
    if text.len() <= LONGEST && !text.contains(char::is_control) {
        return text;
    }
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let rest = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    text.chars().take(LONGEST).map(clean).chain(rest.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_characters_from_one() {
        let text = "a = 1\nüb = 2\r\nc";
        for (at, expected) in
            [(0, (1, 1)), (4, (1, 5)), (6, (2, 1)), (8, (2, 2)), (15, (3, 1)), (999, (3, 2))]
        {
            assert_eq!(position(text, at), expected, "{at}");
        }
        assert_eq!(position("\u{feff}a", 3), (1, 1));
    }

    #[test]
    fn a_message_stays_on_its_line() {
        assert_eq!(one_line("a\nb\u{1b}[31m".to_owned()), "a b [31m");
        assert_eq!(one_line("x".repeat(400)).chars().count(), 301);
    }

    #[test]
    fn what_may_follow_from_a_syntax_error_is_not_told() {
        let mut report = Report::new(Path::new("x.toml"), "a = \nb = 1\n");
        report.mistake(0, "same line", None);
        report.mistake(5, "other line", None);
        report.consequence(5, "missing", None);
        report.syntax(4, "syntax", None);
        let told: Vec<String> = report.close().unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["x.toml:1:5: syntax", "x.toml:2:1: other line"]);
    }
}
