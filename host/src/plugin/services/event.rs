//! Events over the same client: what counts is that somebody took one, so its answer's body is never read.

use super::{
    http::{Http, names_private},
    private::{PrivateAddress, is_private},
};
use provider_api::HttpRequest;
use reqwest::Url;
use std::error::Error;

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// The status.
    pub(crate) status: u16,
    /// Its `Retry-After`, as it stands there.
    pub(crate) retry_after: Option<String>,
}

/// Why no receiver answered. In fixed words: what the client says of an error may hold a name of the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unanswered {
    /// It may not be reached.
    #[error("{}", PrivateAddress)]
    Private,
    /// Where it is cannot be judged here.
    #[error(
        "the receiver's name is not known here, so that nobody can say whether the proxy finds it in public"
    )]
    Unknown,
    /// Its address is none.
    #[error("no request can be made of the address")]
    NoRequest,
    /// Nobody is there, or it is not who it should be.
    #[error("no connection to the receiver")]
    Unreachable,
    /// It took too long.
    #[error("the receiver took too long to answer")]
    Late,
    /// The connection broke.
    #[error("the receiver's answer was lost")]
    Lost,
}

impl Http {
    /// Posts an event; any status is an answer.
    pub(crate) async fn post_event(
        &self,
        request: HttpRequest,
        private_addresses: bool,
    ) -> Result<Answered, Unanswered> {
        if !private_addresses {
            let url = Url::parse(&request.url).map_err(|_| Unanswered::NoRequest)?;
            if names_private(&url) {
                return Err(Unanswered::Private);
            }
            // Without a proxy the client's own resolver judges, at the very lookup that is used.
            if self.has_proxy() {
                is_public_here(&url).await?;
            }
        }
        let prepared = self.prepare(request, private_addresses).map_err(|_| Unanswered::NoRequest)?;
        let response = prepared.send().await.map_err(|error| Unanswered::from(&error))?;
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        Ok(Answered { status: response.status().as_u16(), retry_after: retry_after.map(str::to_owned) })
    }
}

/// Goes on if a name is known here, and by public addresses alone. The proxy looks it up once more: what it finds is its own.
async fn is_public_here(url: &Url) -> Result<(), Unanswered> {
    let host = url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned());
    let (host, port) = host.zip(url.port_or_known_default()).ok_or(Unanswered::NoRequest)?;
    let found = tokio::net::lookup_host((host, port)).await.map_err(|_| Unanswered::Unknown)?;
    let mut found = found.peekable();
    if found.peek().is_none() {
        return Err(Unanswered::Unknown);
    }
    if found.any(|address| is_private(address.ip())) { Err(Unanswered::Private) } else { Ok(()) }
}

impl From<&reqwest::Error> for Unanswered {
    fn from(error: &reqwest::Error) -> Self {
        let mut causes =
            std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
        if causes.any(<dyn Error + 'static>::is::<PrivateAddress>) {
            Self::Private
        } else if error.is_builder() {
            Self::NoRequest
        } else if error.is_connect() {
            Self::Unreachable
        } else if error.is_timeout() {
            Self::Late
        } else {
            Self::Lost
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use provider_api::Secret;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    fn event(url: &str) -> HttpRequest {
        HttpRequest::post(url).body("{}")
    }

    /// The body of the answer is announced as larger than any bound, and never comes.
    #[tokio::test]
    async fn a_status_is_enough_whatever_body_follows_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _read = stream.read(&mut [0; 1024]).await.unwrap();
            let head = b"HTTP/1.1 200 OK\r\nretry-after: 7\r\ncontent-length: 9000000\r\n\r\n{";
            stream.write_all(head).await.unwrap();
            stream
        });
        let answered = Http::new(None).post_event(event(&url), true).await.unwrap();
        assert_eq!(answered, Answered { status: 200, retry_after: Some("7".to_owned()) });
        drop(serving.await.unwrap());
    }

    /// Behind a proxy a name is sent on only if this host finds it, and in public.
    #[tokio::test]
    async fn behind_a_proxy_a_receiver_must_be_known_here_as_a_public_one() {
        let proxied = Http::new(Some(Secret::new("http://127.0.0.1:9")));
        for (url, why) in [
            ("http://receiver-7.invalid/", Unanswered::Unknown),
            ("http://localhost/", Unanswered::Private),
            ("http://10.0.0.1/", Unanswered::Private),
            ("http://[::1]/", Unanswered::Private),
            ("nowhere", Unanswered::NoRequest),
        ] {
            assert_eq!(proxied.post_event(event(url), false).await, Err(why), "{url}");
        }
        // Who allows private addresses leaves the name to the proxy, and here none is listening.
        let allowed = proxied.post_event(event("http://receiver-7.invalid/"), true).await;
        assert_eq!(allowed, Err(Unanswered::Unreachable));
    }

    #[tokio::test]
    async fn why_nobody_answered_is_told_in_words_that_hold_no_address() {
        let direct = Http::new(None);
        for (url, private, why) in [
            ("http://receiver-7.invalid/", false, "no connection to the receiver"),
            ("http://127.0.0.1:9/receiver-7", true, "no connection to the receiver"),
            (
                "http://localhost/",
                false,
                "a private address, which `allow_private_addresses = true` would permit",
            ),
        ] {
            let error = direct.post_event(event(url), private).await.unwrap_err();
            assert_eq!(error.to_string(), why, "{url}");
        }
    }
}
