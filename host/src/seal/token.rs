//! A bearer token that says by itself for whom it is good: signed under a key of the server, kept nowhere.

use super::{Keys, is_same, keys::hex};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use provider_api::Secret;
use serde::{Deserialize, Serialize};

/// What every token begins with, so that scanners of leaked secrets know one.
const PREFIX: &str = "prt_";

/// The most bytes of one: a scope may name a few things.
const LONGEST: usize = 2048;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// As which application it calls.
    #[serde(rename = "a")]
    pub application: String,
    /// The public name of the API key that it was made from.
    #[serde(rename = "p")]
    pub api_key: String,
    /// What it is good for, in words with a space between them.
    #[serde(rename = "s")]
    pub scope: String,
    /// When it ends, in seconds since 1970; never by itself without it.
    #[serde(rename = "e")]
    ends_at: Option<i64>,
}

/// A token and the key that it was signed under.
#[derive(Serialize, Deserialize)]
struct Signed<T> {
    #[serde(rename = "k")]
    key: String,
    #[serde(flatten)]
    token: T,
}

impl Token {
    /// One that ends at a time, or never by itself.
    pub fn new(application: String, api_key: String, scope: String, ends_at: Option<Timestamp>) -> Self {
        Self { application, api_key, scope, ends_at: ends_at.map(Timestamp::as_second) }
    }

    /// Whether its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= now.as_second())
    }
}

impl Keys {
    /// Signs a token under the newest key.
    pub fn sign_token(&self, token: &Token) -> Secret {
        let key = self.newest();
        let signed = Signed { key: key.id().to_owned(), token };
        // Texts and a number: they have a JSON form.
        let said = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&signed).unwrap_or_default());
        let proof = hex(hmac::sign(key.tokens(), said.as_bytes()).as_ref());
        Secret::new(format!("{PREFIX}{said}.{proof}"))
    }

    /// What a token says that one of these keys signed, whether or not its time is over; `None` of anything else.
    pub fn read_token(&self, presented: &str) -> Option<Token> {
        let presented = Some(presented).filter(|presented| presented.len() <= LONGEST)?;
        let (said, proof) = presented.strip_prefix(PREFIX)?.split_once('.')?;
        let signed: Signed<Token> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(said).ok()?).ok()?;
        let key = self.by_id(&signed.key)?;
        let right = hex(hmac::sign(key.tokens(), said.as_bytes()).as_ref());
        is_same(&right, proof).then_some(signed.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::millis, seal::keys_of};
    use proptest::prelude::*;

    fn token() -> Token {
        Token::new("web".to_owned(), "0123456789abcdef".to_owned(), "otp".to_owned(), Some(millis(90_000)))
    }

    /// X2
    #[test]
    fn a_token_is_read_under_the_key_that_signed_it_and_under_no_other() {
        let old = keys_of(&[("a", 1)]);
        let signed = old.sign_token(&token());
        assert_eq!(old.read_token(signed.expose()), Some(token()));
        assert_eq!(keys_of(&[("a", 1), ("b", 2)]).read_token(signed.expose()), Some(token()), "rotated");
        for other in [keys_of(&[("b", 1)]), keys_of(&[("a", 2)])] {
            assert_eq!(other.read_token(signed.expose()), None);
        }
        assert!(!format!("{signed:?}").contains("prt_"));
    }

    #[test]
    fn a_token_ends_on_its_second_or_never() {
        assert!(!token().is_over(millis(89_999)) && token().is_over(millis(90_000)));
        let endless = Token { ends_at: None, ..token() };
        assert!(!endless.is_over(Timestamp::MAX));
    }

    proptest! {
        /// One other byte anywhere, and it is none.
        #[test]
        fn a_token_that_was_changed_is_none(at in 0_usize..200, byte in 0x21_u8..0x7f) {
            let keys = keys_of(&[("a", 1)]);
            let signed = keys.sign_token(&token());
            let mut changed = signed.expose().as_bytes().to_vec();
            let at = at % changed.len();
            let same = std::mem::replace(&mut changed[at], byte) == byte;
            let read = keys.read_token(std::str::from_utf8(&changed).unwrap());
            prop_assert_eq!(read.is_some(), same);
        }

        #[test]
        fn no_text_is_too_strange_to_be_read(text in "(prt_)?\\PC{0,80}(\\.\\PC{0,80})?") {
            prop_assert_eq!(keys_of(&[("a", 1)]).read_token(&text), None);
        }
    }
}
