//! `GET /v2/Services`: every Service.

use super::{Service, shown::Shown};
use crate::http::{
    Face,
    shown::json,
    twilio::{
        Refused,
        auth::Account,
        form::Query,
        page::{Base, Meta, Paging},
    },
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Services {
    services: Vec<Shown>,
    meta: Meta,
}

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    account: Account,
    base: Base,
    query: Query,
) -> Result<Response, Refused> {
    let paging = Paging::read(&base, "/Services", query)?;
    let all = face.verifier.directory().services();
    let (page, next) = paging.of("VA", all, |found| found.application.service_sid().to_string())?;
    let services = page.into_iter().map(|found| Shown::new(&Service::of(found), &account, &base)).collect();
    Ok(json(StatusCode::OK, &Services { services, meta: paging.meta("services", next.as_deref()) }))
}
