//! `GET /v2/Attempts/Summary`: how many sends led to an approval.

use super::wanted;
use crate::{
    http::{
        Face,
        shown::json,
        twilio::{Refused, auth::Account, form::Query, page::Base},
    },
    verification::Status,
    verifier::{Wanted, WantedSends},
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use std::sync::Arc;

/// How many pages are counted at most, so that one question never reads the whole store.
const PAGES: usize = 100;

#[derive(Serialize)]
struct Summary {
    total_attempts: u64,
    total_converted: u64,
    total_unconverted: u64,
    conversion_rate_percentage: String,
    url: String,
}

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    _account: Account,
    base: Base,
    Query(query): Query,
) -> Result<Response, Refused> {
    let mut wanted = wanted(&face, &query?)?;
    let (mut total, mut converted) = (0, 0);
    for _ in 0..PAGES {
        let page = face.verifier.sends(&wanted).await;
        let page = page.map_err(|error| Refused::of(error, "/Attempts/Summary"))?;
        for sent in &page.items {
            total += 1;
            converted += u64::from(sent.verification.status(page.at) == Status::Approved);
        }
        let Some(next) = page.next else { break };
        wanted = WantedSends { all: Wanted { after: Some(next), ..wanted.all }, ..wanted };
    }
    let summary = Summary {
        total_attempts: total,
        total_converted: converted,
        total_unconverted: total - converted,
        conversion_rate_percentage: percentage(converted, total),
        url: base.url("/Attempts/Summary"),
    };
    Ok(json(StatusCode::OK, &summary))
}

/// Such as `81.818181818`.
fn percentage(part: u64, whole: u64) -> String {
    const DIGITS: u64 = 1_000_000_000;
    let scaled = (part * 100 * DIGITS).checked_div(whole).unwrap_or(0);
    let written = format!("{}.{:09}", scaled / DIGITS, scaled % DIGITS);
    written.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_written_as_twilio_writes_it() {
        for (part, whole, written) in
            [(0, 0, "0"), (0, 3, "0"), (1, 2, "50"), (9, 11, "81.818181818"), (3, 3, "100")]
        {
            assert_eq!(percentage(part, whole), written);
        }
    }
}
