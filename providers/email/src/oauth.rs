//! OAuth 2.0 access tokens from an authorization server, through the host's HTTP (RFC 6749 sections 4.4 and 6).

use crate::config::OAuth;
use provider_api::{DeliveryError, Failure, Host, HttpRequest, HttpResponse, Secret};
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

/// How long before its end a token is no longer used.
const EARLY_MS: i64 = 60_000;
/// How long a token is good for if the authorization server does not say.
const USUAL_S: i64 = 3_600;
/// The errors of RFC 6749 section 5.2: other words are not repeated.
const KNOWN: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// Fetches tokens and keeps the one in use.
pub(crate) struct OAuthClient {
    config: OAuth,
    host: Host,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<Secret>,
    /// By the host's clock.
    expires_at_ms: i64,
    /// A newer one than the configuration's, where the server replaces it with each use.
    refresh_token: Option<Secret>,
}

/// The answer of RFC 6749 section 5.1.
#[derive(serde::Deserialize)]
pub(crate) struct Granted {
    pub(crate) access_token: Secret,
    #[serde(default)]
    expires_in: Option<i64>,
    #[serde(default)]
    refresh_token: Option<Secret>,
}

#[derive(serde::Deserialize)]
struct Refused {
    error: String,
}

impl OAuthClient {
    /// Asks nobody yet.
    ///
    /// # Errors
    ///
    /// When the table `oauth` cannot be right.
    pub(crate) fn new(config: OAuth, host: Host) -> Result<Self, DeliveryError> {
        let wrong = |text: &str| Err(DeliveryError::misconfigured(text));
        match Url::parse(&config.token_url) {
            Ok(url) if url.scheme() == "https" => {}
            Ok(url) if url.scheme() == "http" && is_loopback(&url) => {}
            Ok(url) if url.scheme() == "http" => {
                return wrong(
                    "`oauth.token_url` begins with `http:`, and secrets are sent there; use `https:`",
                );
            }
            _ => {
                return wrong(
                    "`oauth.token_url` is no address; write it as in `https://login.example.com/token`",
                );
            }
        }
        if config.client_id.trim().is_empty() {
            return wrong(
                "`oauth.client_id` is empty; it is the name under which this application is registered",
            );
        }
        if config.refresh_token.is_none() && config.client_secret.is_none() {
            return wrong(
                "`oauth` has neither `refresh_token` nor `client_secret`; set at least one of them",
            );
        }
        Ok(Self { config, host, kept: Mutex::default() })
    }

    /// A token that is good for a while yet. Whoever comes meanwhile waits for the same one.
    ///
    /// # Errors
    ///
    /// When there is none: the mail was not sent then.
    pub(crate) async fn token(&self) -> Result<Secret, DeliveryError> {
        let mut kept = self.kept.lock().await;
        if let Some(token) = &kept.token
            && self.host.now_ms() < kept.expires_at_ms.saturating_sub(EARLY_MS)
        {
            return Ok(token.clone());
        }
        let granted = self.ask(kept.refresh_token.as_ref()).await?;
        let lasts_ms = granted.expires_in.unwrap_or(USUAL_S).saturating_mul(1_000);
        kept.expires_at_ms = self.host.now_ms().saturating_add(lasts_ms);
        kept.token = Some(granted.access_token.clone());
        if granted.refresh_token.is_some() {
            kept.refresh_token = granted.refresh_token;
        }
        Ok(granted.access_token)
    }

    /// Throws this token away, unless another has taken its place already.
    pub(crate) async fn forget(&self, refused: &Secret) {
        let mut kept = self.kept.lock().await;
        if kept.token.as_ref() == Some(refused) {
            kept.token = None;
        }
    }

    async fn ask(&self, newer: Option<&Secret>) -> Result<Granted, DeliveryError> {
        let request = HttpRequest::post(&self.config.token_url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(self.form(newer));
        let answer = self.host.http(request).await.map_err(|mut error| {
            // Whatever became of the question for a token: the mail was not sent.
            if error.failure == Failure::Unknown {
                error.failure = Failure::Unavailable;
            }
            error.text = format!("no access token from `oauth.token_url`: {}", error.text);
            error
        })?;
        granted(&answer)
    }

    /// The request of section 6, or of section 4.4 where there is nothing to refresh.
    fn form(&self, newer: Option<&Secret>) -> String {
        let OAuth { client_id, client_secret, refresh_token, scope, .. } = &self.config;
        let mut form = form_urlencoded::Serializer::new(String::new());
        match newer.or(refresh_token.as_ref()) {
            Some(token) => {
                form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token.expose())
            }
            None => form.append_pair("grant_type", "client_credentials"),
        };
        form.append_pair("client_id", client_id);
        if let Some(secret) = client_secret {
            form.append_pair("client_secret", secret.expose());
        }
        if let Some(scope) = scope {
            form.append_pair("scope", scope);
        }
        form.finish()
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

pub(crate) fn granted(answer: &HttpResponse) -> Result<Granted, DeliveryError> {
    let unreadable = || {
        DeliveryError::misconfigured(
            "the answer of `oauth.token_url` is none of a token endpoint; look at the address",
        )
    };
    match answer.status {
        200 => {
            let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
            let token = granted.access_token.expose();
            // What cannot stand in a login is no token.
            let usable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
            usable.then_some(granted).ok_or_else(unreadable)
        }
        429 => Err(DeliveryError::new(Failure::Throttled, "`oauth.token_url` was asked too often")),
        500.. => {
            Err(DeliveryError::unavailable("`oauth.token_url` is out of order and gives no access token"))
        }
        _ => Err(refused(&answer.body).unwrap_or_else(unreadable)),
    }
}

fn refused(body: &[u8]) -> Option<DeliveryError> {
    let Refused { error } = serde_json::from_slice(body).ok()?;
    let error = KNOWN.into_iter().find(|known| *known == error)?;
    let text = match error {
        "invalid_grant" => {
            "the authorization server refuses `oauth.refresh_token`: it has expired or was withdrawn; get a new one"
        }
        "invalid_client" => "the authorization server refuses `oauth.client_id` or `oauth.client_secret`",
        "invalid_scope" => "the authorization server refuses `oauth.scope`",
        "unauthorized_client" | "unsupported_grant_type" => {
            "the authorization server does not allow this application to get a token in this way; look at its registration, and at `oauth.refresh_token`"
        }
        _ => "the authorization server does not understand the request; look at the table `oauth`",
    };
    Some(DeliveryError::misconfigured(text).with_code(error))
}
