//! How an entity looks in an answer.

use super::path;
use crate::{
    factor::Entity,
    http::twilio::{auth::Called, dates::Date, page::Base, sid},
};
use serde::Serialize;

/// An entity as it is answered.
#[derive(Serialize)]
pub(super) struct Shown {
    sid: String,
    identity: String,
    account_sid: String,
    service_sid: String,
    date_created: Date,
    date_updated: Date,
    url: String,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    factors: String,
    new_factors: String,
    challenges: String,
}

impl Shown {
    pub(super) fn new(entity: &Entity, called: &Called, base: &Base) -> Self {
        let url = base.url(&path(&called.service.sid, &entity.identity));
        let factors = format!("{url}/Factors");
        Self {
            sid: sid::of_entity(&entity.id),
            identity: entity.identity.as_str().to_owned(),
            account_sid: called.account.sid.clone(),
            service_sid: called.service.sid.clone(),
            date_created: Date(entity.created_at),
            date_updated: Date(entity.updated_at),
            links: Links { new_factors: factors.clone(), factors, challenges: format!("{url}/Challenges") },
            url,
        }
    }
}
