//! The HTTP service: the host's one pooled client, with limits that hold for every provider.

use super::private::{PrivateAddress, PublicOnly, is_private};
use provider_api::{DeliveryError, HttpRequest, HttpResponse, Secret};
use reqwest::{Client, Proxy, Url, redirect::Policy};
use std::{
    error::Error,
    net::IpAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// The largest body, either way: 1 MiB.
const LARGEST_BODY: usize = 1 << 20;

/// Sends providers' requests. Clones share the connections, which are made when they are first needed.
#[derive(Clone, Default)]
pub(crate) struct Http(Arc<Clients>);

/// A client resolves names in one way for all its requests, so there is one for each way.
#[derive(Default)]
struct Clients {
    proxy: Option<Secret>,
    public_only: OnceLock<Client>,
    unrestricted: OnceLock<Client>,
    /// What becomes of requests where none is to be sent.
    rehearsal: Option<Rehearsal>,
}

/// The service is only played.
struct Rehearsal {
    answer: Option<HttpResponse>,
    unanswered: AtomicUsize,
}

impl Http {
    /// Sends through this proxy, or through none: what the environment says does not count.
    pub(crate) fn new(proxy: Option<Secret>) -> Self {
        Self(Arc::new(Clients { proxy, ..Clients::default() }))
    }

    /// Sends nothing and answers every request with this, or by an error if there is no answer: for the conformance
    /// suite.
    pub(crate) fn answering(answer: Option<HttpResponse>) -> Self {
        let rehearsal = Rehearsal { answer, unanswered: AtomicUsize::new(0) };
        Self(Arc::new(Clients { rehearsal: Some(rehearsal), ..Clients::default() }))
    }

    /// How many requests were refused because there was no answer to them.
    pub(crate) fn unanswered(&self) -> usize {
        self.0.rehearsal.as_ref().map_or(0, |rehearsal| rehearsal.unanswered.load(Ordering::Relaxed))
    }

    /// Whether the names of its requests are looked up by a proxy.
    pub(super) fn has_proxy(&self) -> bool {
        self.0.proxy.is_some()
    }

    fn client(&self, private_addresses: bool) -> Result<&Client, DeliveryError> {
        let place = if private_addresses { &self.0.unrestricted } else { &self.0.public_only };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_mins(5))
            .user_agent(concat!("passrelay/", env!("CARGO_PKG_VERSION")));
        let failed = |error: reqwest::Error| failed(&error.without_url());
        let client = match &self.0.proxy {
            // The proxy itself may have a private address, and it resolves the names.
            Some(proxy) => client.proxy(Proxy::all(proxy.expose()).map_err(failed)?),
            None if private_addresses => client,
            None => client.dns_resolver(Arc::new(PublicOnly)),
        };
        let client = client.build().map_err(failed)?;
        // Of two made at once the first one stays.
        Ok(place.get_or_init(|| client))
    }

    /// Sends a request; any status is an answer.
    pub(crate) async fn send(
        &self,
        request: HttpRequest,
        private_addresses: bool,
    ) -> Result<HttpResponse, DeliveryError> {
        if let Some(rehearsal) = &self.0.rehearsal {
            return rehearsal.answer.clone().ok_or_else(|| {
                rehearsal.unanswered.fetch_add(1, Ordering::Relaxed);
                DeliveryError::misconfigured(
                    "the sample has no `http`, so there is no answer to this request",
                )
            });
        }
        let failed = |error: reqwest::Error| failed(&error.without_url());
        if self.0.proxy.is_some() && !private_addresses && resolves_privately(&request.url).await {
            return Err(refused(&PrivateAddress.to_string()));
        }
        let mut response = self.prepare(request, private_addresses)?.send().await.map_err(failed)?;
        let text =
            |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers =
            response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(DeliveryError::unknown("the service's answer is larger than 1 MiB"));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = HttpResponse::new(response.status().as_u16(), body);
        answer.headers = headers;
        Ok(answer)
    }

    pub(in crate::plugin) fn prepare(
        &self,
        request: HttpRequest,
        private_addresses: bool,
    ) -> Result<reqwest::RequestBuilder, DeliveryError> {
        let method = request.method.parse().map_err(|_| refused("the method is none"))?;
        let url = url(&request.url)?;
        if !private_addresses && names_private(&url) {
            return Err(refused(&PrivateAddress.to_string()));
        }
        if request.body.len() > LARGEST_BODY {
            return Err(refused("the body is larger than 1 MiB"));
        }
        let mut prepared = self.client(private_addresses)?.request(method, url).body(request.body);
        for (name, value) in request.headers {
            prepared = prepared.header(name, value);
        }
        Ok(match request.timeout_ms {
            Some(limit) => prepared.timeout(Duration::from_millis(limit)),
            None => prepared,
        })
    }
}

/// Where a request goes, as it is sent.
pub(super) fn url(text: &str) -> Result<Url, DeliveryError> {
    let url: Url = text.parse().map_err(|_| refused("the URL is none"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("the URL is neither `http` nor `https`"));
    }
    Ok(url)
}

pub(super) fn refused(why: &str) -> DeliveryError {
    DeliveryError::misconfigured(format!("the host refuses the provider's request: {why}"))
}

/// Whether this host knows a name to be a private one. A name that only the proxy knows is the proxy's to judge.
async fn resolves_privately(url: &str) -> bool {
    let Some((host, port)) = Url::parse(url).ok().and_then(|url| {
        Some((url.host_str()?.trim_matches(['[', ']']).to_owned(), url.port_or_known_default()?))
    }) else {
        return false;
    };
    let found = tokio::net::lookup_host((host, port)).await;
    found.is_ok_and(|mut addresses| addresses.any(|address| is_private(address.ip())))
}

/// A literal address never reaches the resolver, so it is judged here.
pub(super) fn names_private(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    literal.is_ok_and(is_private)
}

/// Tells "surely not sent" from "perhaps sent". The URL is left out: it may hold a secret or a number.
fn failed(error: &reqwest::Error) -> DeliveryError {
    let causes = || std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
    let text = causes().last().map_or_else(|| error.to_string(), |root| format!("{error}: {root}"));
    if causes().any(<dyn Error + 'static>::is::<PrivateAddress>) {
        DeliveryError::misconfigured(format!("the host refuses the provider's request: {PrivateAddress}"))
    } else if error.is_builder() {
        DeliveryError::misconfigured(format!("the host refuses the provider's request: {text}"))
    } else if error.is_connect() {
        DeliveryError::unavailable(format!("no connection to the service: {text}"))
    } else if error.is_timeout() {
        DeliveryError::unknown("the service took too long to answer")
    } else {
        DeliveryError::unknown(format!("the service's answer was lost: {text}"))
    }
}
