//! `…/RateLimits/{sid}/Buckets`: the rates of a limit, each so many starts within so many seconds.

use super::{Bucket, fresh, named, of, shown::ShownBucket};
use crate::http::{
    Face,
    shown::json,
    twilio::{
        Refused,
        auth::Called,
        form::{Form, Query},
        page::{Base, Meta, Paging},
        services::change,
    },
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use std::sync::Arc;

/// The most buckets of a limit.
const MOST: usize = 5;

/// The longest interval in seconds: 31 days, as any limit of ours.
const LONGEST: u64 = 31 * 24 * 3_600;

#[derive(Serialize)]
struct Buckets {
    buckets: Vec<ShownBucket>,
    meta: Meta,
}

/// `POST …/Buckets`: adds a rate.
pub(in crate::http::twilio) async fn create(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    let missing = |name| Refused::invalid(name, "it is missing");
    let max = max(&form)?.ok_or_else(|| missing("Max"))?;
    let interval = interval(&form)?.ok_or_else(|| missing("Interval"))?;
    let now = face.verifier.clock().now();
    let made = Bucket { sid: fresh(&face, "BL"), max, interval, created_at: now, updated_at: now };
    let kept = made.clone();
    change(&face, &called, |settings| {
        let limit = of(&mut settings.rate_limits, &called)?;
        if limit.buckets.len() >= MOST {
            let message = format!("a rate limit has at most {MOST} buckets");
            return Err(Refused::new(StatusCode::BAD_REQUEST, 60210, message));
        }
        admit(&limit.buckets, &kept)?;
        limit.buckets.push(kept);
        Ok(())
    })
    .await?;
    Ok(json(StatusCode::CREATED, &ShownBucket::new(&called, &base, &made)))
}

/// `GET …/Buckets`.
pub(in crate::http::twilio) async fn list(
    called: Called,
    base: Base,
    query: Query,
) -> Result<Response, Refused> {
    let limit = named(&called)?;
    let path = format!("/Services/{}/RateLimits/{}/Buckets", called.service.sid, limit.sid);
    let paging = Paging::read(&base, &path, query)?;
    let (page, next) = paging.of("BL", limit.buckets.iter().collect(), |bucket| bucket.sid.clone())?;
    let buckets = page.into_iter().map(|bucket| ShownBucket::new(&called, &base, bucket)).collect();
    let meta = paging.meta("buckets", next.as_deref());
    Ok(json(StatusCode::OK, &Buckets { buckets, meta }))
}

/// `GET …/Buckets/{sid}`.
pub(in crate::http::twilio) async fn fetch(called: Called, base: Base) -> Result<Response, Refused> {
    let bucket = one(&called)?;
    Ok(json(StatusCode::OK, &ShownBucket::new(&called, &base, bucket)))
}

/// `POST …/Buckets/{sid}`: says anew how often.
pub(in crate::http::twilio) async fn update(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    let (max, interval) = (max(&form)?, interval(&form)?);
    let (sid, now) = (one(&called)?.sid.clone(), face.verifier.clock().now());
    let updated = change(&face, &called, |settings| {
        let limit = of(&mut settings.rate_limits, &called)?;
        let at = limit.buckets.iter().position(|bucket| bucket.sid == sid);
        let mut bucket = at.map(|at| limit.buckets.remove(at)).ok_or_else(|| called.missing())?;
        (bucket.max, bucket.interval) = (max.unwrap_or(bucket.max), interval.unwrap_or(bucket.interval));
        bucket.updated_at = now;
        admit(&limit.buckets, &bucket)?;
        limit.buckets.push(bucket.clone());
        Ok(bucket)
    });
    Ok(json(StatusCode::OK, &ShownBucket::new(&called, &base, &updated.await?)))
}

/// `DELETE …/Buckets/{sid}`.
pub(in crate::http::twilio) async fn remove(
    State(face): State<Arc<Face>>,
    called: Called,
) -> Result<Response, Refused> {
    let sid = one(&called)?.sid.clone();
    change(&face, &called, |settings| {
        of(&mut settings.rate_limits, &called)?.buckets.retain(|bucket| bucket.sid != sid);
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The bucket that the path names.
fn one(called: &Called) -> Result<&Bucket, Refused> {
    let name = called.name("bucket");
    let found = named(called)?.buckets.iter().find(|bucket| bucket.sid == name);
    found.ok_or_else(|| called.missing())
}

/// Two buckets of one interval would be one.
fn admit(others: &[Bucket], bucket: &Bucket) -> Result<(), Refused> {
    if others.iter().any(|other| other.interval == bucket.interval) {
        let message = "Interval: the rate limit has a bucket of this interval already";
        return Err(Refused::new(StatusCode::BAD_REQUEST, 60211, message));
    }
    Ok(())
}

fn max(form: &Form) -> Result<Option<u32>, Refused> {
    Ok(form.whole("Max", 1..=1_000_000)?.and_then(|max| u32::try_from(max).ok()))
}

fn interval(form: &Form) -> Result<Option<u32>, Refused> {
    Ok(form.whole("Interval", 1..=LONGEST)?.and_then(|interval| u32::try_from(interval).ok()))
}
