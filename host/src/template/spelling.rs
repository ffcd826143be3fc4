//! The placeholders that people already have, rewritten to the engine's form.
//!
//! | written | from | becomes |
//! |---|---|---|
//! | `{{ code }}`, `{{code}}`, `{{pin}}`, `{% if … %}` | Logto, SMS.CX | stays |
//! | `{payload}`, `{site_name}` | OTP Pro | `{{payload}}`, if it is the name of a variable |
//! | `[[OTP]]` | SecureAuth | `{{otp}}` |
//! | any other single brace | | itself |

use super::fault::{Fault, Wrong};

/// The tags that texts have a use for. `set` and its kind are none: values could be doubled until memory ends.
const TAGS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// How deep loops may be nested, for the same reason.
pub(super) const DEEPEST: usize = 3;

/// A text in the engine's form, and where its parts came from.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    /// What the engine reads.
    pub(super) source: String,
    /// Where pieces begin: in the source, and in the text; and whether a piece is the same in both.
    pieces: Vec<(usize, usize, bool)>,
    /// Every name within tags, and where it stands in the text.
    pub(super) names: Vec<(String, usize)>,
    /// Those that stand alone in their tag and outside of loops: these can only be variables.
    pub(super) alone: Vec<(String, usize)>,
    /// Every word in single braces that is no variable, and where it stands in the text.
    pub(super) loose: Vec<(String, usize)>,
}

impl Rewritten {
    /// Rewrites a text in which `is_variable` says what a variable is, up to the first fault.
    pub(super) fn of(text: &str, is_variable: impl Fn(&str) -> bool) -> (Self, Result<(), Fault>) {
        let mut out = Self::default();
        let read = out.read(text, is_variable);
        (out, read)
    }

    fn read(&mut self, text: &str, is_variable: impl Fn(&str) -> bool) -> Result<(), Fault> {
        let out = self;
        let mut loops = 0_usize;
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let plain = rest.find(['{', '[']).unwrap_or(rest.len());
            if plain > 0 {
                out.copy(rest.get(..plain).unwrap_or(rest), at);
                at += plain;
                continue;
            }
            at += if rest.starts_with("{{") {
                let length = closed(rest, "}}").ok_or(Fault::new(at, Wrong::Unclosed("{{")))?;
                let tag = rest.get(..length).unwrap_or(rest);
                out.tag(tag, at);
                if loops == 0
                    && let [(name, offset)] = names(tag).collect::<Vec<_>>().as_slice()
                {
                    out.alone.push(((*name).to_owned(), at + offset));
                }
                length
            } else if rest.starts_with("{%") {
                let length = closed(rest, "%}").ok_or(Fault::new(at, Wrong::Unclosed("{%")))?;
                let tag = rest.get(..length).unwrap_or(rest);
                loops = kept(tag, loops).map_err(|wrong| Fault::new(at, wrong))?;
                out.tag(tag, at);
                length
            } else if let Some(length) =
                rest.starts_with("{#").then(|| rest.find("#}")).flatten().map(|end| end + 2)
            {
                out.copy(rest.get(..length).unwrap_or(rest), at);
                length
            } else if let Some(name) = enclosed(rest, "{", "}") {
                if is_variable(name) {
                    out.names.push((name.to_owned(), at + 1));
                    out.rewrite(&format!("{{{{{name}}}}}"), at);
                    name.len() + 2
                } else {
                    out.loose.push((name.to_owned(), at + 1));
                    out.rewrite(BRACE, at);
                    1
                }
            } else if enclosed(rest, "[[", "]]").is_some_and(|name| name.eq_ignore_ascii_case("otp")) {
                out.names.push(("otp".to_owned(), at + 2));
                out.rewrite("{{otp}}", at);
                "[[otp]]".len()
            } else {
                if rest.starts_with('{') {
                    out.rewrite(BRACE, at);
                } else {
                    out.copy("[", at);
                }
                1
            };
        }
        Ok(())
    }

    /// The byte of the text behind a byte of the source.
    pub(super) fn origin(&self, at: usize) -> usize {
        let after = self.pieces.partition_point(|(source, ..)| *source <= at);
        let piece = after.checked_sub(1).and_then(|before| self.pieces.get(before));
        // A piece that was rewritten is longer than what was written: whatever is in it, it begins there.
        piece.map_or(0, |(source, text, same)| if *same { text + (at - source) } else { *text })
    }

    /// Where a name stands first.
    pub(super) fn place(&self, name: &str) -> usize {
        self.names.iter().find(|(known, _)| known == name).map_or(0, |(_, at)| *at)
    }

    fn copy(&mut self, piece: &str, at: usize) {
        self.add(piece, at, true);
    }

    fn rewrite(&mut self, piece: &str, at: usize) {
        self.add(piece, at, false);
    }

    fn add(&mut self, piece: &str, at: usize, same: bool) {
        self.pieces.push((self.source.len(), at, same));
        self.source.push_str(piece);
    }

    fn tag(&mut self, tag: &str, at: usize) {
        self.names.extend(names(tag).map(|(name, offset)| (name.to_owned(), at + offset)));
        self.copy(tag, at);
    }
}

