//! `POST /otp`: sends a PIN (X18), in the place of any that is pending for the number.

use super::{
    Refused,
    body::Fields,
    caller::Caller,
    otp::{Shown, TRACK_ID},
    quota,
    wanted::Wanted,
};
use crate::{
    event::{Format, Webhook},
    http::{Face, sent::carried, shown::json},
    member::{Person, To},
    verification::Notes,
    verifier::{Asker, Start},
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller { application, api_key }: Caller,
    fields: Fields,
) -> Result<Response, Refused> {
    let wanted = Wanted::read(fields, &application, &face.templates.load())?;
    let Wanted { number, track_id, wording, policy, callback } = wanted;
    let method = face.verifier.method_on(&application, "sms");
    let method = method.ok_or_else(|| Refused::no_coverage("the application offers no SMS"))?;
    let mut notes = Notes::default();
    if let Some(track_id) = &track_id {
        // 36 characters: there is room.
        let _kept = notes.keep(TRACK_ID, track_id.as_str());
    }
    let url = callback.or_else(|| application.events.url.clone());
    let start = Start {
        person: Person::To(To(number.clone())),
        method: Some(method),
        purpose: "generic".to_owned(),
        locale: None,
        policy: Some(policy),
        code: None,
        payment: None,
        wording,
        supersedes: true,
        idempotency: None,
        asker: Asker { ip: None, api_key: Some(api_key) },
        notes,
        webhook: url.clone().map(|url| Webhook { url, format: Format::SmsCx }),
    };
    let (handed, caller) = (Arc::clone(&face), application);
    let start = async move { handed.verifier.start(&caller, start).await };
    let now = face.verifier.clock().now();
    let (started, _settling) = carried(&face, start).await.map_err(|error| Refused::of(error, now))?;
    let otp = Shown::started(&started.verification, number, track_id, url);
    Ok(quota::told(json(StatusCode::CREATED, &otp), &started.limits, now))
}
