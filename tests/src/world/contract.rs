//! What the `OpenAPI` documents promise, held against every answer that a test hears.

use super::World;
use jsonschema::Validator;
use reqwest::{Method, Request, header::HeaderMap};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// The documents of the public face and of the operators'.
static DOCUMENTS: LazyLock<[Value; 2]> = LazyLock::new(passrelay::http::documents);

/// Schemas that were made ready, by document and place.
static READY: LazyLock<Mutex<Ready>> = LazyLock::new(Mutex::default);

type Ready = HashMap<(usize, String), Arc<Validator>>;

/// A request as far as the documents speak of it.
pub(super) struct Asked {
    face: usize,
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Asked {
    pub(super) fn of(world: &World, request: &Request) -> Self {
        let url = request.url();
        let is_remote = world.remote.is_some_and(|remote| url.port() == Some(remote.port()));
        let is_socket = url.host_str() == Some("localhost");
        let body = request.body().and_then(|body| serde_json::from_slice(body.as_bytes()?).ok());
        Self {
            face: usize::from(is_remote || is_socket),
            method: request.method().clone(),
            path: url.path().to_owned(),
            body,
        }
    }

    /// Asserts that the answer is one of those that the document tells, and that a request that did something is too.
    ///
    /// # Panics
    ///
    /// When it is not.
    #[track_caller]
    pub(super) fn assert_answered(&self, status: u16, headers: &HeaderMap, body: &Value) {
        let document = &DOCUMENTS[self.face];
        let Some((pointer, operation)) = self.operation(document) else {
            let named = body["type"].as_str().unwrap_or_default();
            let is_told = named.ends_with("/no-route") || named.ends_with("/method-not-allowed");
            assert!(is_told || self.method == Method::HEAD, "{self:?} is not in the document, and {status}");
            return;
        };
        let answers = format!("{pointer}/responses/{status}");
        let answer = &operation["responses"][status.to_string()];
        assert!(answer.is_object(), "{self:?}: the document tells of no {status}: {body}");
        for (name, header) in answer["headers"].as_object().into_iter().flatten() {
            let (at, header) = resolved(document, format!("{answers}/headers/{name}"), header);
            match headers.get(name).and_then(|value| value.to_str().ok()) {
                Some(value) => self.hold(&format!("{at}/schema"), &json!(value)),
                None => assert!(header["required"] != true, "{self:?}, {status}: no `{name}`"),
            }
        }
        for name in TOLD.iter().filter(|name| headers.contains_key(**name)) {
            let told = answer["headers"].as_object().into_iter().flatten();
            let is_told = told.into_iter().any(|(told, _)| told.eq_ignore_ascii_case(name));
            assert!(is_told, "{self:?}, {status}: the document does not tell of `{name}`");
        }
        let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok());
        let content = answer["content"].as_object();
        assert_eq!(content.and_then(|content| content.keys().next()).map(String::as_str), kind, "{self:?}");
        if kind.is_some_and(|kind| kind.ends_with("json")) {
            let kind = kind.unwrap_or_default().replace('/', "~1");
            self.hold(&format!("{answers}/content/{kind}/schema"), body);
        }
        if let Some(asked) = self.body.as_ref().filter(|_| (200..300).contains(&status))
            && operation["requestBody"].is_object()
        {
            self.hold(&format!("{pointer}/requestBody/content/application~1json/schema"), asked);
        }
    }

    /// The operation that answers, and where it stands in the document.
    fn operation<'a>(&self, document: &'a Value) -> Option<(String, &'a Value)> {
        let paths = document["paths"].as_object().into_iter().flatten();
        let (path, item) = paths.into_iter().find(|(path, _)| matches(path, &self.path))?;
        let verb = self.method.as_str().to_lowercase();
        Some((format!("/paths/{}/{verb}", path.replace('/', "~1")), item.get(&verb)?))
    }

    /// Asserts that a value is what the schema at this place of the document says.
    #[track_caller]
    fn hold(&self, pointer: &str, value: &Value) {
        let key = (self.face, pointer.to_owned());
        let ready = || {
            let document = &DOCUMENTS[self.face];
            let mut schema = document.pointer(pointer).expect("a schema").clone();
            schema["components"] = document["components"].clone();
            let made = jsonschema::draft202012::options().should_validate_formats(true).build(&schema);
            Arc::new(made.expect("a schema"))
        };
        let mut all = READY.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = Arc::clone(all.entry(key).or_insert_with(ready));
        drop(all);
        let wrong: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{self:?} breaks its contract at {pointer}: {wrong:?}");
    }
}

/// The headers that no answer may carry without its document telling so.
const TOLD: [&str; 8] = [
    "x-request-id",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "www-authenticate",
    "preference-applied",
    "etag",
    "location",
];

/// What a reference stands for, with its place, or the thing itself.
fn resolved<'a>(document: &'a Value, at: String, value: &'a Value) -> (String, &'a Value) {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(place) => (place.to_owned(), document.pointer(place).expect("it is there")),
        None => (at, value),
    }
}

/// Whether a path is one of a template's: `{id}` stands for one segment.
fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some("{id}"), Some(segment)) if !segment.is_empty() => {}
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return false,
        }
    }
}

impl std::fmt::Debug for Asked {
    /// Without the body, which holds what nobody may see.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