/// A brace that is only a brace.
const BRACE: &str = "{{\"{\"}}";

/// How long a tag is that begins here; `None` if it never ends. Ends within texts and brackets are none.
fn closed(rest: &str, end: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, c) in rest.char_indices().skip(2) {
        if let Some(open) = quote {
            quote = (escaped || c != open).then_some(open);
            escaped = !escaped && c == '\\';
            continue;
        }
        if depth == 0 && rest.get(at..).is_some_and(|rest| rest.starts_with(end)) {
            return Some(at + end.len());
        }
        match c {
            '"' | '\'' => quote = Some(c),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// How many loops are open after this tag.
fn kept(tag: &str, loops: usize) -> Result<usize, Wrong> {
    let (word, _) = names(tag).next().unwrap_or_default();
    match word {
        "for" if loops == DEEPEST => Err(Wrong::Deep),
        "for" => Ok(loops + 1),
        "endfor" => Ok(loops.saturating_sub(1)),
        word if TAGS.contains(&word) => Ok(loops),
        word => Err(Wrong::Tag(word.chars().take(40).collect())),
    }
}

/// The names in a tag, each with where it stands; words in texts are none.
fn names(tag: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(rest) = tag.get(at..) {
            let first = rest.chars().next()?;
            let long = |part: &str| part.find(|c: char| !is_name(c)).unwrap_or(part.len());
            let (begin, length) = match first {
                '"' | '\'' => (at, quoted(rest, first)),
                c if is_name(c) => (at, long(rest)),
                c => (at, c.len_utf8()),
            };
            at = begin + length;
            if is_name(first) && !first.is_ascii_digit() {
                return Some((rest.get(..length)?, begin));
            }
        }
        None
    })
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = !escaped && c == '\\';
    }
    rest.len()
}

/// The name between these marks, if nothing else stands between them.
fn enclosed<'a>(rest: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let (name, _) = rest.strip_prefix(open)?.split_once(close)?;
    (!name.is_empty() && name.len() <= 64 && name.chars().all(is_name)).then_some(name)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> String {
        let variables = ["code", "payload", "otp", "pin", "site_name"];
        match Rewritten::of(text, |name| variables.contains(&name)) {
            (rewritten, Ok(())) => rewritten.source,
            (_, Err(fault)) => format!("{}: {fault}", fault.at),
        }
    }

    /// L14, X4, J34, J35, and `[[OTP]]`.
    #[test]
    fn every_spelling_becomes_the_engines() {
        for (text, rewritten) in [
            ("{{ code }} {{code}} {{pin}}", "{{ code }} {{code}} {{pin}}"),
            ("{payload} {code} {site_name}", "{{payload}} {{code}} {{site_name}}"),
            ("[[OTP]] [[otp]] [[x]] [1]", "{{otp}} {{otp}} [[x]] [1]"),
            ("{% if code %}{code}{% endif %}", "{% if code %}{{code}}{% endif %}"),
            (
                "{{ '}}' }} {{ \"\\\"}}\" }} {{ {'a': 1}['a'] }}",
                "{{ '}}' }} {{ \"\\\"}}\" }} {{ {'a': 1}['a'] }}",
            ),
            ("{# no {code} #}x", "{# no {code} #}x"),
            ("é{payload}é", "é{{payload}}é"),
            ("", ""),
        ] {
            assert_eq!(source(text), rewritten, "{text}");
        }
    }

    #[test]
    fn any_other_brace_stays_a_brace() {
        for text in ["{", "}", "}}", "a { b } c", "{}", "{unknown}", "{ payload }", "{#", "{payload", "{%"] {
            let expected = if text == "{%" {
                "0: has a `{%` that is never closed".to_owned()
            } else {
                text.replace('{', "{{\"{\"}}")
            };
            assert_eq!(source(text), expected, "{text}");
        }
        assert_eq!(source("{{x"), "0: has a `{{` that is never closed");
    }

    #[test]
    fn tags_that_texts_have_no_use_for_are_refused() {
        for (text, told) in [
            ("a{% set x = 1 %}", "1: uses `{% set %}`, which is not for texts"),
            ("{%- include 'x' %}", "0: uses `{% include %}`, which is not for texts"),
            ("{% autoescape false %}", "0: uses `{% autoescape %}`, which is not for texts"),
            ("{% %}", "0: uses `{%  %}`, which is not for texts"),
            (&"{% for a in b %}".repeat(4), "48: nests more than 3 loops"),
        ] {
            assert_eq!(source(text), told, "{text}");
        }
    }

    #[test]
    fn a_place_in_the_source_is_one_in_the_text() {
        let text = "é {x} {payload} {{ cod }}";
        let rewritten = Rewritten::of(text, |name| name == "payload").0;
        assert_eq!(rewritten.place("cod"), text.find("cod").unwrap());
        assert_eq!(rewritten.place("payload"), text.find("payload").unwrap());
        assert_eq!(rewritten.origin(rewritten.source.find("cod").unwrap()), text.find("cod").unwrap());
        assert_eq!(rewritten.loose, [("x".to_owned(), 4)]);
    }
}
