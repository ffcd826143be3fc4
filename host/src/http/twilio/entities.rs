//! Entities: whoever of a Service has factors, known by an identity of the caller's own.

mod create;
mod fetch;
mod list;
mod remove;
mod shown;

use super::{Refused, auth::Called};
use crate::{factor::Identity, http::Face};
use axum::{Router, routing::get};
use std::sync::Arc;

/// The routes of this part of the face.
pub(super) fn routes() -> Router<Arc<Face>> {
    Router::new()
        .route("/Services/{service}/Entities", get(list::handle).post(create::handle))
        .route("/Services/{service}/Entities/{identity}", get(fetch::handle).delete(remove::handle))
}

/// The identity that the path names; what is none is nobody's.
pub(super) fn identity(called: &Called) -> Result<Identity, Refused> {
    Identity::try_from(called.name("identity").to_owned()).map_err(|_| called.missing())
}

/// The path of an entity behind `/v2`.
pub(super) fn path(service: &str, identity: &Identity) -> String {
    format!("/Services/{service}/Entities/{}", identity.as_str())
}
