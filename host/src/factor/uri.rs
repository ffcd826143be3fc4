//! The link that an authenticator app reads from a picture: `otpauth://totp/…`, by the "Key URI Format" that all of them know.

use super::{Factor, FactorName, Totp};
use crate::seal::SharedSecret;
use std::fmt::Write as _;
use zeroize::Zeroizing;

impl Factor {
    /// What an app is shown to have this secret under the name of whoever issues it. It is the secret: told once.
    pub fn uri(&self, issuer: &str, secret: &SharedSecret) -> Zeroizing<String> {
        uri(issuer, &self.name, self.totp, secret)
    }
}

fn uri(issuer: &str, name: &FactorName, totp: Totp, secret: &SharedSecret) -> Zeroizing<String> {
    let (issuer, name, secret) = (escaped(issuer), escaped(name.as_str()), secret.expose());
    let (hash, digits, step) = (totp.hash().as_str().to_uppercase(), totp.digits(), totp.step());
    // Reserved at once: growing would leave copies behind that nobody wipes.
    let mut uri = Zeroizing::new(String::with_capacity(128 + 2 * issuer.len() + name.len() + secret.len()));
    // Writing to a text does not fail.
    let _written = write!(
        uri,
        "otpauth://totp/{issuer}:{name}?secret={}&issuer={issuer}&algorithm={hash}&digits={digits}&period={step}",
        secret.as_str()
    );
    uri
}

/// Everything that is not unreserved (RFC 3986 section 2.3) is escaped, a space too: apps do not know `+`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            // Writing to a text does not fail.
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::CodeHash;

    #[test]
    fn the_link_says_all_that_an_app_has_to_know() {
        let secret = SharedSecret::of(b"12345678901234567890");
        let name = FactorName::try_from("Ada's phone: 2".to_owned()).unwrap();
        assert_eq!(
            *uri("Ärger & Söhne", &name, Totp::default(), &secret),
            "otpauth://totp/%C3%84rger%20%26%20S%C3%B6hne:Ada%27s%20phone%3A%202\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%C3%84rger%20%26%20S%C3%B6hne\
             &algorithm=SHA1&digits=6&period=30"
        );
        let totp = Totp::default().with_hash(CodeHash::Sha512).with_digits(8).unwrap().with_step(60).unwrap();
        assert!(uri("x", &name, totp, &secret).ends_with("&issuer=x&algorithm=SHA512&digits=8&period=60"));
    }
}
