//! What the host offers to providers, wherever they run.

use super::redact::one_line;
use crate::clock::Clock;
use hosts::Hosts;
use http::Http;
use provider_api::{
    DeliveryError, HttpRequest,
    abi::{Reply, frame, ops},
};
use std::time::Duration;

mod event;
pub(crate) mod hosts;
pub(crate) mod http;
mod private;

/// The services of one provider. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Services {
    http: Http,
    hosts: Hosts,
    private_addresses: bool,
    clock: Clock,
}

/// Calls of one provider at once.
pub(crate) const MOST_CALLS: usize = 1024;

impl Services {
    /// `private_addresses` says whether HTTP requests may reach the host's own network.
    pub(crate) fn new(http: Http, hosts: Hosts, private_addresses: bool, clock: Clock) -> Self {
        Self { http, hosts, private_addresses, clock }
    }

    /// Answers one call of a provider.
    pub(crate) async fn call(&self, op: u32, request: &[u8]) -> Reply {
        let answer = match op {
            ops::HOST_HTTP => self.http(request).await,
            ops::HOST_SLEEP => self.sleep(request).await,
            _ => return Reply::UnknownOp,
        };
        answer.unwrap_or_else(|error| Reply::Err(frame::encode(&error, &[])))
    }

    /// Answers a question of a provider; 0 is "unknown".
    pub(crate) fn query(&self, question: u32) -> u64 {
        match question {
            ops::QUERY_MAX_LEVEL => u64::from(super::log::max_level()) + 1,
            ops::QUERY_NOW => u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0),
            _ => 0,
        }
    }

    async fn http(&self, request: &[u8]) -> Result<Reply, DeliveryError> {
        let (mut head, body) = frame::decode::<HttpRequest>(request).map_err(|cause| unreadable(&cause))?;
        head.body = body.to_vec();
        self.hosts.check(&head)?;
        let response = self.http.send(head, self.private_addresses).await?;
        Ok(Reply::Ok(frame::encode(&response, &response.body)))
    }

    async fn sleep(&self, request: &[u8]) -> Result<Reply, DeliveryError> {
        let (millis, _) = frame::decode::<u64>(request).map_err(|cause| unreadable(&cause))?;
        self.clock.sleep(Duration::from_millis(millis)).await;
        Ok(Reply::Ok(frame::encode(&(), &[])))
    }
}

/// The answer to one more than [`MOST_CALLS`].
pub(crate) fn too_many_calls() -> DeliveryError {
    DeliveryError::unavailable("the provider has too many requests to the host under way")
}

fn unreadable(cause: &frame::InvalidFrame) -> DeliveryError {
    DeliveryError::broken(one_line(
        &format!("the provider's request to the host is unreadable: {cause}"),
        200,
    ))
}
