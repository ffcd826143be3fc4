//! A whole request of a stranger, through every layer of the public face and of the admin socket.

use super::{Face, admin_router, router};
use crate::{
    application::{Application, Bounds, Events, Policy, ServiceSid, TestRecipients},
    clock::{ManualClock, millis},
    config::{Draft, Environment, Saved},
    limit::Rules,
    metrics::Metrics,
    outbox::{
        Outbox, OutboxParts,
        tester::{Tester, TesterParts},
    },
    plugin::{Libraries, Workshop},
    route::Routes,
    seal::{Chance, DeliveryId, Keys, VerificationId},
    store::{Changes, Ledger, LedgerParts, View},
    template::Wording,
    verification::{self, Verification},
    verifier::{Verifier, VerifierParts},
};
use arc_swap::ArcSwap;
use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, Request, Response, header},
};
use provider_api::{Channel, Recipient, Secret};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, sync::Arc};
use tokio::{runtime::Builder, sync::Mutex};
use tower::ServiceExt as _;

const NUMBER: &str = "7700900617";

/// What the host's file says: the account of Twilio Verify.
const FILE: &str = "[twilio]\naccount_sid = \"AC0123456789abcdef0123456789abcdef\"\nauth_token = \"token-of-the-account-0123\"";

/// That account with its token.
const BASIC: &str = "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjp0b2tlbi1vZi10aGUtYWNjb3VudC0wMTIz";

/// So many requests one after the other.
const MOST: usize = 8;

/// Requests as they stand on the wire, in short: `METHOD PATH`, headers, an empty line, the body; between two of them a
/// line `---`. A path behind `@` goes to the admin socket. `{id}` is the id of a pending verification, `{sid}` its SID, `{code}`
/// its code, and `{service}` the SID of its application.
///
/// Whatever it is, the answer is no failure of ours, a problem where it refuses, and tells no code and no number; said
/// again with its `Idempotency-Key` it gets the same answer.
pub(crate) fn requests(text: &str) {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let Some((face, id, code)) = house().await else { return };
        let (sid, service) = (format!("VE{}", id.trim_start_matches("ver_")), ServiceSid::of("web"));
        let text = text.replace("{id}", &id).replace("{code}", &code).replace("{sid}", &sid);
        let text = text.replace("{service}", service.as_str());
        let mut before = Vec::new();
        for text in text.split("\n---\n").take(MOST) {
            let Some(asked) = Asked::read(text) else { return };
            let (status, body) = asked.ask(&face).await;
            if asked.is_named() && (200..300).contains(&status) {
                let again = asked.ask(&face).await;
                assert_eq!(again, (status, body.clone()), "asked again it is another answer");
            }
            before.push(asked);
            let names = |secret: &str| before.iter().any(|asked| asked.names(secret));
            // Twilio's contract has recipients in full.
            let is_told = |secret: &str| before.last().is_some_and(Asked::is_of_twilio) && secret == NUMBER;
            let told = [NUMBER, code.as_str()]
                .into_iter()
                .find(|secret| body.contains(secret) && !names(secret) && !is_told(secret));
            assert!(told.is_none(), "the answer tells {told:?}: {body}");
        }
    });
}

/// A request that was read from a text.
struct Asked<'a> {
    admin: bool,
    method: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a str,
}

impl<'a> Asked<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let (method, path) = lines.next()?.split_once(' ')?;
        let headers: Option<Vec<_>> = lines.map(|line| line.split_once(':')).collect();
        let (admin, path) = path.strip_prefix('@').map_or((false, path), |path| (true, path));
        Some(Self { admin, method, path, headers: headers?, body })
    }

    fn request(&self) -> Option<Request<Body>> {
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value.trim());
        }
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
            let known = if self.is_of_twilio() { BASIC } else { "Bearer key-of-web" };
            request = request.header(header::AUTHORIZATION, known);
        }
        request.body(Body::from(self.body.to_owned())).ok()
    }

    async fn ask(&self, face: &Arc<Face>) -> (u16, String) {
        let router = if self.admin { admin_router(Arc::clone(face)) } else { router(Arc::clone(face)) };
        // What is no request at all never gets as far as this.
        let Some(request) = self.request() else { return (0, String::new()) };
        let Ok(response) = router.oneshot(request).await;
        let (status, problem) = (response.status().as_u16(), is_problem(&response));
        assert_eq!(
            response.headers().get(header::CACHE_CONTROL).map(HeaderValue::as_bytes),
            Some(&b"no-store"[..])
        );
        let Ok(body) = to_bytes(response.into_body(), 1 << 20).await else {
            unreachable!("an answer of more than a MiB");
        };
        let body = String::from_utf8_lossy(&body).into_owned();
        // Without providers nothing can be sent, and `/readyz` says so.
        assert!(status < 500 || (status == 503 && self.path.starts_with("/readyz")), "{status}: {body}");
        if status >= 400 && self.method != "HEAD" {
            let said: Value = serde_json::from_str(&body).unwrap_or_default();
            let names = if self.is_of_twilio() {
                &["message", "more_info"][..]
            } else {
                &["type", "title", "detail"]
            };
            let whole = names.iter().all(|name| said.get(*name).is_some_and(Value::is_string));
            let is_right = problem != self.is_of_twilio() && said.get("status") == Some(&status.into());
            assert!(is_right && whole, "{status}: {body}");
        }
        (status, body)
    }

    /// Whether it goes to the face of Twilio Verify.
    fn is_of_twilio(&self) -> bool {
        let below = self.path.strip_prefix("/v2");
        !self.admin && below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }

    /// Whether it is one that is done once under its name.
    fn is_named(&self) -> bool {
        let may_be = self.method == "POST" && !self.admin && !self.is_of_twilio();
        may_be && self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"))
    }

    /// Whether the caller itself used a text as a name: names of fields are told, and so is what no JSON is.
    fn names(&self, text: &str) -> bool {
        fn in_names(value: &Value, text: &str) -> bool {
            match value {
                Value::Object(fields) => {
                    fields.iter().any(|(name, value)| name.contains(text) || in_names(value, text))
                }
                Value::Array(items) => items.iter().any(|item| in_names(item, text)),
                _ => false,
            }
        }
        self.path.contains(text)
            || self.headers.iter().any(|(_, value)| value.contains(text))
            || serde_json::from_str(self.body).map_or(self.body.contains(text), |body| in_names(&body, text))
    }
}

