//! How a rate limit and a bucket look in an answer.

use super::{Bucket, RateLimit};
use crate::http::twilio::{auth::Called, dates::Date, page::Base};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Shown {
    sid: String,
    service_sid: String,
    account_sid: String,
    unique_name: String,
    description: Option<String>,
    date_created: Date,
    date_updated: Date,
    url: String,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    buckets: String,
}

#[derive(Serialize)]
pub(super) struct ShownBucket {
    sid: String,
    rate_limit_sid: String,
    service_sid: String,
    account_sid: String,
    max: u32,
    interval: u32,
    date_created: Date,
    date_updated: Date,
    url: String,
}

impl Shown {
    pub(super) fn new(called: &Called, base: &Base, limit: &RateLimit) -> Self {
        let url = base.url(&format!("/Services/{}/RateLimits/{}", called.service.sid, limit.sid));
        Self {
            sid: limit.sid.clone(),
            service_sid: called.service.sid.clone(),
            account_sid: called.account.sid.clone(),
            unique_name: limit.unique_name.clone(),
            description: limit.description.clone(),
            date_created: Date(limit.created_at),
            date_updated: Date(limit.updated_at),
            links: Links { buckets: format!("{url}/Buckets") },
            url,
        }
    }
}

impl ShownBucket {
    pub(super) fn new(called: &Called, base: &Base, bucket: &Bucket) -> Self {
        let (service, limit) = (&called.service.sid, called.name("limit"));
        let path = format!("/Services/{service}/RateLimits/{limit}/Buckets/{}", bucket.sid);
        Self {
            sid: bucket.sid.clone(),
            rate_limit_sid: limit.to_owned(),
            service_sid: service.clone(),
            account_sid: called.account.sid.clone(),
            max: bucket.max,
            interval: bucket.interval,
            date_created: Date(bucket.created_at),
            date_updated: Date(bucket.updated_at),
            url: base.url(&path),
        }
    }
}
