//! Whatever stands in a file: nothing of it is told, and nothing of it makes the reader panic.

use super::{environment, read};
use crate::config::{Draft, EXAMPLE};
use proptest::prelude::*;
use std::path::Path;

/// Every place of a file in which a text may stand, `@` for the text.
const TEXTS: &str = r#"
[server]
listen = "@"
[site]
name = "@"
support_email = "@"
[store]
url = "@"
[log]
filter = "@"
format = "@"
[providers.sms_twilio]
enabled = "@"
library = "@"
isolation = "@"
timeout = "@"
queue = "@"
sha256 = "@"
[providers.b]
library = "sms_twilio"
[providers.b.config]
account_sid = "@"
auth_token = ["@"]
spare_token = { env = "@" }
old_tokens = ["@", { env = "@", other = "@" }, ["@"], { file = "@", env = "@" }]
region = "@"
tries = "@"
proxy = { host = ["@"], password = { value = "@" }, other = "@" }
mode = { kind = "@", key = "@", rounds = "@" }
unknown = "@"
[providers.c]
library = "sms_twilio"
config = "@"
[providers.d.config]
any = "@"
[routes]
sms = ["@", "b"]
call = "@"
[applications.web]
api_keys = ["@", { env = "@" }, "@"]
methods = ["@", "@:code", "sms:@", "sms:code"]
preferred = "@"
code = { length = "@", alphabet = "@", lifetime = "@", pause = "@" }
[applications.other]
api_keys = ["@"]
methods = "@"
unknown = ["@"]
"#;

/// No secret in any output, wherever it was pasted.
#[test]
fn no_text_of_a_bad_file_is_ever_told() {
    const MARKER: &str = "S3cr3t-Marker/of/the+operator==";
    let text = TEXTS.replace('@', MARKER);
    let mistakes = read(&text).unwrap_err();
    assert!(mistakes.iter().count() > 35, "{mistakes}");
    let output = format!("{mistakes}{mistakes:?}{}", serde_json::to_string(&mistakes).unwrap());
    assert!(!output.contains("Marker"), "{output}");
    let draft = Draft::parse(&text, Path::new("p.toml"), environment());
    assert!(!format!("{draft:?}").contains("Marker"));
    // A syntax error on any of its lines shows no more.
    for cut in (0..text.len()).step_by(7) {
        for broken in [&text[..cut], &text[cut..]] {
            let told =
                read(broken).map_or_else(|mistakes| mistakes.to_string(), |config| format!("{config:?}"));
            assert!(!told.contains("Marker/of"), "{told}");
        }
    }
}

#[test]
fn a_file_that_nests_without_end_is_refused() {
    for nested in ["a.", "[", "a=[", "a={", "[["] {
        for text in [nested.repeat(20_000), format!("[{}a]\n", nested.repeat(20_000))] {
            assert!(read(&text).is_err(), "{nested}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_the_bytes_reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        drop(read(&String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn whatever_the_characters_reading_never_panics(text in "[a-z\\[\\]{}=\"'#.,0-9\n -]{0,200}") {
        drop(read(&text));
    }

    #[test]
    fn a_file_with_a_piece_cut_out_or_put_in_never_panics(
        from in 0_usize..9000,
        length in 0_usize..80,
        put in "[a-z\\[\\]{}=\"'#.,0-9\n]{0,12}",
    ) {
        for whole in [EXAMPLE, TEXTS] {
            let mut text: Vec<char> = whole.replace("\n#", "\n").chars().collect();
            let from = from.min(text.len());
            let to = (from + length).min(text.len());
            text.splice(from..to, put.chars());
            drop(read(&text.iter().collect::<String>()));
        }
    }
}
