//! How a factor looks in an answer; its secret is in the first one only.

use crate::{
    factor::{Factor, Identity},
    http::twilio::{auth::Called, dates::Date, entities, page::Base, sid},
    verifier::Enrolled,
};
use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// A factor as it is answered.
#[derive(Serialize)]
pub(super) struct Shown {
    sid: String,
    account_sid: String,
    service_sid: String,
    entity_sid: String,
    identity: String,
    friendly_name: String,
    status: &'static str,
    factor_type: &'static str,
    config: Config,
    metadata: Option<Map<String, Value>>,
    date_created: Date,
    date_updated: Date,
    url: String,
}

#[derive(Serialize)]
struct Config {
    alg: &'static str,
    skew: u8,
    code_length: u8,
    time_step: u8,
}

/// A factor as the answer to its making tells it.
#[derive(Serialize)]
pub(super) struct NewShown {
    #[serde(flatten)]
    factor: Shown,
    binding: Binding,
    options: Option<()>,
}

/// What an app has to know. No `Debug`: it is the secret.
#[derive(Serialize)]
struct Binding {
    #[serde(serialize_with = "as_text")]
    secret: Zeroizing<String>,
    #[serde(serialize_with = "as_text")]
    uri: Zeroizing<String>,
}

impl Shown {
    pub(super) fn new(factor: &Factor, identity: &Identity, called: &Called, base: &Base) -> Self {
        let (sid, totp) = (sid::of_factor(&factor.id), factor.totp);
        let entity = entities::path(&called.service.sid, identity);
        Self {
            url: base.url(&format!("{entity}/Factors/{sid}")),
            sid,
            account_sid: called.account.sid.clone(),
            service_sid: called.service.sid.clone(),
            entity_sid: sid::of_entity(&factor.entity),
            identity: identity.as_str().to_owned(),
            friendly_name: factor.name.as_str().to_owned(),
            status: factor.status().as_str(),
            factor_type: "totp",
            config: Config {
                alg: totp.hash().as_str(),
                skew: totp.skew(),
                code_length: totp.digits(),
                time_step: totp.step(),
            },
            metadata: factor.metadata.as_ref().map(|metadata| metadata.texts().clone()),
            date_created: Date(factor.created_at),
            date_updated: Date(factor.updated_at),
        }
    }
}

impl NewShown {
    pub(super) fn new(made: &Enrolled, identity: &Identity, called: &Called, base: &Base) -> Self {
        let Enrolled { factor, secret } = made;
        let settings = &called.service.settings;
        let issuer = settings.totp.issuer.as_deref().unwrap_or(&settings.friendly_name);
        let binding = Binding { secret: secret.expose(), uri: factor.uri(issuer, secret) };
        Self { factor: Shown::new(factor, identity, called, base), binding, options: None }
    }
}

fn as_text<S: serde::Serializer>(text: &Zeroizing<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text)
}
