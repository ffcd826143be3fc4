//! Base32 (RFC 4648 section 6), the letters in which people and programs hand on secrets of authenticator apps.

use zeroize::Zeroizing;

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Writes bytes without padding, as authenticator apps want them.
pub(super) fn write(bytes: &[u8]) -> Zeroizing<String> {
    // Reserved at once: growing would leave copies behind that nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(5) * 8));
    for chunk in bytes.chunks(5) {
        let whole =
            (0..5).fold(0_u64, |whole, at| whole << 8 | u64::from(chunk.get(at).copied().unwrap_or(0)));
        let letters = (chunk.len() * 8).div_ceil(5);
        let letter = |at: usize| LETTERS.get(usize::try_from(whole >> (35 - 5 * at) & 31).unwrap_or(0));
        text.extend((0..letters).filter_map(letter).copied().map(char::from));
    }
    text
}

/// Reads what people copy: case, spaces, dashes and padding do not matter, and neither do bits that fill no byte, as apps
/// ignore them too. `None` if it is anything else, or if letters are missing.
pub(super) fn read(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim_end_matches(|c: char| c == '=' || c.is_ascii_whitespace());
    let letters = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'-');
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut held, mut bits, mut count) = (0_u32, 0_u32, 0_usize);
    for letter in letters {
        let value = match letter.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        // At most seven bits wait, so nothing of them is lost.
        held = (held << 5 | u32::from(value)) & 0xfff;
        bits += 5;
        count += 1;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap_or_default());
        }
    }
    // No number of whole bytes has as many letters.
    let is_whole = !matches!(count % 8, 1 | 3 | 6);
    is_whole.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 4648 section 10, without the padding.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        for (clear, written) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(*write(clear.as_bytes()), written);
            for typed in [written.to_owned(), written.to_lowercase(), format!("{written}======")] {
                assert_eq!(read(&typed).unwrap().as_slice(), clear.as_bytes(), "{typed}");
            }
        }
    }

    #[test]
    fn what_people_copy_is_read_and_what_is_no_secret_is_not() {
        assert_eq!(read("mzxw-6ytb oi\n").unwrap().as_slice(), b"foobar");
        for bad in ["M", "MZX", "MZXW6Y", "MZXW1", "MZXW0", "MZXW8", "MZ=XQ", "MZXQ\u{e9}"] {
            assert!(read(bad).is_none(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            let written = write(&bytes);
            prop_assert!(written.bytes().all(|letter| LETTERS.contains(&letter)));
            let read = read(&written).unwrap();
            prop_assert_eq!(read.as_slice(), bytes.as_slice());
        }

        #[test]
        fn whatever_is_read_nothing_breaks(text in "\\PC{0,40}|[A-Z2-7 =-]{0,40}") {
            if let Some(bytes) = read(&text) {
                prop_assert!(bytes.len() <= text.len());
            }
        }
    }
}
