//! What a line must be (RFC 5321 section 4.5.3.1), which `mailin` does not look at.

/// The longest line of a mail, with its end.
const OF_A_MAIL: usize = 1_000;
/// The longest command, with its end.
const COMMAND: usize = 512;
/// The longest login (RFC 4954 section 4).
const LOGIN: usize = 12_288;

/// What is wrong with a line as it came.
pub(super) fn fault(line: &[u8], in_mail: bool) -> Option<&'static str> {
    if !line.ends_with(b"\n") {
        // The other side has broken off.
        return None;
    }
    let Some(text) = line.strip_suffix(b"\r\n") else { return Some("a line does not end with CRLF") };
    let longest = match (in_mail, line.get(..4)) {
        (true, _) => OF_A_MAIL,
        (false, Some(b"AUTH")) => LOGIN,
        (false, _) => COMMAND,
    };
    let dots = text.iter().take_while(|byte| **byte == b'.').count();
    [
        (line.len() > longest, "a line is too long"),
        (text.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "a CR, LF or NUL stands within a line"),
        (!text.is_ascii(), "a line is not ASCII, and nobody has announced that"),
        (in_mail && dots == 1 && text.len() > 1, "a dot that begins a line is not doubled"),
    ]
    .into_iter()
    .find_map(|(wrong, why)| wrong.then_some(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_held_to_the_letter() {
        let long = |count: usize| [vec![b'x'; count], b"\r\n".to_vec()].concat();
        for line in [&b"..x\r\n"[..], b".\r\n", b"\r\n", b"cut", &long(998)] {
            assert_eq!(fault(line, true), None);
        }
        assert_eq!(fault(b"NOOP\r\n", false), None);
        for line in [&b"x\n"[..], b"a\rb\r\n", b"a\0\r\n", b".x\r\n", "\u{e4}\r\n".as_bytes(), &long(999)] {
            assert!(fault(line, true).is_some(), "{line:?}");
        }
        assert!(fault(&long(511), false).is_some());
    }
}
