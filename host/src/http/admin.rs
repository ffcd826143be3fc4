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

use super::{
    Face, Largest, auth, dressed, list,
    openapi::{self, About, Table},
};
use axum::{Extension, Router, body::Bytes, middleware};
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

/// How long a request may take: a test opens a provider (20 s) and waits as long as its `timeout` says (up to 5 min).
const LONGEST: Duration = Duration::from_mins(6);

/// The most bytes of a request's body: an application's mails in HTML, in a few languages.
const LARGEST_BODY: usize = 256 * 1024;

/// Every route for operators, for a listener that only operators can reach.
pub fn admin_router(face: Arc<Face>) -> Router {
    dressed(whole_routes(), LARGEST_BODY, LONGEST, face)
}

/// The same for a listener that others can reach: each request needs an API key of the scope `operator`.
pub fn remote_admin_router(face: Arc<Face>) -> Router {
    let guarded =
        whole_routes().route_layer(middleware::from_fn_with_state(Arc::clone(&face), auth::operator));
    dressed(guarded, LARGEST_BODY, LONGEST, face)
}

fn whole_routes() -> Router<Arc<Face>> {
    let whole = table().router().route_layer(middleware::from_fn(whole::whole));
    whole.route_layer(Extension(Largest(LARGEST_BODY)))
}

/// What stands behind the admin listeners.
pub(super) fn table() -> Table {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| table().bytes());
    let about = About {
        title: "Passrelay for operators",
        description: "What operators do. Every error is a problem (RFC 9457).",
        key: (
            "operatorKey",
            "A key of the scope `operator` (RFC 6750), for a listener that others can reach. The socket needs none: \
             whoever may open its file is an operator.",
        ),
        may_lack_key: true,
    };
    Table::new(about)
        .get("/v1/applications", applications::list, applications::told_list)
        .post("/v1/applications", applications::make, applications::told_make)
        .get("/v1/applications/{id}", applications::fetch, applications::told_fetch)
        .put("/v1/applications/{id}", applications::replace, applications::told_replace)
        .delete("/v1/applications/{id}", applications::remove, applications::told_remove)
        .get("/v1/keys", keys::list, keys::told_list)
        .post("/v1/keys", keys::make, keys::told_make)
        .delete("/v1/keys/{id}", keys::revoke, keys::told_revoke)
        .get("/v1/providers", providers::handle, providers::told)
        .post("/v1/providers/{id}/free", providers::free, providers::told_free)
        .post("/v1/providers/{id}/tests", test::handle, test::told)
        .get("/v1/deliveries", list::all_deliveries, list::told_all_deliveries)
        .post("/v1/limits/find", limits::find, limits::told_find)
        .post("/v1/limits/free", limits::free, limits::told_free)
        .get("/metrics", metrics::handle, metrics::told)
        .get(
            "/openapi.json",
            async || openapi::answer(&DOCUMENT),
            |operation| openapi::told(operation).of_operator(),
        )
}
