//! Where a character of a quoted text stands in the file.

/// The byte of the file behind a byte of a text whose quotes begin at `at`; `at` itself if the text is not found there.
pub(super) fn place(file: &str, at: usize, value: &str, byte: usize) -> usize {
    let Some(rest) = file.get(at..) else { return at };
    let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return at };
    let three: String = std::iter::repeat_n(quote, 3).collect();
    let mut from = at + 1;
    if rest.starts_with(&three) {
        let begun = rest.get(3..).unwrap_or_default();
        from = at
            + 3
            + [("\r\n", 2), ("\n", 1)]
                .iter()
                .find(|(end, _)| begun.starts_with(end))
                .map_or(0, |(_, long)| *long);
    }
    for (index, expected) in value.char_indices() {
        let Some((skipped, read, long)) = next(file, from, quote == '"') else { return at };
        if read != expected {
            return at;
        }
        if byte < index + expected.len_utf8() {
            return from + skipped;
        }
        from += skipped + long;
    }
    from
}

/// The next character of a text: what is skipped before it, itself, and the bytes that it is written in.
fn next(file: &str, from: usize, escapes: bool) -> Option<(usize, char, usize)> {
    let mut skipped = 0;
    loop {
        let rest = file.get(from + skipped..)?;
        let first = rest.chars().next()?;
        if !escapes || first != '\\' {
            return Some((skipped, first, first.len_utf8()));
        }
        let mut after = rest.get(1..)?.chars();
        let hex = |digits: usize| {
            let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
            Some((skipped, char::from_u32(code)?, 2 + digits))
        };
        let plain = |c: char| Some((skipped, c, 2));
        match after.next()? {
            'n' => return plain('\n'),
            't' => return plain('\t'),
            'r' => return plain('\r'),
            'b' => return plain('\u{8}'),
            'f' => return plain('\u{c}'),
            'e' => return plain('\u{1b}'),
            'x' => return hex(2),
            'u' => return hex(4),
            'U' => return hex(8),
            c @ ('"' | '\\') => return plain(c),
            // A line that goes on: everything white up to the next character is left out.
            c if c.is_whitespace() => {
                let tail = rest.get(1..)?;
                skipped += 1 + tail.find(|c: char| !c.is_ascii_whitespace())?;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_found_however_the_text_is_quoted() {
        for (file, value) in [
            (r#"a = "é {x}""#, "é {x}"),
            (r"a = 'é {x}'", "é {x}"),
            ("a = \"\"\"\né\n {x}\"\"\"", "é\n {x}"),
            ("a = '''\r\né {x}'''", "é {x}"),
            (r#"a = "\u00e9\n\t\"\\ {x}""#, "é\n\t\"\\ {x}"),
            ("a = \"\"\"\n  é\\\n    {x}\"\"\"", "  é{x}"),
        ] {
            let byte = value.find('{').unwrap();
            assert_eq!(place(file, 4, value, byte), file.find('{').unwrap(), "{file}");
            let end = place(file, 4, value, value.len());
            assert!(file[end..].starts_with(['"', '\'']), "{file}");
        }
        for (file, value) in [("a = b", "x"), ("a = \"b\"", "x"), ("a = \"\\q\"", "q"), ("", "x")] {
            assert_eq!(place(file, 4, value, 0), 4, "{file}");
        }
    }
}