fn is_problem<T>(response: &Response<T>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind == "application/problem+json")
}

/// A face without providers on which one verification is pending: with its id and its code.
async fn house() -> Option<(Arc<Face>, String, String)> {
    let (chance, hand) = (Chance::seeded(1), ManualClock::at(millis(1_700_000_000_000)));
    let (clock, keys) = (hand.clock(), Arc::new(Keys::ephemeral(&chance)?));
    let metrics = Arc::new(Metrics::new(clock.now()));
    let parts = LedgerParts {
        keys: Arc::clone(&keys).into(),
        chance: chance.clone(),
        clock: clock.clone(),
        metrics: Arc::clone(&metrics),
    };
    let ledger = Ledger::in_memory(parts).ok()?;
    let pending = pending(&keys, &chance, &clock.now());
    let (id, code) = (pending.id.to_string(), pending.code(&keys, 0).ok()?.expose().to_owned());
    let job = move |_: &View<'_>, _| {
        let mut changes = Changes::none();
        changes.put((&pending.id).into(), &pending, pending.remembered_until())?;
        Ok(changes.answer(()))
    };
    ledger.run(Vec::new(), job).await.ok()?;
    let libraries = Arc::<Libraries>::default();
    let config = Draft::parse(FILE, Path::new("p.toml"), Environment::of([("", ""); 0])).finish(&libraries);
    let face = Face {
        metrics: Arc::clone(&metrics),
        chance: chance.clone(),
        saved: ArcSwap::from_pointee(Saved::new(&config.ok()?, libraries)),
        templates: Arc::default(),
        libraries: Arc::default(),
        changing: Mutex::default(),
        webhooks: super::Webhooks::new(None),
        tester: Tester::new(TesterParts {
            templates: Arc::default(),
            providers: Arc::default(),
            libraries: Arc::default(),
            workshop: Workshop::new(clock.clone()),
        }),
        outbox: Outbox::new(OutboxParts {
            templates: Arc::default(),
            providers: Arc::default(),
            ledger: ledger.clone(),
            keys: Arc::clone(&keys).into(),
            clock: clock.clone(),
            chance: chance.clone(),
            prices: ArcSwap::default(),
            metrics,
        }),
        verifier: Verifier::new(VerifierParts {
            applications: BTreeMap::from(["web", "shop"].map(application)),
            routes: Routes::default(),
            providers: Arc::default(),
            ledger,
            keys: keys.into(),
            clock,
            chance,
        }),
    };
    Some((Arc::new(face), id, code))
}

fn application(id: &str) -> (String, Application) {
    let methods = ["sms:code", "email:code"].into_iter().filter_map(|method| method.parse().ok()).collect();
    let keys = vec![Secret::new(format!("key-of-{id}"))];
    let (policy, bounds, test_recipients) = (Policy::default(), Bounds::default(), TestRecipients::default());
    let (id, preferred, limits) = (id.to_owned(), None, Rules::default());
    let (senders, service_sid, events) = (Vec::new(), None, Events::default());
    let application = Application {
        id,
        keys,
        methods,
        preferred,
        policy,
        bounds,
        test_recipients,
        senders,
        events,
        limits,
        service_sid,
    };
    (application.id.clone(), application)
}

fn pending(keys: &Keys, chance: &Chance, now: &jiff::Timestamp) -> Verification {
    let draft = verification::Draft {
        id: VerificationId::new(*now, chance),
        application: "web".to_owned(),
        purpose: "generic".to_owned(),
        locale: None,
        member_name: None,
        method: crate::application::Method { target: "sms".to_owned(), payload: "code".to_owned() },
        channel: Channel::new("sms").unwrap_or_else(|_| unreachable!("`sms` is a channel")),
        recipient: Recipient::new(format!("+44{NUMBER}")),
        person: "0".repeat(64),
        key: keys.newest().id().to_owned(),
        policy: Policy::default(),
        own_code: None,
        payment: None,
        wording: Wording::default(),
        is_test: false,
        slot: "slot".to_owned(),
        member: None,
        notes: verification::Notes::default(),
        webhook: None,
    };
    Verification::start(draft, DeliveryId::new(*now, chance), *now)
}
