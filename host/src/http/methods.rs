//! `POST /v1/methods`: which methods reach a member, and why the others do not.

use super::{
    Face, Problem,
    auth::Caller,
    body::Body,
    members,
    person::{Errors, MemberRequest},
    shown::json,
};
use crate::{
    member::{Person, Refusal},
    phone::Region,
};
use axum::{extract::State, http::StatusCode, response::Response};
use provider_api::Member;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    member: Option<MemberRequest>,
    member_id: Option<String>,
    purpose: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    methods: Vec<Offered<'a>>,
    unavailable: &'a [Refusal],
}

#[derive(Serialize)]
struct Offered<'a> {
    id: String,
    channel: &'a str,
    payload: &'a str,
    recipient: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
    preferred: bool,
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
    match member {
        Some(member) if errors.0.is_empty() => Ok(Person::Member(member)),
        _ => Err(Problem::invalid(&errors.0)),
    }
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
