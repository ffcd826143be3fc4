//! Who we are to the server.

use crate::{connect::Server, oauth::OAuthClient, refusal, stage::Stage, trouble};
use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::AsyncSmtpConnection,
};
use provider_api::{DeliveryError, Secret};

/// How we log in.
pub(crate) enum Login {
    /// Not at all.
    None,
    /// With a password, by the first of the mechanisms that the server offers.
    Password { username: String, password: Secret, mechanisms: &'static [Mechanism] },
    /// With an OAuth 2.0 access token.
    Token { username: String, token: Token },
}

/// Where the access token comes from.
pub(crate) enum Token {
    /// The configuration.
    Fixed(Secret),
    /// An authorization server.
    Fetched(Box<OAuthClient>),
}

/// Why nobody is logged in.
pub(crate) enum NoLogin {
    /// The token may have been withdrawn before its time: a fresh one is worth one more connection.
    Stale(DeliveryError),
    /// Nothing to be done.
    Failed(DeliveryError),
}

impl From<NoLogin> for DeliveryError {
    fn from(why: NoLogin) -> Self {
        match why {
            NoLogin::Stale(error) | NoLogin::Failed(error) => error,
        }
    }
}

impl From<DeliveryError> for NoLogin {
    fn from(error: DeliveryError) -> Self {
        Self::Failed(error)
    }
}

impl Login {
    /// What is to be shown to the server, if anything.
    ///
    /// # Errors
    ///
    /// With what the authorization server refuses.
    pub(crate) async fn secret(&self) -> Result<Option<Secret>, DeliveryError> {
        Ok(match self {
            Self::None => None,
            Self::Password { password: secret, .. } | Self::Token { token: Token::Fixed(secret), .. } => {
                Some(secret.clone())
            }
            Self::Token { token: Token::Fetched(client), .. } => Some(client.token().await?),
        })
    }

    /// Logs in.
    ///
    /// # Errors
    ///
    /// With what the server refuses; no mail was sent.
    pub(crate) async fn perform(
        &self,
        secret: Option<Secret>,
        connection: &mut AsyncSmtpConnection,
        server: &Server,
    ) -> Result<(), NoLogin> {
        let (username, mechanisms) = match self {
            Self::None => return Ok(()),
            Self::Password { username, mechanisms, .. } => (username, *mechanisms),
            Self::Token { username, .. } => (username, &[Mechanism::Xoauth2][..]),
        };
        let Some(secret) = secret else { return Ok(()) };
        if connection.server_info().get_auth_mechanism(mechanisms).is_none() {
            return Err(not_offered(server, mechanisms).into());
        }
        let credentials = Credentials::new(username.clone(), secret.expose().to_owned());
        let Err(cause) = connection.auth(mechanisms, &credentials).await else { return Ok(()) };
        // A refused token is told in a challenge (334), which lettre takes for a mistake of its own.
        let refused = cause.is_permanent() || cause.is_client();
        if !refused {
            return Err(trouble::during(Stage::Login, server, &cause).into());
        }
        let error = refusal::of_login(&cause, matches!(self, Self::Token { .. }));
        match self {
            Self::Token { token: Token::Fetched(client), .. } => {
                client.forget(&secret).await;
                Err(NoLogin::Stale(error))
            }
            _ => Err(error.into()),
        }
    }
}

fn not_offered(server: &Server, mechanisms: &[Mechanism]) -> DeliveryError {
    let names: Vec<String> = mechanisms.iter().map(ToString::to_string).collect();
    DeliveryError::misconfigured(format!(
        "{} does not offer to log in by {}; look at `auth` and `tls`, or remove `username` if it wants no login",
        server.named(),
        names.join(" or ")
    ))
}
