//! Bearer tokens: made from an application's API key, and good for as long as that key is.

use super::Verifier;
use crate::{
    application::Application,
    clock::after,
    seal::{Token, public_name},
};
use provider_api::Secret;
use std::{sync::Arc, time::Duration};

impl Verifier {
    /// A token that calls as this application; it ends with the API key that it is made from, or before.
    pub fn issue_token(
        &self,
        application: &Application,
        api_key: &Secret,
        scope: &str,
        life: Option<Duration>,
    ) -> Secret {
        let ends_at = life.map(|life| after(self.clock.now(), life));
        let api_key = public_name(api_key.expose());
        let token = Token::new(application.id.clone(), api_key, scope.to_owned(), ends_at);
        self.keys.now().sign_token(&token)
    }

    /// The application that a token calls as, and what the token says; `None` once it is over, its API key is revoked or
    /// its application is gone.
    pub fn token(&self, presented: &str) -> Option<(Arc<Application>, Token)> {
        let token = self.keys.now().read_token(presented)?;
        if token.is_over(self.clock.now()) {
            return None;
        }
        let application = self.directory.named_key(&token.api_key, &token.application)?;
        Some((application, token))
    }
}
