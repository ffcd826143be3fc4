//! Who calls: the account of `[twilio]` in HTTP Basic (RFC 7617), with its token or an API key of the scope `account`.

use super::{Refused, services::Service};
use crate::{
    config::Twilio,
    http::{Face, auth::basic},
    seal::is_same,
    verifier::Caller,
};
use axum::{
    extract::{FromRequestParts, OriginalUri, RawPathParams},
    http::request::Parts,
};
use provider_api::Secret;
use std::sync::Arc;

/// What an API key's SID has before the 16 digits of its public name.
const KEY_SID: &str = "SK0000000000000000";

/// The account that calls.
#[derive(Debug, Clone)]
pub(in crate::http) struct Account {
    /// Its SID.
    pub(in crate::http) sid: String,
    /// The API key that was called with, for the limits that count by it; none where it was the token.
    pub(in crate::http) api_key: Option<Secret>,
}

/// The account that calls, and the Service that the path names as `{service}`.
#[derive(Debug, Clone)]
pub(in crate::http) struct Called {
    /// Who calls.
    pub(in crate::http) account: Account,
    /// The Service.
    pub(in crate::http) service: Service,
    /// The other names in the path, in its order.
    names: Vec<(String, String)>,
    /// The path that was asked for.
    pub(in crate::http) path: String,
}

impl FromRequestParts<Arc<Face>> for Account {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, Refused> {
        let saved = face.saved.load();
        let known = saved.twilio.as_ref().ok_or_else(Refused::unauthorized)?;
        let (user, password) = basic(&parts.headers).ok_or_else(Refused::unauthorized)?;
        account(known, &user, &password, |key| {
            matches!(face.verifier.directory().caller(key), Some(Caller::Account))
        })
        .ok_or_else(Refused::unauthorized)
    }
}

impl FromRequestParts<Arc<Face>> for Called {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, Refused> {
        let account = Account::from_request_parts(parts, face).await?;
        let path = parts.extensions.get().map_or(&parts.uri, |OriginalUri(uri)| uri).path().to_owned();
        let missing = || Refused::not_found(&path);
        let names = RawPathParams::from_request_parts(parts, face).await.map_err(|_| missing())?;
        let mut names: Vec<(String, String)> =
            names.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let at = names.iter().position(|(name, _)| name == "service").ok_or_else(missing)?;
        let (_, sid) = names.swap_remove(at);
        let found = face.verifier.directory().service(&sid).ok_or_else(missing)?;
        Ok(Self { account, service: Service::of(found), names, path })
    }
}

impl Called {
    /// What the path says in this place; empty where it has none of this name.
    pub(in crate::http) fn name(&self, place: &str) -> &str {
        let found = self.names.iter().find(|(name, _)| name == place);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// 404 for the path that was asked for.
    pub(in crate::http) fn missing(&self) -> Refused {
        Refused::not_found(&self.path)
    }
}

/// The account that user and password stand for, if they do.
fn account(known: &Twilio, user: &str, password: &Secret, is_key: impl Fn(&str) -> bool) -> Option<Account> {
    let of = |api_key| Some(Account { sid: known.account_sid.clone(), api_key });
    if user == known.account_sid {
        // Without a token it is compared all the same, with what no password can be.
        let token = known.auth_token.as_ref().map_or("", Secret::expose);
        if is_same(token, password.expose()) && !token.is_empty() {
            return of(None);
        }
        return is_key(password.expose()).then(|| of(Some(password.clone())))?;
    }
    let id = user.strip_prefix(KEY_SID)?;
    let whole = match password.expose().strip_prefix("prk_") {
        Some(rest) if rest.split_once('_').is_some_and(|(named, _)| named == id) => password.clone(),
        Some(_) => return None,
        None => Secret::new(format!("prk_{id}_{}", password.expose())),
    };
    is_key(whole.expose()).then(|| of(Some(whole)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
    const KEY: &str = "prk_0123456789abcdef_secret";

    fn is_let_in(user: &str, password: &str) -> bool {
        let token = Some(Secret::new("token-of-twenty-characters"));
        let known = Twilio { account_sid: ACCOUNT.to_owned(), auth_token: token };
        account(&known, user, &Secret::new(password), |key| key == KEY).is_some()
    }

    #[test]
    fn the_account_is_let_in_with_its_token_and_with_an_api_key() {
        let sid = format!("{KEY_SID}0123456789abcdef");
        assert_eq!(sid.len(), 34);
        for (user, password) in [
            (ACCOUNT, "token-of-twenty-characters"),
            (ACCOUNT, KEY),
            (sid.as_str(), KEY),
            (sid.as_str(), "secret"),
        ] {
            assert!(is_let_in(user, password), "{user} {password}");
        }
        let other = format!("{KEY_SID}1123456789abcdef");
        for (user, password) in [
            (ACCOUNT, ""),
            (ACCOUNT, "token-of-twenty-character"),
            (ACCOUNT, "secret"),
            ("AC1123456789abcdef0123456789abcdef", "token-of-twenty-characters"),
            ("", "token-of-twenty-characters"),
            (sid.as_str(), "token-of-twenty-characters"),
            (sid.as_str(), ""),
            (other.as_str(), KEY),
            (other.as_str(), "secret"),
            (KEY_SID, KEY),
        ] {
            assert!(!is_let_in(user, password), "{user} {password}");
        }
    }

    #[test]
    fn an_account_without_a_token_is_let_in_with_an_api_key_only() {
        let known = Twilio { account_sid: ACCOUNT.to_owned(), auth_token: None };
        let is_in = |password| account(&known, ACCOUNT, &Secret::new(password), |key| key == KEY).is_some();
        assert_eq!((is_in(""), is_in("x"), is_in(KEY)), (false, false, true));
    }
}
