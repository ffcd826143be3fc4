//! The host's services: what a provider can use without a runtime, a TLS library or a log of its own.

use crate::{
    DeliveryError,
    abi::{HostBox, Reply, frame, ops},
};
use std::{fmt, time::Duration};

pub use http::{HttpRequest, HttpResponse};

mod http;

/// The host's services. Cheap to clone; works on any thread and under any runtime, also a provider's own.
///
/// Logging needs no method here: the events of the `tracing` macros arrive in the host's log with their levels and
/// typed fields, under the target `provider::ID::MODULE`.
#[derive(Clone)]
pub struct Host {
    raw: HostBox,
}

impl Host {
    pub(crate) fn new(raw: HostBox) -> Self {
        Self { raw }
    }

    /// Sends an HTTP request through the host's pooled client: TLS, proxy and deadline are the host's.
    ///
    /// It goes only to the hosts that `hosts` of [`export_provider!`](crate::export_provider) declares and the operator
    /// permits. Redirects are not followed, an answer has at most 1 MiB, and loopback, private and link-local addresses are
    /// refused unless the operator allows them for this provider. Any status is an `Ok`: judging it is the provider's.
    ///
    /// # Errors
    ///
    /// [`Failure::Unavailable`](crate::Failure::Unavailable) when the request surely was not sent,
    /// [`Failure::Unknown`](crate::Failure::Unknown) when it may have been and the answer was lost, and
    /// [`Failure::Misconfigured`](crate::Failure::Misconfigured) when the host refuses it. All can be passed on.
    pub async fn http(&self, request: HttpRequest) -> Result<HttpResponse, DeliveryError> {
        let reply = self.raw.call(ops::HOST_HTTP, frame::encode(&request, &request.body)).await;
        let (mut response, body) = read::<HttpResponse>(reply)?;
        response.body = body;
        Ok(response)
    }

    /// Waits this long, by the host's clock.
    pub async fn sleep(&self, pause: Duration) {
        let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        drop(self.raw.call(ops::HOST_SLEEP, frame::encode(&millis, &[])).await);
    }

    /// The present by the host's clock, in milliseconds since 1970-01-01 UTC.
    pub fn now_ms(&self) -> i64 {
        i64::try_from(self.raw.query(ops::QUERY_NOW, 0)).unwrap_or(i64::MAX)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

/// Reads a reply of the host's; gives the head and the blob.
fn read<T: serde::de::DeserializeOwned>(reply: Reply) -> Result<(T, Vec<u8>), DeliveryError> {
    let unreadable = |cause: frame::InvalidFrame| {
        DeliveryError::unknown(format!("the host's answer is unreadable: {cause}"))
    };
    match reply {
        Reply::Ok(bytes) => {
            let (head, blob) = frame::decode(&bytes).map_err(unreadable)?;
            Ok((head, blob.to_vec()))
        }
        Reply::Err(bytes) | Reply::Panicked(bytes) => {
            Err(frame::decode(&bytes).map_or_else(unreadable, |(error, _)| error))
        }
        Reply::UnknownOp => {
            Err(DeliveryError::misconfigured("this host is too old: it does not offer this service"))
        }
    }
}
