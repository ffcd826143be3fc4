//! What one route says of itself: what it is asked, what it answers, and which problems it tells.

use super::{
    headers::{
        APPLICATION, ETAG, Header, PREFER, PREFERENCE_APPLIED, RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID,
        RETRY_AFTER, WWW_AUTHENTICATE, X_REQUEST_ID,
    },
    schemas::Components,
};
use crate::http::problem::{TYPES, Told};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One route, while it is told.
pub(in crate::http) struct Operation<'a> {
    components: &'a mut Components,
    told: Map<String, Value>,
    parameters: Vec<Value>,
    answers: BTreeMap<u16, Map<String, Value>>,
    problems: BTreeMap<u16, BTreeSet<&'static str>>,
    is_limited: bool,
}

impl<'a> Operation<'a> {
    /// A route of which only is known what holds for all.
    pub(super) fn new(components: &'a mut Components) -> Self {
        let parameters = vec![components.parameter(&X_REQUEST_ID)];
        let (told, answers, problems) = (Map::new(), BTreeMap::new(), BTreeMap::new());
        Self { components, told, parameters, answers, problems, is_limited: false }
            .problem(500, "internal")
            .problem(503, "timed-out")
    }

    /// Its name for programs, and one line for people.
    pub(in crate::http) fn named(mut self, id: &str, summary: &str) -> Self {
        self.told.insert("operationId".to_owned(), json!(id));
        self.told.insert("summary".to_owned(), json!(summary));
        self
    }

    /// What people must know besides.
    pub(in crate::http) fn described(mut self, description: &str) -> Self {
        self.told.insert("description".to_owned(), json!(description));
        self
    }

    /// It needs the key of an application, and asks the store.
    pub(in crate::http) fn of_caller(self) -> Self {
        let asked = self.with_key().asked(&APPLICATION).of_store();
        asked.problem(400, "invalid-request").problem(401, "unauthorized").problem(403, "forbidden")
    }

    /// It is for operators: where the listener does not say who asks, it needs their key.
    pub(in crate::http) fn of_operator(self) -> Self {
        self.with_key().problem(401, "unauthorized").problem(403, "forbidden")
    }

    /// It reads or writes what is kept, which may be busy or out of order.
    pub(in crate::http) fn of_store(self) -> Self {
        self.problem(503, "busy").problem(503, "store-unavailable")
    }

    fn with_key(mut self) -> Self {
        self.told.insert("security".to_owned(), json!([]));
        self
    }

    /// What `{id}` of its path names.
    pub(in crate::http) fn at<T: JsonSchema>(mut self, description: &str, example: &str) -> Self {
        let schema = self.components.read::<T>();
        self.parameters.push(json!({
            "name": "id", "in": "path", "required": true, "description": description, "schema": schema,
            "example": example,
        }));
        self
    }

    /// A header that it may be asked with.
    pub(in crate::http) fn asked(mut self, header: &Header) -> Self {
        self.parameters.push(self.components.parameter(header));
        self
    }

    /// What may stand behind the `?`: the members of a struct.
    pub(in crate::http) fn query<T: JsonSchema>(mut self) -> Self {
        for (name, mut schema) in self.components.members::<T>() {
            let described = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            self.parameters.push(json!({
                "name": name, "in": "query", "description": described.unwrap_or_default(), "schema": schema,
            }));
        }
        self.problem(400, "invalid-request")
    }

    /// The body that it is asked with, and examples that the server takes.
    pub(in crate::http) fn body<T: JsonSchema>(mut self, examples: &[(&str, Value)]) -> Self {
        let schema = self.components.read::<T>();
        let examples: Map<String, Value> =
            examples.iter().map(|(name, value)| ((*name).to_owned(), json!({ "value": value }))).collect();
        let content = json!({ "application/json": { "schema": schema, "examples": examples } });
        self.told.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
        self.problem(400, "invalid-request").problem(413, "too-large").problem(415, "unsupported-media-type")
    }

    /// What it answers when all is well.
    pub(in crate::http) fn answer<T: JsonSchema>(mut self, status: u16, description: &str) -> Self {
        let schema = self.components.written::<T>();
        let content = json!({ "application/json": { "schema": schema } });
        let answer = [("description", json!(description)), ("content", content)];
        self.answers
            .insert(status, answer.map(|(name, value)| (name.to_owned(), value)).into_iter().collect());
        self
    }

