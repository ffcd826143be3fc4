//! Challenges: a factor is asked for a code, which comes with the question or later.

mod create;
mod fetch;
mod list;
mod shown;
mod update;

use super::{Refused, auth::Called, sid};
use crate::{http::Face, seal::ChallengeId};
use axum::{Router, routing::get};
use std::sync::Arc;

/// The routes of this part of the face.
pub(super) fn routes() -> Router<Arc<Face>> {
    const ALL: &str = "/Services/{service}/Entities/{identity}/Challenges";
    Router::new()
        .route(ALL, get(list::handle).post(create::handle))
        .route(&format!("{ALL}/{{sid}}"), get(fetch::handle).post(update::handle))
}

/// The challenge that the path names; what is no SID of one is nobody's.
fn id(called: &Called) -> Result<ChallengeId, Refused> {
    sid::challenge(called.name("sid")).ok_or_else(|| called.missing())
}
