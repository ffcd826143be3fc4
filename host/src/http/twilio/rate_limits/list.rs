//! `GET …/RateLimits`: the limits of a Service.

use super::shown::Shown;
use crate::http::{
    shown::json,
    twilio::{
        Refused,
        auth::Called,
        form::Query,
        page::{Base, Meta, Paging},
    },
};
use axum::{http::StatusCode, response::Response};
use serde::Serialize;

#[derive(Serialize)]
struct RateLimits {
    rate_limits: Vec<Shown>,
    meta: Meta,
}

pub(in crate::http::twilio) async fn handle(
    called: Called,
    base: Base,
    query: Query,
) -> Result<Response, Refused> {
    let paging = Paging::read(&base, &format!("/Services/{}/RateLimits", called.service.sid), query)?;
    let all = called.service.settings.rate_limits.iter().collect();
    let (page, next) = paging.of("RK", all, |limit| limit.sid.clone())?;
    let rate_limits = page.into_iter().map(|limit| Shown::new(&called, &base, limit)).collect();
    let meta = paging.meta("rate_limits", next.as_deref());
    Ok(json(StatusCode::OK, &RateLimits { rate_limits, meta }))
}