    /// An answer that is no JSON.
    pub(in crate::http) fn text(mut self, kind: &str, description: &str) -> Self {
        let content = json!({ kind: { "schema": { "type": "string" } } });
        let answer = [("description", json!(description)), ("content", content)];
        self.answers.insert(200, answer.map(|(name, value)| (name.to_owned(), value)).into_iter().collect());
        self
    }

    /// An answer without a body.
    pub(in crate::http) fn nothing(mut self, description: &str) -> Self {
        let answer = [("description".to_owned(), json!(description))];
        self.answers.insert(204, answer.into_iter().collect());
        self
    }

    /// Its answers name the state that they show.
    pub(in crate::http) fn tagged(self) -> Self {
        self.with_header(&ETAG)
    }

    /// The body may be left out.
    pub(in crate::http) fn optional(mut self) -> Self {
        if let Some(body) = self.told.get_mut("requestBody").and_then(Value::as_object_mut) {
            body.insert("required".to_owned(), json!(false));
        }
        self
    }

    /// It sends a message, and may wait until it is handed over.
    pub(in crate::http) fn sending(self) -> Self {
        self.asked(&PREFER)
            .with_header(&PREFERENCE_APPLIED)
            .limited()
            .problem(422, "method-unavailable")
            .problem(503, "not-answering")
            .problem(422, "idempotency-key-reused")
            .problem(429, "resend-too-soon")
            .problem(429, "sends-used-up")
    }

    /// It comes under limits, and tells what is left of them.
    pub(in crate::http) fn limited(mut self) -> Self {
        self.is_limited = true;
        self.with_header(&RATE_LIMIT_POLICY).with_header(&RATE_LIMIT).problem(429, "limit-exceeded")
    }

    /// It does nothing more with a verification that is over.
    pub(in crate::http) fn ended(self) -> Self {
        self.problem(409, "verification-approved")
            .problem(409, "verification-exhausted")
            .problem(409, "verification-expired")
            .problem(409, "verification-canceled")
    }

    /// A problem that it may tell, by the last part of its `type`.
    pub(in crate::http) fn problem(mut self, status: u16, name: &'static str) -> Self {
        self.problems.entry(status).or_default().insert(name);
        self
    }

    /// A header of every answer so far.
    fn with_header(mut self, header: &Header) -> Self {
        let reference = self.components.header(header);
        for answer in self.answers.values_mut() {
            carries(answer, header, &reference);
        }
        self
    }

    /// As the document has it; `security` stands in it if it needs a key.
    pub(super) fn json(self) -> Map<String, Value> {
        let Self { components, mut told, parameters, mut answers, problems, is_limited } = self;
        for (status, names) in problems {
            answers.insert(status, problem(components, status, &names, is_limited));
        }
        let request_id = components.header(&REQUEST_ID);
        let answers: Map<String, Value> = answers
            .into_iter()
            .map(|(status, mut answer)| {
                carries(&mut answer, &REQUEST_ID, &request_id);
                (status.to_string(), Value::Object(answer))
            })
            .collect();
        told.insert("parameters".to_owned(), json!(parameters));
        told.insert("responses".to_owned(), json!(answers));
        told
    }
}

/// Says that an answer carries a header.
fn carries(answer: &mut Map<String, Value>, header: &Header, reference: &Value) {
    if let Some(headers) = answer.entry("headers").or_insert_with(|| json!({})).as_object_mut() {
        headers.insert(header.name.to_owned(), reference.clone());
    }
}

/// The answer that tells one of these problems.
fn problem(
    components: &mut Components,
    status: u16,
    names: &BTreeSet<&str>,
    is_limited: bool,
) -> Map<String, Value> {
    let types: Vec<String> = names.iter().map(|name| format!("{TYPES}{name}")).collect();
    let named: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let common = components.written::<Told<'static>>();
    let own = json!({ "properties": { "type": { "enum": types }, "status": { "const": status } } });
    let schema = json!({ "allOf": [common, own] });
    let mut headers = Map::new();
    let wanted: &[Header] = match status {
        401 => &[WWW_AUTHENTICATE],
        429 if is_limited => &[RETRY_AFTER, RATE_LIMIT_POLICY, RATE_LIMIT],
        429 | 503 => &[RETRY_AFTER],
        _ => &[],
    };
    for header in wanted {
        headers.insert(header.name.to_owned(), components.header(header));
    }
    Map::from_iter([
        ("description".to_owned(), json!(format!("A problem: {}", named.join(", ")))),
        ("content".to_owned(), json!({ "application/problem+json": { "schema": schema } })),
        ("headers".to_owned(), json!(headers)),
    ])
}
