//! Who we are to the server: all of it or nothing.

use super::wrong;
use crate::{
    config::{Auth, Config},
    login::{Login, Token},
    oauth::OAuthClient,
};
use lettre::transport::smtp::authentication::Mechanism;
use provider_api::{DeliveryError, Host, Secret};

/// Reads how to log in.
pub(super) fn read(config: Config, host: &Host) -> Result<Login, DeliveryError> {
    let Config { username, password, auth, access_token, oauth, .. } = config;
    let given = [password.is_some(), access_token.is_some(), oauth.is_some()];
    let username = username.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let Some(username) = username else {
        return match (given.contains(&true), auth) {
            (false, None) => Ok(Login::None),
            (true, _) => Err(wrong(
                "`username` is missing; whoever has a password or a token has a name to log in with",
            )),
            (false, Some(_)) => Err(wrong("`auth` is set and `username` is missing; set both or neither")),
        };
    };
    if given.iter().filter(|given| **given).count() > 1 {
        return Err(wrong(
            "only one of `password`, `access_token` and `oauth` can be set; remove the others",
        ));
    }
    let by_token = match (&password, auth) {
        (None, None | Some(Auth::Xoauth2)) => true,
        (None, Some(_)) if given.contains(&true) => {
            return Err(wrong("`auth` takes a password and a token is set; remove `auth` or set `password`"));
        }
        (Some(_), Some(Auth::Xoauth2)) => {
            return Err(wrong(
                "`auth` is \"xoauth2\", which takes `access_token` or `oauth`, and `password` is set",
            ));
        }
        _ => false,
    };
    if by_token {
        let token = match (access_token, oauth) {
            (Some(token), _) => Token::Fixed(sendable("access_token", token)?),
            (None, Some(oauth)) => Token::Fetched(Box::new(OAuthClient::new(oauth, host.clone())?)),
            (None, None) => {
                return Err(wrong(
                    "`username` is set without anything to prove it; set `password`, `access_token` or `oauth`",
                ));
            }
        };
        return Ok(Login::Token { username, token });
    }
    let Some(password) = password else {
        return Err(wrong("`password` is missing; `auth` and `username` are of no use without it"));
    };
    let mechanisms = match auth {
        Some(Auth::Plain) => &[Mechanism::Plain][..],
        Some(Auth::Login) => &[Mechanism::Login],
        _ => &[Mechanism::Plain, Mechanism::Login],
    };
    Ok(Login::Password { username, password: sendable("password", password)?, mechanisms })
}

/// A line break in a secret is a slip of the file it came from, and a NUL cannot be sent by PLAIN.
fn sendable(key: &str, secret: Secret) -> Result<Secret, DeliveryError> {
    match secret.expose() {
        "" => Err(wrong(format!("`{key}` is empty; set it or remove it"))),
        text if text.chars().any(char::is_control) => {
            Err(wrong(format!("`{key}` holds a line break or another control character; remove it")))
        }
        _ => Ok(secret),
    }
}
