//! The operator's face, on a socket of its own: whoever may open the socket's file is an operator.

mod applications;
mod fields;
mod keys;
mod limits;
mod metrics;
mod providers;
mod socket;
mod test;
mod whole;

pub use socket::{AdminSocket, SocketError};

use super::{Face, auth, dressed, list};
use axum::{
    Router, middleware,
    routing::{delete, get, post},
};
use std::{sync::Arc, time::Duration};

/// How long a request may take: a test opens a provider (20 s) and waits as long as its `timeout` says (up to 5 min).
const LONGEST: Duration = Duration::from_mins(6);

/// Every route for operators, for a listener that only operators can reach.
pub fn admin_router(face: Arc<Face>) -> Router {
    dressed(routes().route_layer(middleware::from_fn(whole::whole)), LONGEST, face)
}

/// The same for a listener that others can reach: each request needs an API key of the scope `operator`.
pub fn remote_admin_router(face: Arc<Face>) -> Router {
    let whole = routes().route_layer(middleware::from_fn(whole::whole));
    let guarded = whole.route_layer(middleware::from_fn_with_state(Arc::clone(&face), auth::operator));
    dressed(guarded, LONGEST, face)
}

fn routes() -> Router<Arc<Face>> {
    Router::new()
        .route("/metrics", get(metrics::handle))
        .route("/v1/deliveries", get(list::all_deliveries))
        .route("/v1/limits/find", post(limits::find))
        .route("/v1/limits/free", post(limits::free))
        .route("/v1/providers", get(providers::handle))
        .route("/v1/providers/{id}/tests", post(test::handle))
        .route("/v1/applications", get(applications::list).post(applications::make))
        .route(
            "/v1/applications/{id}",
            get(applications::fetch).put(applications::replace).delete(applications::remove),
        )
        .route("/v1/keys", get(keys::list).post(keys::make))
        .route("/v1/keys/{id}", delete(keys::revoke))
}
