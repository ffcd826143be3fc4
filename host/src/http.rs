//! Speaks HTTP: the native face under `/v1`, and whether the server is alive and ready.

mod admin;
mod auth;
mod body;
mod cancel;
mod check;
mod deliveries;
mod fetch;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod health;
mod idempotency;
mod limits;
mod list;
mod members;
mod methods;
mod named;
mod openapi;
mod person;
mod policy;
mod prefer;
mod problem;
mod request_id;
mod resend;
mod sent;
mod serve;
mod shown;
mod smscx;
mod start;
mod trace;
mod twilio;
mod webhooks;

pub use admin::{AdminSocket, SocketError, admin_router, remote_admin_router};
pub use serve::{Listener, serve};
pub(crate) use webhooks::Webhooks;
pub use webhooks::watch as watch_webhooks;

use crate::{
    config::Saved,
    metrics::Metrics,
    outbox::{Outbox, tester::Tester},
    plugin::Libraries,
    seal::Chance,
    template::{Layer, Templates},
    verifier::Verifier,
};
use arc_swap::ArcSwap;
use axum::{
    Router,
    body::Bytes,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse as _, Response},
};
use openapi::{About, Table};
use problem::Problem;
use provider_api::Channel;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::sync::Mutex;
use tower_http::catch_panic::CatchPanicLayer;

/// The most bytes of a request's body on the public face.
const LARGEST_BODY: usize = 16 * 1024;

/// How long a request may take on the public face.
const LONGEST: Duration = Duration::from_mins(1);

/// The most bytes of a request's body, where it is not [`LARGEST_BODY`].
#[derive(Debug, Clone, Copy)]
struct Largest(usize);

/// What the handlers speak for.
#[derive(Debug)]
pub struct Face {
    /// The use cases.
    pub verifier: Verifier,
    /// What hands deliveries over.
    pub outbox: Outbox,
    /// What tests providers.
    pub tester: Tester,
    /// What the configuration says of them.
    pub saved: ArcSwap<Saved>,
    /// What messages say: shared with whoever says it.
    pub templates: Arc<ArcSwap<Templates>>,
    /// The libraries that were found.
    pub libraries: Arc<ArcSwap<Libraries>>,
    /// Held while applications, what they say and the configuration change together.
    pub changing: Mutex<()>,
    /// What names of requests are made of.
    pub chance: Chance,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What events are sent with.
    pub(crate) webhooks: Webhooks,
}

impl Face {
    /// What an application's messages say from now on, by channel; nothing of its own with `None`.
    fn says(&self, application: &str, layers: Option<BTreeMap<Channel, Layer>>) {
        let mut templates = Templates::clone(&self.templates.load());
        match layers {
            Some(layers) => templates.applications.insert(application.to_owned(), layers),
            None => templates.applications.remove(application),
        };
        self.templates.store(Arc::new(templates));
    }
}

/// Every route of the public face.
pub fn router(face: Arc<Face>) -> Router {
    let (is_twilio, is_smscx) = (face.saved.load().twilio.is_some(), face.saved.load().smscx.is_some());
    let native = dressed(table().router(), LARGEST_BODY, LONGEST, Arc::clone(&face));
    let native = if is_smscx {
        let (otp, oauth) = (smscx::otp(Arc::clone(&face)), smscx::oauth(Arc::clone(&face)));
        native.nest_service("/otp", otp).nest_service("/oauth", oauth)
    } else {
        native
    };
    if is_twilio { native.nest_service("/v2", twilio::router(face)) } else { native }
}

/// The `OpenAPI` documents of the public face and of the operators' face, as `/openapi.json` answers them.
pub fn documents() -> [Value; 2] {
    [table().document(), admin::table().document()]
}

/// What stands behind the public listener.
fn table() -> Table {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| table().bytes());
    let about = About {
        title: "Passrelay",
        description: "Proves that a person holds a phone number or an e-mail address. Every error is a problem \
                      (RFC 9457), and every recipient is masked.",
        key: ("applicationKey", "A key of the application, or one of the scope `account` (RFC 6750)."),
        may_lack_key: false,
    };
    Table::new(about)
        .post("/v1/methods", methods::handle, methods::told)
        .post("/v1/verifications", start::handle, start::told)
        .get("/v1/verifications", list::verifications, list::told_verifications)
        .get("/v1/verifications/{id}", fetch::handle, fetch::told)
        .delete("/v1/verifications/{id}", cancel::handle, cancel::told)
        .post("/v1/verifications/{id}/checks", check::handle, check::told)
        .post("/v1/verifications/{id}/deliveries", resend::handle, resend::told)
        .get("/v1/verifications/{id}/deliveries", deliveries::handle, deliveries::told)
        .get("/v1/deliveries", list::deliveries, list::told_deliveries)
        .get("/v1/members/{id}", members::get, members::told_get)
        .put("/v1/members/{id}", members::put, members::told_put)
        .delete("/v1/members/{id}", members::delete, members::told_delete)
        .get("/healthz", health::alive, health::told_alive)
        .get("/readyz", health::ready, health::told_ready)
        .get("/openapi.json", async || openapi::answer(&DOCUMENT), openapi::told)
}

/// Routes with what stands around every request, on whatever listener it arrives.
fn dressed(routes: Router<Arc<Face>>, largest: usize, longest: Duration, face: Arc<Face>) -> Router {
    routes
        .fallback(async || {
            Problem::new(StatusCode::NOT_FOUND, "no-route", "no such route", "nothing answers here")
        })
        .method_not_allowed_fallback(async || {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            Problem::new(
                status,
                "method-not-allowed",
                "method not allowed",
                "the route answers to other methods",
            )
        })
        .layer(DefaultBodyLimit::max(largest))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(longest, trace::limit))
        .layer(middleware::map_response(not_stored))
        .layer(middleware::from_fn_with_state(Arc::clone(&face), trace::log))
        .with_state(face)
}

/// A handler that panics costs one request. What it said may hold anything, so it is not repeated.
fn panicked(_said: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request's handler panicked");
    Problem::internal().into_response()
}

/// Answers tell the state of a moment: no cache may keep them (RFC 9111 section 5.2.2.5).
async fn not_stored(mut response: Response) -> Response {
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
