//! `GET /v2/Services/{sid}/Entities/{identity}/Challenges`: the challenges of an entity, oldest first unless `Order` says `desc`.

use super::shown::Shown;
use crate::{
    factor::ChallengeStatus,
    http::{
        Face,
        shown::json,
        twilio::{
            Refused,
            auth::Called,
            entities,
            form::{Form, Query},
            page::{Base, Meta, Paging},
            sid,
        },
    },
    verifier::WantedChallenges,
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Challenges {
    challenges: Vec<Shown>,
    meta: Meta,
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    query: Query,
) -> Result<Response, Refused> {
    let identity = entities::identity(&called)?;
    let path = format!("{}/Challenges", entities::path(&called.service.sid, &identity));
    let paging = Paging::read(&base, &path, query)?;
    let after = paging.token.clone();
    let wanted = WantedChallenges { after, most: paging.size, ..wanted(paging.filters())? };
    let found = face.verifier.challenges(&called.service.application, &identity, &wanted).await;
    let found = found.map_err(|error| Refused::of_factor(error, &called))?;
    let shown = |challenge| Shown::new(challenge, found.at, &identity, &called, &base);
    let challenges = found.items.iter().map(shown).collect();
    let meta = paging.meta("challenges", found.next.as_deref());
    Ok(json(StatusCode::OK, &Challenges { challenges, meta }))
}

fn wanted(filters: &Form) -> Result<WantedChallenges, Refused> {
    let factor =
        |text| sid::factor(text).ok_or_else(|| Refused::invalid("FactorSid", "it is no SID of a factor"));
    let status = |text: &str| {
        let found =
            ChallengeStatus::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| {
            Refused::invalid("Status", "expected `pending`, `approved`, `denied` or `expired`")
        })
    };
    Ok(WantedChallenges {
        factor: filters.text("FactorSid")?.map(factor).transpose()?,
        status: filters.text("Status")?.map(status).transpose()?,
        newest_first: match filters.text("Order")?.map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(Refused::invalid("Order", "expected `asc` or `desc`")),
        },
        ..WantedChallenges::default()
    })
}
