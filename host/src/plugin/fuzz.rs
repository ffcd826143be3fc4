//! What a hostile library or its process may say: its file, its frames, its answers, its log, its requests.

use super::{
    InspectError, facts, inspect,
    log::{Log, Session},
    redact::Redactor,
    services::http::Http,
    wire,
};
use crate::clock::{ManualClock, millis};
use provider_api::{
    Availability, Channel, DeliveryError, HttpRequest, Manifest, Message, OpenAnswer, Payload, Receipt,
    Recipient,
    abi::{Reply, frame, ops},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tokio::runtime::Builder;

const CODE: &str = "493817";
const NUMBER: &str = "447700900123";
const SECRET: &str = "tok-9f8e7d";

/// A file in the folder of libraries: judged without a panic, and what is taken has a proper id.
pub(crate) fn library(bytes: &[u8]) {
    let facts = facts(bytes);
    match inspect(bytes) {
        Ok(note) => {
            assert!(provider_api::is_word(&note.id));
            assert!(facts.is_some_and(|facts| facts.note == Some(note)), "the same note is told");
        }
        Err(error) => {
            assert!(!error.hint().is_empty());
            let told = error.to_string();
            assert!(!matches!(error, InspectError::Truncated { end, length } if end <= length));
            assert!(told.len() < 2_000, "it tells too much: {told}");
        }
    }
}

/// Bytes from a worker's process: frames are read as they were laid out, and end at the first that is none.
pub(crate) fn frames(bytes: &[u8]) {
    let Ok(runtime) = Builder::new_current_thread().build() else { return };
    let mut rest = bytes;
    while let Ok(read) = runtime.block_on(async {
        let before = rest;
        wire::read(&mut rest).await.map(|frame| (before, frame))
    }) {
        let (before, read) = read;
        let again = wire::frame(read.kind, read.id, &[&read.body]);
        assert!(before.starts_with(&again), "read as something that was not sent");
        let reply = wire::untagged(&read.body);
        let (tag, said) = wire::tagged(&reply);
        let known = !matches!(reply, Reply::UnknownOp);
        assert!(!known || read.body.split_first() == Some((&tag, said)), "another reply than was sent");
        let _numbers = (wire::split_u32(&read.body), wire::split_u64(&read.body));
        let _value = frame::decode::<Value>(&read.body);
        assert!(rest.len() < before.len());
    }
}

fn trusting() -> (Redactor, Message) {
    let redactor = Redactor::default();
    redactor.trust_settings(vec![SECRET.to_owned()]);
    let channel = Channel::new("sms").unwrap_or_else(|_| unreachable!("`sms` is a channel"));
    let recipient = Recipient::new(format!("+{NUMBER}"));
    (redactor, Message::new("m", channel, recipient, Payload::code(CODE), "x"))
}

/// The JSON of an answer: whatever it says, what the host passes on holds neither code, number nor secret.
pub(crate) fn answer(json: &[u8]) {
    let (redactor, message) = trusting();
    let trust = redactor.trust_message(&message);
    if let Some(error) = understood::<DeliveryError>(json) {
        let error = redactor.clean_error(error);
        assert!(error.text.chars().count() <= 500 && !error.text.contains('\n'));
        silent(
            &[&error.text, error.code.as_deref().unwrap_or_default(), error.failure.as_str()],
            &[NUMBER, CODE, SECRET],
        );
    }
    if let Some(said) = understood::<Availability>(json) {
        let said = redactor.clean_availability(said);
        let told = [said.reason.unwrap_or_default(), said.detail.unwrap_or_default()];
        silent(&[&told[0], &told[1]], &[NUMBER, CODE, SECRET]);
    }
    if let Some(receipt) = understood::<Receipt>(json) {
        let receipt = trust.clean_receipt(receipt);
        let told = serde_json::to_string(&receipt).unwrap_or_default();
        // A code is hidden in it only where it stands by itself: references are full of digits.
        silent(&[&told], &[NUMBER, SECRET]);
        assert!(receipt.preview.len() <= 100, "{}", receipt.preview.len());
    }
    let _opened = understood::<OpenAnswer>(json);
    if let Some(manifest) = understood::<Manifest>(json) {
        let _serves = Channel::new("sms").is_ok_and(|sms| manifest.serves(&sms));
    }
}

/// The value that some JSON is; it survives the way through a frame, and its JSON is read again as the same.
fn understood<T: DeserializeOwned + Serialize + PartialEq>(json: &[u8]) -> Option<T> {
    let value: T = serde_json::from_slice(json).ok()?;
    let frame = frame::encode(&value, b"blob");
    let again = frame::decode::<T>(&frame).ok();
    assert!(again.is_some_and(|(again, blob)| again == value && blob == b"blob"), "another value arrives");
    Some(value)
}

#[track_caller]
fn silent(told: &[&str], secrets: &[&str]) {
    for (told, secret) in told.iter().flat_map(|told| secrets.iter().map(move |secret| (told, secret))) {
        assert!(!told.contains(secret), "`{secret}` is told: {told}");
    }
}

/// A callsite's description, and after each `---` the values of an event on it: what the log shows is clean.
pub(crate) fn callsites(bytes: &[u8]) {
    let (redactor, message) = trusting();
    let log = Written::default();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let writer = log.clone();
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    let (first, others) = split(bytes);
    tracing::subscriber::with_default(subscriber, || {
        let _trust = redactor.trust_message(&message);
        let clock = ManualClock::at(millis(0)).clock();
        let session = Session::new(Log::new("fuzzed", redactor.clone()), clock);
        session.callsite(1, first);
        for (number, values) in (1_u64..).zip(&others) {
            session.trace(ops::TRACE_EVENT, 1, number - 1, 0, values);
            session.trace(ops::TRACE_NEW_SPAN, 1, number - 1, number, values);
            session.trace(ops::TRACE_RECORD, 1, number, 0, values);
            session.trace(ops::TRACE_CLOSE, 1, number - 1, 0, values);
        }
    });
    // What is a name of the library's own is not cleaned: it was compiled in, before anything was trusted to it.
    let first = String::from_utf8_lossy(first);
    let secrets =
        [CODE, NUMBER, SECRET].into_iter().filter(|secret| !first.contains(*secret) && !first.contains('\\'));
    silent(&[&log.text()], &secrets.collect::<Vec<_>>());
}

fn split(bytes: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while let Some(at) = rest.windows(5).position(|part| part == b"\n---\n") {
        parts.push(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 5..).unwrap_or_default();
    }
    parts.push(rest);
    let first = parts.remove(0);
    (first, parts)
}

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The JSON of an HTTP request, then `---` and its body: what would be sent goes to no address of the host's network.
pub(crate) fn service_call(bytes: &[u8]) {
    static HTTP: OnceLock<Http> = OnceLock::new();
    let (head, others) = split(bytes);
    let Some(mut request) = understood::<HttpRequest>(head) else { return };
    request.body = others.concat();
    let http = HTTP.get_or_init(|| Http::new(None));
    let prepared = http.prepare(request, false).map(reqwest::RequestBuilder::build);
    match prepared {
        Ok(Ok(request)) => {
            assert!(matches!(request.url().scheme(), "http" | "https"));
            let host = request.url().host_str().unwrap_or_default();
            let own = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
                Ok(IpAddr::V4(v4)) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
                Ok(IpAddr::V6(v6)) => v6.is_loopback() || v6.is_unicast_link_local(),
                Err(_) => false,
            };
            assert!(!own, "it would reach {host}");
        }
        Ok(Err(_)) => {}
        Err(error) => assert!(error.text.len() < 300 && !error.text.contains(SECRET), "{}", error.text),
    }
}
