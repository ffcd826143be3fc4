//! Rate limits that a caller makes for a Service: a start that names one comes under each of its buckets, in front of the
//! application's own limits and in the same job.

pub(super) mod buckets;
pub(super) mod create;
pub(super) mod list;
mod shown;

use super::{Refused, auth::Called, form::Form, page::Base, services::change};
use crate::{
    http::{Face, shown::json},
    limit::Rate,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shown::Shown;
use std::{sync::Arc, time::Duration};

/// The most bytes of a description.
const LONGEST: usize = 256;

/// A limit by its name, without a rate of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::http) struct RateLimit {
    sid: String,
    /// What a start calls it.
    pub(in crate::http) unique_name: String,
    description: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    buckets: Vec<Bucket>,
}

/// A rate of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Bucket {
    sid: String,
    max: u32,
    /// In seconds.
    interval: u32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl RateLimit {
    /// How often a start may name it.
    pub(in crate::http) fn rates(&self) -> impl Iterator<Item = Rate> {
        let rate = |bucket: &Bucket| Rate::new(bucket.max, Duration::from_secs(bucket.interval.into()));
        self.buckets.iter().map(rate)
    }
}

/// The limit that the path names.
fn named(called: &Called) -> Result<&RateLimit, Refused> {
    let name = called.name("limit");
    let found = called.service.settings.rate_limits.iter().find(|limit| limit.sid == name);
    found.ok_or_else(|| called.missing())
}

/// The limit that the path names, to be changed.
fn of<'a>(limits: &'a mut [RateLimit], called: &Called) -> Result<&'a mut RateLimit, Refused> {
    let name = called.name("limit");
    limits.iter_mut().find(|limit| limit.sid == name).ok_or_else(|| called.missing())
}

/// A fresh SID: these two letters and 32 digits of chance.
fn fresh(face: &Face, letters: &str) -> String {
    format!("{letters}{:032x}", u128::from_be_bytes(face.chance.bytes()))
}

/// `GET …/RateLimits/{sid}`.
pub(in crate::http::twilio) async fn fetch(called: Called, base: Base) -> Result<Response, Refused> {
    let limit = named(&called)?;
    Ok(json(StatusCode::OK, &Shown::new(&called, &base, limit)))
}

/// `POST …/RateLimits/{sid}`: describes it anew.
pub(in crate::http::twilio) async fn update(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    let description = form.short("Description", LONGEST)?.map(str::to_owned);
    let now = face.verifier.clock().now();
    let updated = change(&face, &called, |settings| {
        let limit = of(&mut settings.rate_limits, &called)?;
        limit.description = description.or(limit.description.take());
        limit.updated_at = now;
        Ok(limit.clone())
    });
    Ok(json(StatusCode::OK, &Shown::new(&called, &base, &updated.await?)))
}

/// `DELETE …/RateLimits/{sid}`.
pub(in crate::http::twilio) async fn remove(
    State(face): State<Arc<Face>>,
    called: Called,
) -> Result<Response, Refused> {
    let sid = named(&called)?.sid.clone();
    change(&face, &called, |settings| {
        settings.rate_limits.retain(|limit| limit.sid != sid);
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
