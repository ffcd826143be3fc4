//! `POST /v1/methods`: which methods reach a member, and why the others do not.

use super::{
    Face, Problem,
    auth::Caller,
    body::Body,
    members,
    openapi::Operation,
    person::{Errors, MemberRequest},
    shown::json,
};
use crate::{
    member::{Person, Refusal},
    phone::Region,
};
use axum::{extract::State, http::StatusCode, response::Response};
use provider_api::Member;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json as value;
use std::sync::Arc;

/// What is asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MethodsRequest")]
pub(super) struct Request {
    /// The member; this or `member_id`.
    member: Option<MemberRequest>,
    /// The id of a stored member; this or `member`.
    member_id: Option<String>,
    /// What it is for, a lower-case word such as `sign_in`. By default `generic`.
    purpose: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Methods")]
struct Answer<'a> {
    /// The methods that reach the member, the preferred one first.
    methods: Vec<Offered<'a>>,
    /// The methods that do not, and why.
    unavailable: &'a [Refusal],
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OfferedMethod")]
struct Offered<'a> {
    /// What to say in `method` of a start.
    id: String,
    /// The way it travels.
    channel: &'a str,
    /// What is delivered.
    payload: &'a str,
    /// Whom it reaches, masked.
    recipient: String,
    /// The country of a phone number, an ISO 3166-1 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    region: Option<Region>,
    /// Whether it is the one to offer first.
    preferred: bool,
}

/// What the document says.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    let ada = value!({ "id": "42", "name": "Ada", "locale": "en", "fields": { "mobile": "+447700900123" } });
    operation
        .named("listMethods", "Lists the methods that reach a member, and why the others do not")
        .of_caller()
        .body::<Request>(&[
            ("member", value!({ "member": ada, "purpose": "sign_in" })),
            ("stored", value!({ "member_id": "42" })),
        ])
        .answer::<Answer<'static>>(200, "What the member may be offered")
        .problem(404, "member-not-found")
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    Body { request, .. }: Body<Request>,
) -> Result<Response, Problem> {
    let only = request.member_id.as_deref().filter(|_| request.member.is_none());
    let stored = members::named(&face, &application, only).await?;
    let person = read(request, stored)?;
    let methods = face.verifier.methods(&application, &person).await;
    let offered = methods.offers.iter().map(|offer| Offered {
        id: offer.method.to_string(),
        channel: offer.channel.as_str(),
        payload: &offer.method.payload,
        recipient: offer.recipient.masked(),
        region: offer.region(),
        preferred: offer.preferred,
    });
    Ok(json(StatusCode::OK, &Answer { methods: offered.collect(), unavailable: &methods.refusals }))
}

/// The purpose picks a text later; here it is only held to its shape.
fn read(request: Request, stored: Option<Member>) -> Result<Person, Problem> {
    let mut errors = Errors::default();
    let member = match (request.member, stored) {
        (Some(member), None) if request.member_id.is_none() => Some(errors.member(member)),
        (None, Some(stored)) => Some(stored),
        _ => {
            errors.add("member", "exactly one of `member` and `member_id` is needed");
            None
        }
    };
    errors.purpose(request.purpose);
    errors.or(member).map(Person::Member)
}

#[cfg(test)]
mod tests {
    use crate::http::tests::{house, post};
    use serde_json::json;

    #[tokio::test]
    async fn a_method_that_reaches_nobody_says_why() {
        let answer =
            post(&house(), "/v1/methods", &json!({"member": {"fields": {}}, "purpose": "sign_in"})).await;
        let unavailable = |id: &str, channel: &str| json!({"id": id, "reason": "no_route", "detail": format!("channel `{channel}` has no providers")});
        answer.is(
            200,
            &json!({
                "methods": [],
                "unavailable": [unavailable("sms:code", "sms"), unavailable("email:code", "email")],
            }),
        );
    }

    #[tokio::test]
    async fn a_malformed_request_names_its_field() {
        let request = json!({"member": {"fields": {"mobile": 1}}});
        let answer = post(&house(), "/v1/methods", &request).await;
        answer.is_problem(400, "invalid-request");
        assert_eq!(
            answer.body["errors"],
            json!([{"field": "member.fields.mobile", "detail": "expected a string"}])
        );
        for (request, field) in [
            (json!({}), "member"),
            (json!({"member": {}, "colour": 1}), "colour"),
            (json!({"member": {"age": 1}}), "member.age"),
            (json!({"member": {"locale": "?"}}), "member.locale"),
            (json!({"member": {}, "purpose": "Sign in"}), "purpose"),
        ] {
            let answer = post(&house(), "/v1/methods", &request).await;
            answer.is_problem(400, "invalid-request");
            assert_eq!(answer.body["errors"][0]["field"], field, "{request}");
        }
    }
}
