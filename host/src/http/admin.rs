//! The operator's face, on a socket of its own: whoever may open the socket's file is an operator.

mod limits;
mod metrics;
mod providers;
mod socket;
mod test;

pub use socket::{AdminSocket, SocketError};

use super::{Face, dressed, list};
use axum::{
    Router,
    routing::{get, post},
};
use std::{sync::Arc, time::Duration};

/// How long a request may take: a test opens a provider (20 s) and waits as long as its `timeout` says (up to 5 min).
const LONGEST: Duration = Duration::from_mins(6);

/// Every route for operators.
pub fn admin_router(face: Arc<Face>) -> Router {
    let routes = Router::new()
        .route("/metrics", get(metrics::handle))
        .route("/v1/deliveries", get(list::all_deliveries))
        .route("/v1/limits/find", post(limits::find))
        .route("/v1/limits/free", post(limits::free))
        .route("/v1/providers", get(providers::handle))
        .route("/v1/providers/{id}/tests", post(test::handle));
    dressed(routes, LONGEST, face)
}
