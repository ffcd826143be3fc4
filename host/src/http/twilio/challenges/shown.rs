//! How a challenge looks in an answer.

use crate::{
    factor::{Challenge, Identity},
    http::twilio::{auth::Called, dates::Date, entities, page::Base, sid},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// A challenge as it is answered.
#[derive(Serialize)]
pub(super) struct Shown {
    sid: String,
    account_sid: String,
    service_sid: String,
    entity_sid: String,
    identity: String,
    factor_sid: String,
    factor_type: &'static str,
    status: &'static str,
    /// Why an app answered; a code says nothing of it.
    responded_reason: Option<&'static str>,
    details: Option<Details>,
    hidden_details: Option<Map<String, Value>>,
    metadata: Option<Map<String, Value>>,
    date_created: Date,
    date_updated: Date,
    date_responded: Option<Date>,
    expiration_date: Date,
    url: String,
    links: Links,
}

#[derive(Serialize)]
struct Details {
    message: Option<String>,
    fields: Vec<Field>,
    date: Date,
}

#[derive(Serialize)]
struct Field {
    label: String,
    value: String,
}

#[derive(Serialize)]
struct Links {
    notifications: String,
}

impl Shown {
    pub(super) fn new(
        challenge: &Challenge,
        at: Timestamp,
        identity: &Identity,
        called: &Called,
        base: &Base,
    ) -> Self {
        let sid = sid::of_challenge(&challenge.id);
        let entity = entities::path(&called.service.sid, identity);
        let url = base.url(&format!("{entity}/Challenges/{sid}"));
        let texts = |metadata: &Option<crate::factor::Metadata>| {
            metadata.as_ref().map(|metadata| metadata.texts().clone())
        };
        let details = challenge.details.as_ref().map(|details| Details {
            message: details.message.clone(),
            fields: details
                .fields
                .iter()
                .map(|(label, value)| Field { label: label.clone(), value: value.clone() })
                .collect(),
            date: Date(challenge.created_at),
        });
        Self {
            sid,
            account_sid: called.account.sid.clone(),
            service_sid: called.service.sid.clone(),
            entity_sid: sid::of_entity(&challenge.entity),
            identity: identity.as_str().to_owned(),
            factor_sid: sid::of_factor(&challenge.factor),
            factor_type: "totp",
            status: challenge.status(at).as_str(),
            responded_reason: challenge.responded_at.map(|_| "none"),
            details,
            hidden_details: texts(&challenge.hidden),
            metadata: texts(&challenge.metadata),
            date_created: Date(challenge.created_at),
            date_updated: Date(challenge.updated_at),
            date_responded: challenge.responded_at.map(Date),
            expiration_date: Date(challenge.expires_at),
            links: Links { notifications: format!("{url}/Notifications") },
            url,
        }
    }
}
