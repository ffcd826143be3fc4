//! Which hosts one provider's requests go to, judged in the host's own process and by what its client would connect to.

use super::super::{
    redact::{Redactor, one_line},
    settings::Settings,
};
use super::http;
use provider_api::{
    DeliveryError, HttpRequest, Manifest,
    hosts::{Pattern, Reach, TWO_HOSTS, Target, Unreachable, has_host_header},
};
use reqwest::Url;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// How many hosts are told of one provider: it may think up any number of names.
const MOST_TOLD: usize = 32;

/// The most characters of a host that are told.
const LONGEST: usize = 100;

/// The hosts of one provider, with those that it was refused. Clones are one. By default it reaches none.
#[derive(Clone, Default)]
pub(crate) struct Hosts(Arc<Inner>);

#[derive(Default)]
struct Inner {
    provider: String,
    reach: Reach,
    redactor: Redactor,
    told: Mutex<BTreeSet<String>>,
}

impl Hosts {
    /// What a library declares and these settings permit.
    pub(crate) fn of(settings: &Settings, manifest: &Manifest, redactor: Redactor) -> Self {
        let reach = declared(manifest, &settings.config).permitting(settings.allow_hosts.clone());
        let (provider, told) = (settings.id.clone(), Mutex::default());
        Self(Arc::new(Inner { provider, reach, redactor, told }))
    }

    /// Judges a request before anything of it is sent, and logs the first refusal of each host.
    pub(super) fn check(&self, request: &HttpRequest) -> Result<(), DeliveryError> {
        let Inner { provider, reach, .. } = &*self.0;
        if has_host_header(request) {
            return Err(DeliveryError::misconfigured(TWO_HOSTS));
        }
        let target =
            target(&http::url(&request.url)?).ok_or_else(|| http::refused("the URL names no host"))?;
        reach.check(&target).map_err(|cause| {
            self.tell(&target, &cause);
            DeliveryError::misconfigured(match cause {
                Unreachable::NotPermitted(host) => {
                    format!("`allow_hosts` of provider `{provider}` does not permit the host `{host}`")
                }
                undeclared @ Unreachable::Undeclared(_) => undeclared.to_string(),
            })
        })
    }

    /// Nothing but the host is told, and not what the provider was trusted with: it may have written a code there.
    fn tell(&self, target: &Target, cause: &Unreachable) {
        let Inner { provider, redactor, told, .. } = &*self.0;
        let host = one_line(&redactor.clean(&target.to_string()), LONGEST);
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST_TOLD || !told.insert(host.clone()) {
            return;
        }
        drop(told);
        let (why, hint) = match cause {
            Unreachable::Undeclared(_) => ("its library does not declare it", "ask the library's author"),
            Unreachable::NotPermitted(_) => ("`allow_hosts` does not permit it", "add it to `allow_hosts`"),
        };
        tracing::warn!(provider.id = provider, host, why, hint, "a host is out of the provider's reach");
    }
}

/// What a library reaches with this configuration, if its operator permits all of it.
pub(crate) fn declared(manifest: &Manifest, config: &Value) -> Reach {
    // A library with one that is none was refused before.
    let hosts = manifest.hosts.iter().filter_map(|host| Pattern::parse(host).ok()).collect();
    Reach::declared(hosts, config, &manifest.config_schema, |url| target(&Url::parse(url).ok()?))
}

