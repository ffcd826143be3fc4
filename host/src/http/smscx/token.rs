//! `POST /oauth/token`: an application's id and secret for a bearer token (X1, X2; RFC 6749 section 4.4).

use super::{
    Refused,
    body::{is, unsupported, whole},
    caller::SCOPE,
};
use crate::{
    application::Application,
    http::{Face, auth::basic, shown::json},
    verifier::Caller,
};
use axum::{
    extract::{FromRequest, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use provider_api::Secret;
use serde::Serialize;
use std::{sync::Arc, time::Duration};

/// The number that SMS.CX has for every failure here.
const CODE: u16 = 1600;

const FORM: &str = "application/x-www-form-urlencoded";

/// The scopes that callers of SMS.CX may ask for; a token here is good for one of them.
const KNOWN: [&str; 16] = [
    "account",
    "applications",
    "attachments",
    "conversations",
    "groups",
    "multichannel",
    "numbers",
    "optouts",
    "originators",
    SCOPE,
    "reports",
    "shortlinks",
    "sms",
    "templates",
    "viber",
    "whatsapp",
];

/// What is told of a token without an end of its own: SMS.CX's SDK needs a number. Ten years.
const ENDLESS: Duration = Duration::from_hours(10 * 365 * 24);

/// What is asked.
pub(super) struct Asked {
    grant_type: Option<String>,
    scope: Option<String>,
    client: Option<(String, Secret)>,
}

#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    expires_in: u64,
    token_type: &'static str,
    scope: &'static str,
}

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        if !is(request.headers(), FORM) {
            return Err(unsupported(FORM));
        }
        let by_header = basic(request.headers());
        let form = whole(request, state).await?;
        let mut asked = Self::read(&form)?;
        asked.client = by_header.or(asked.client);
        Ok(asked)
    }
}

impl Asked {
    /// Reads the form; what it has besides is none of ours (RFC 6749 section 3.2), and nothing may stand there twice.
    pub(super) fn read(form: &[u8]) -> Result<Self, Refused> {
        let (mut grant_type, mut scope, mut id, mut secret) = (None, None, None, None);
        for (name, value) in form_urlencoded::parse(form) {
            let place = match name.as_ref() {
                "grant_type" => &mut grant_type,
                "scope" => &mut scope,
                "client_id" => &mut id,
                "client_secret" => &mut secret,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                let message = "a parameter stands there twice";
                return Err(Refused::new(StatusCode::BAD_REQUEST, "invalid_request", CODE, message));
            }
        }
        let client = id.zip(secret.map(Secret::new));
        Ok(Self { grant_type, scope, client })
    }
}

pub(super) async fn handle(State(face): State<Arc<Face>>, asked: Asked) -> Result<Response, Refused> {
    let bad = |kind, message| Refused::new(StatusCode::BAD_REQUEST, kind, CODE, message);
    match asked.grant_type.as_deref() {
        Some("client_credentials") => {}
        None | Some("") => return Err(bad("invalid_request", "`grant_type` is missing")),
        Some(_) => {
            return Err(bad("unsupported_grant_type", "`grant_type` is `client_credentials` and no other"));
        }
    }
    let (application, secret) = client(&face, asked.client).ok_or_else(invalid_client)?;
    if !is_scope(asked.scope.as_deref().unwrap_or(SCOPE)) {
        return Err(bad("invalid_scope", "`scope` names something unknown, or not `otp`"));
    }
    let life = face.saved.load().smscx.as_ref().and_then(|smscx| smscx.token_life);
    let token = face.verifier.issue_token(&application, &secret, SCOPE, life);
    let answer = Answer {
        access_token: token.expose(),
        expires_in: life.unwrap_or(ENDLESS).as_secs(),
        token_type: "Bearer",
        scope: SCOPE,
    };
    Ok(json(StatusCode::OK, &answer))
}

/// The application that id and secret stand for: the secret is one of its API keys, or one of the scope `account`.
fn client(face: &Face, client: Option<(String, Secret)>) -> Option<(Arc<Application>, Secret)> {
    let (id, secret) = client?;
    let application = match face.verifier.directory().caller(secret.expose())? {
        Caller::Application(own) => Some(own).filter(|own| own.id == id)?,
        Caller::Account => face.verifier.directory().application(&id)?,
        Caller::Operator => return None,
    };
    Some((application, secret))
}

fn invalid_client() -> Refused {
    let message = "id and secret are those of no application";
    Refused::new(StatusCode::UNAUTHORIZED, "invalid_client", CODE, message)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"otp\""))
}

/// Whether somebody may ask for these scopes; nothing at all is all there are.
fn is_scope(scope: &str) -> bool {
    let mut words = scope.split(' ').filter(|word| !word.is_empty()).peekable();
    if words.peek().is_none() {
        return true;
    }
    let words: Vec<&str> = words.collect();
    words.iter().all(|word| KNOWN.contains(word)) && words.contains(&SCOPE)
}
