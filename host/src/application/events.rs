//! Where an application is told of what happens by itself.

use crate::seal::WebhookSecret;
use std::fmt;

/// Where an application is told of what happens by itself, and what that is signed with. `Debug` shows no address: it may
/// hold a secret.
#[derive(Clone, Default)]
pub struct Events {
    /// Where the SMS.CX face has the end of a verification told whose start does not say so itself: a start of another face
    /// has none.
    pub url: Option<String>,
    /// What is told is signed with this, wherever it goes; without one it is not signed.
    pub secret: Option<WebhookSecret>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("url", &self.url.is_some())
            .field("secret", &self.secret.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_not_shown() {
        let url = Some("https://example.com/token-7".to_owned());
        assert_eq!(format!("{:?}", Events { url, secret: None }), "Events { url: true, secret: false }");
    }
}