/// Where the client would connect to.
fn target(url: &Url) -> Option<Target> {
    let own = match url.scheme() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let port = url.port_or_known_default()?;
    Some(Target::new(url.host_str()?, port, port == own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use proptest::prelude::*;

    fn reaches(hosts: &[&str], url: &str) -> bool {
        let mut manifest = Manifest::default();
        manifest.hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let reach = declared(&manifest, &Value::Null);
        Url::parse(url).ok().and_then(|url| target(&url)).is_some_and(|target| reach.check(&target).is_ok())
    }

    /// What stands where a host seems to stand is not what counts, but what is connected to.
    #[test]
    fn a_url_is_judged_by_the_host_that_it_leads_to() {
        for (host, url, expected) in [
            ("api.example.com", "HTTPS://API.EXAMPLE.COM/", true),
            ("api.example.com", " https://api.\texample\n.com/ ", true),
            ("api.example.com", "https:api.example.com", true),
            ("api.example.com", "https:\\\\api.example.com\\x", true),
            ("api.example.com", "https://api%2Eexample%2ecom/", true),
            ("api.example.com", "https://\u{ff41}pi.example.com/", true),
            ("api.example.com", "https://user:word@api.example.com/", true),
            ("api.example.com", "https://api.example.com@evil.example/", false),
            ("api.example.com", "https://api.example.com:443@evil.example/", false),
            ("api.example.com", "https://evil.example\\@api.example.com/", false),
            ("api.example.com", "https://evil.example#@api.example.com/", false),
            ("api.example.com", "https://evil.example?@api.example.com/", false),
            ("api.example.com", "https://evil.example/../api.example.com/", false),
            ("api.example.com", "https://api.example.com/../../evil.example/", true),
            ("api.example.com", "https://api.example.com%2f@evil.example/", false),
            ("api.example.com", "https://api.example.com./", false),
            ("api.example.com", "https://api..example.com/", false),
            ("*.example.com", "https://.example.com/", false),
            ("*.example.com", "https://a.example.com./", false),
            ("xn--mnchen-3ya.example", "https://M\u{fc}nchen.example/", true),
            ("xn--mnchen-3ya.example", "https://munchen.example/", false),
            ("127.0.0.1", "http://0x7f.1/", true),
            ("127.0.0.1", "http://2130706433/", true),
            ("127.0.0.1", "http://127.0.0.1./", true),
            ("127.0.0.1", "http://[::ffff:127.0.0.1]/", false),
            ("127.0.0.1", "http://localhost/", false),
            ("[::ffff:7f00:1]", "http://[::ffff:127.0.0.1]/", true),
            ("[::1]", "http://[0:0:0:0:0:0:0:1]/", true),
            ("*", "ftp://api.example.com/", false),
            ("*", "file:///etc/passwd", false),
            ("*", "data:text/plain,x", false),
            ("*", "http://", false),
        ] {
            assert_eq!(reaches(&[host], url), expected, "{host} {url}");
        }
    }

    #[test]
    fn without_a_declaration_no_host_is_reached() {
        assert!(!reaches(&[], "https://api.example.com/") && reaches(&["*"], "https://api.example.com/"));
    }

    proptest! {
        /// The client hands this address to the resolver, or to the proxy.
        #[test]
        fn the_host_that_is_judged_is_the_one_that_the_client_connects_to(
            url in "https?:[/\\\\]{1,3}([a-c:%]{0,3}@)?([a-cA-F0-9.-]|\u{e9}|\u{ff0e}|%2e|%61){1,12}(:[0-9]{0,4})?([/\\\\?#]\\PC{0,6})?",
        ) {
            let Some((url, judged)) = Url::parse(&url).ok().and_then(|url| {
                let target = target(&url)?;
                Some((url, target))
            }) else {
                return Ok(());
            };
            let request = reqwest::Request::new(reqwest::Method::GET, url.clone());
            let Ok(request) = Request::<reqwest::Body>::try_from(request) else { return Ok(()) };
            let uri = request.uri();
            let host = uri.host().unwrap_or_default();
            let own = if uri.scheme_str() == Some("https") { 443 } else { 80 };
            let port = uri.port_u16().unwrap_or(own);
            prop_assert_eq!(Target::new(host, port, port == own), judged);
        }

        /// A test in an author's own process judges as the host does, or not at all.
        #[test]
        fn what_a_test_reads_the_host_reads_in_the_same_way(
            url in "https?://[a-c0-9A-C.:@%\\[\\]_-]{1,16}(/[a-z@/\\\\?#]{0,6})?",
        ) {
            if let (Some(plain), Ok(parsed)) = (Target::plain(&url), Url::parse(&url)) {
                prop_assert_eq!(target(&parsed), Some(plain));
            }
        }
    }
}
