//! What events are signed with, so that whoever receives one knows whom it comes from (Standard Webhooks 1.0.0).

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{fmt, ops::RangeInclusive};

/// What such a secret begins with.
const PREFIX: &str = "whsec_";

/// How many bytes it has.
const LENGTHS: RangeInclusive<usize> = 24..=64;

/// A secret that an application shares with this server. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct WebhookSecret(hmac::Key);

impl WebhookSecret {
    /// Reads `whsec_` and 24 to 64 bytes in base64; `None` of anything else.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        LENGTHS.contains(&bytes.len()).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The value of the header `webhook-signature` for a body that is sent under this id at this time, in seconds
    /// since 1970.
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{seconds}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// The vector of the specification.
    #[test]
    fn an_event_is_signed_as_the_standard_says() {
        let secret = WebhookSecret::read(SECRET).unwrap();
        let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
        let signature = secret.sign(id, at, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(format!("{secret:?}"), "WebhookSecret(***)");
    }

    #[test]
    fn a_secret_has_its_prefix_and_24_to_64_bytes() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![1_u8; bytes]));
        for (text, is_one) in [
            (SECRET, true),
            (&SECRET[6..], false),
            ("whsec_", false),
            ("whsec_?", false),
            (&of(23), false),
            (&of(24), true),
            (&of(64), true),
            (&of(65), false),
        ] {
            assert_eq!(WebhookSecret::read(text).is_some(), is_one, "{text}");
        }
    }
}
