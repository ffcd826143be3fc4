//! `GET /v2/Attempts`: the sends of every Service, newest first.

use super::{shown::Shown, wanted};
use crate::{
    http::{
        Face,
        shown::json,
        twilio::{
            Refused,
            auth::Account,
            form::Query,
            page::{Base, Meta, Paging},
            sid,
        },
    },
    verifier::{Wanted, WantedSends},
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Attempts {
    attempts: Vec<Shown>,
    meta: Meta,
}

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    account: Account,
    base: Base,
    query: Query,
) -> Result<Response, Refused> {
    let paging = Paging::read(&base, "/Attempts", query)?;
    let wanted = wanted(&face, paging.filters())?;
    let after = match paging.token.as_deref().map(sid::delivery) {
        Some(None) => return Err(Refused::invalid("PageToken", "expected the one of the page before")),
        after => after.flatten().map(|id| id.to_string()),
    };
    let all = Wanted { after, most: paging.size, ..wanted.all };
    let page = face.verifier.sends(&WantedSends { all, ..wanted }).await;
    let page = page.map_err(|error| Refused::of(error, "/Attempts"))?;
    let shown = page.items.iter().map(|sent| Shown::new(&face, &account.sid, &base, sent, page.at));
    let next = page.next.and_then(|id| id.parse().ok()).map(|id| sid::of_delivery(&id));
    let meta = paging.meta("attempts", next.as_deref());
    Ok(json(StatusCode::OK, &Attempts { attempts: shown.collect(), meta }))
}
