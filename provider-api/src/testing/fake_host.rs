//! A host that answers what a test has written down.

use crate::{
    DeliveryError, HttpRequest, HttpResponse,
    abi::{FfiHost, FfiHost_TO, HostBox, Reply, frame, ops},
    hosts::{Reach, TWO_HOSTS, Target, has_host_header},
};
use abi_stable::{
    sabi_trait::TD_Opaque,
    std_types::{RArc, RSlice, RVec},
};
use async_ffi::{FfiFuture, FutureExt};
use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

/// A host that answers what a test has written down. Its clones are one and the same host.
///
/// HTTP requests are answered in the order of [`answers`](Self::answers) and [`fails`](Self::fails), then by
/// [`always`](Self::always); a request that nothing was written for is answered by an error that says what was asked.
/// A request to a host that the library does not declare is refused, as a real host would, and is none of
/// [`requests`](Self::requests). A sleep returns at once and moves the clock, which begins at 2026-01-01 00:00 UTC.
///
/// # Examples
///
/// ```
/// use provider_api::{HttpResponse, testing::FakeHost};
///
/// let host = FakeHost::new().answers(HttpResponse::new(503, "")).always(HttpResponse::new(201, r#"{"id":"7"}"#));
/// assert!(host.requests().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct FakeHost(Arc<Mutex<State>>);

struct State {
    script: VecDeque<Result<HttpResponse, DeliveryError>>,
    always: Option<HttpResponse>,
    requests: Vec<HttpRequest>,
    now_ms: i64,
}

impl Default for State {
    fn default() -> Self {
        Self { script: VecDeque::new(), always: None, requests: Vec::new(), now_ms: 1_767_225_600_000 }
    }
}

impl FakeHost {
    /// A host without a single answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the next request that is not spoken for.
    #[must_use]
    pub fn answers(self, response: HttpResponse) -> Self {
        self.state().script.push_back(Ok(response));
        self
    }

    /// Fails the next request that is not spoken for: [`Failure::Unavailable`](crate::Failure::Unavailable) is a
    /// request that was never sent, [`Failure::Unknown`](crate::Failure::Unknown) one whose answer was lost.
    #[must_use]
    pub fn fails(self, error: DeliveryError) -> Self {
        self.state().script.push_back(Err(error));
        self
    }

    /// Answers every request that is not spoken for.
    #[must_use]
    pub fn always(self, response: HttpResponse) -> Self {
        self.state().always = Some(response);
        self
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.state().requests.clone()
    }

    /// The present by this host's clock, in milliseconds since 1970-01-01 UTC.
    pub fn now_ms(&self) -> i64 {
        self.state().now_ms
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        state.now_ms = state.now_ms.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }

    /// This host as it serves a library that reaches so much.
    pub(super) fn boxed(&self, reach: Reach) -> HostBox {
        FfiHost_TO::from_ptr(RArc::new(Serving { host: self.clone(), reach }), TD_Opaque)
    }

    fn http(&self, reach: &Reach, request: &[u8]) -> Reply {
        let Ok((mut request, body)) = frame::decode::<HttpRequest>(request) else {
            return refuse(&DeliveryError::broken("the request is no frame of an `HttpRequest`"));
        };
        request.body = body.to_vec();
        if has_host_header(&request) {
            return refuse(&DeliveryError::misconfigured(TWO_HOSTS));
        }
        let Some(target) = Target::plain(&request.url) else {
            return refuse(&DeliveryError::misconfigured("the request's URL is none that a test can read"));
        };
        if let Err(cause) = reach.check(&target) {
            return refuse(&DeliveryError::misconfigured(cause.to_string()));
        }
        let asked = format!("{} {}", request.method, request.url);
        let mut state = self.state();
        state.requests.push(request);
        let next = state.script.pop_front().or_else(|| state.always.clone().map(Ok));
        match next {
            Some(Ok(response)) => Reply::Ok(frame::encode(&response, &response.body)),
            Some(Err(error)) => refuse(&error),
            None => refuse(&DeliveryError::misconfigured(format!("the test has no answer for `{asked}`"))),
        }
    }

    fn sleep(&self, request: &[u8]) -> Reply {
        let (millis, _) = frame::decode::<u64>(request).unwrap_or_default();
        self.advance(Duration::from_millis(millis));
        Reply::Ok(frame::encode(&(), &[]))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refuse(error: &DeliveryError) -> Reply {
    Reply::Err(frame::encode(error, &[]))
}

/// A host and what one library reaches through it.
#[derive(Clone)]
struct Serving {
    host: FakeHost,
    reach: Reach,
}

impl FfiHost for Serving {
    fn call(&self, op: u32, request: RVec<u8>) -> FfiFuture<Reply> {
        let Self { host, reach } = self.clone();
        async move {
            let reply = match op {
                ops::HOST_HTTP => host.http(&reach, &request),
                ops::HOST_SLEEP => host.sleep(&request),
                _ => Reply::UnknownOp,
            };
            pause().await;
            reply
        }
        .into_ffi()
    }

    fn query(&self, op: u32, _argument: u64) -> u64 {
        match op {
            ops::QUERY_MAX_LEVEL => 1,
            ops::QUERY_NOW => u64::try_from(self.host.now_ms()).unwrap_or_default(),
            _ => 0,
        }
    }

    fn callsite(&self, _description: RSlice<'_, u8>) -> u64 {
        0
    }

    fn trace(&self, _op: u32, _callsite: u64, _span: u64, _values: RSlice<'_, u8>) -> u64 {
        0
    }
}

/// Not ready at once: a real host is not either, and an abandoned call is dropped here, with its request on the way.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl fmt::Debug for FakeHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("FakeHost")
            .field("requests", &state.requests.len())
            .field("unused_answers", &state.script.len())
            .field("now_ms", &state.now_ms)
            .finish_non_exhaustive()
    }
}
