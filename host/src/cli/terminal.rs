//! The only place that writes: text to people, one JSON document to machines.

use super::{page::Page, trouble::Trouble};
use serde_json::Value;
use std::io::{self, Write};

/// Where to write, and in which form.
pub(super) struct Terminal<'a> {
    /// What was asked for.
    pub(super) out: &'a mut dyn Write,
    /// What is to be said besides.
    pub(super) err: &'a mut dyn Write,
    /// Whether `out` takes one JSON document.
    pub(super) json: bool,
}

impl Terminal<'_> {
    /// Writes what came of it.
    pub(super) fn tell(&mut self, outcome: &Result<Page, Trouble>) -> io::Result<()> {
        if let Ok(page) = outcome {
            for warning in &page.warnings {
                writeln!(self.err, "warning: {warning}")?;
            }
        }
        match outcome {
            Ok(page) if self.json => self.document(&page.json),
            Err(trouble) if self.json => self.document(&trouble.json()),
            Ok(page) if page.text.is_empty() => Ok(()),
            Ok(page) => writeln!(self.out, "{}", page.text),
            Err(trouble) => writeln!(self.err, "{}", trouble.text()),
        }?;
        self.out.flush()
    }

    fn document(&mut self, json: &Value) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *self.out, json)?;
        writeln!(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(outcome: &Result<Page, Trouble>, json: bool) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        Terminal { out: &mut out, err: &mut err, json }.tell(outcome).unwrap();
        (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn machines_get_one_document_whatever_happens() {
        let page = Ok(Page::new("text", json!({ "a": 1 })));
        assert_eq!(written(&page, false), ("text\n".to_owned(), String::new()));
        assert_eq!(written(&page, true), ("{\n  \"a\": 1\n}\n".to_owned(), String::new()));
        let trouble = Err(Trouble::new("no"));
        assert_eq!(written(&trouble, false), (String::new(), "error: no\n".to_owned()));
        let (out, err) = written(&trouble, true);
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), json!({ "error": "no", "hint": null }));
        assert_eq!(err, "");
    }
}
