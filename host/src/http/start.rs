//! `POST /v1/verifications`: starts a verification, or sends the pending one again.

use super::{
    Face, Problem,
    auth::{ApiKey, Caller},
    body::Body,
    idempotency, members,
    person::{ClientRequest, Errors, MemberRequest},
    policy::PolicyRequest,
    sent,
};
use crate::{
    application::Application,
    member::{Person, To},
    verifier::{Asker, Idempotency, Start},
};
use axum::{extract::State, http::HeaderMap, response::Response};
use provider_api::{Member, Secret};
use serde::Deserialize;
use std::sync::Arc;

/// What is asked: exactly one of `member`, `member_id` and `to`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    member: Option<MemberRequest>,
    member_id: Option<String>,
    to: Option<String>,
    method: Option<String>,
    purpose: Option<String>,
    locale: Option<String>,
    client: Option<ClientRequest>,
    policy: Option<PolicyRequest>,
    code: Option<Secret>,
    amount: Option<String>,
    payee: Option<String>,
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    ApiKey(api_key): ApiKey,
    headers: HeaderMap,
    Body { request, bytes }: Body<Request>,
) -> Result<Response, Problem> {
    let idempotency = idempotency::named(&headers, "POST /v1/verifications", &bytes)?;
    let only = request.member.is_none() && request.to.is_none();
    let stored = members::named(&face, &application, request.member_id.as_deref().filter(|_| only)).await?;
    let mut start = read(request, &application, stored, idempotency)?;
    start.asker.api_key = api_key;
    let handed = Arc::clone(&face);
    let start = async move { handed.verifier.start(&application, start).await };
    sent::answer(&face, &headers, start).await
}

fn read(
    request: Request,
    application: &Application,
    stored: Option<Member>,
    idempotency: Option<Idempotency>,
) -> Result<Start, Problem> {
    let Request { member, member_id, to, method, purpose, locale, client, policy, code, amount, payee } =
        request;
    let mut errors = Errors::default();
    let person = match (member, member_id, to) {
        (Some(member), None, None) => Some(Person::Member(errors.member(member))),
        (None, None, Some(to)) => {
            errors.text("to", to.trim());
            Some(Person::To(To(to)))
        }
        (None, Some(_), None) => stored.map(Person::Member),
        _ => {
            errors.add("member", "exactly one of `member`, `member_id` and `to` is needed");
            None
        }
    };
    let method = errors.method(method.as_deref());
    let purpose = errors.purpose(purpose);
    let locale = errors.locale("locale", locale);
    let asker = Asker { ip: errors.client(client.as_ref()), api_key: None };
    let policy = errors.policy(policy, application);
    let payment = errors.payment(amount, payee);
    let code = errors.own_code(code.as_ref(), application);
    if code.is_some() && payment.is_some() {
        errors.add("code", "a code of your own is not derived from `amount` and `payee`: leave it out");
    }
    match person {
        Some(person) if errors.0.is_empty() => {
            Ok(Start { person, method, purpose, locale, policy, code, payment, idempotency, asker })
        }
        _ => Err(Problem::invalid(&errors.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        application::narrow,
        http::tests::{house, post},
    };
    use proptest::prelude::*;
    use serde_json::json;

    #[tokio::test]
    async fn a_person_whom_no_method_reaches_is_told_with_every_reason() {
        let answer = post(&house(), "/v1/verifications", &json!({"to": "+447700900123"})).await;
        answer.is_problem(422, "method-unavailable");
        assert_eq!(answer.body["unavailable"][1]["id"], "email:code");
        let answer =
            post(&house(), "/v1/verifications", &json!({"to": "+447700900123", "method": "rcs:code"})).await;
        answer.is_problem(422, "method-unavailable");
        assert_eq!(answer.body["unavailable"][0]["reason"], "not_offered");
    }

    #[tokio::test]
    async fn a_malformed_request_names_its_field() {
        for (request, field) in [
            (json!({}), "member"),
            (json!({"to": "+447700900123", "member": {}}), "member"),
            (json!({"member_id": 42}), "member_id"),
            (json!({"member_id": "42", "to": "+447700900123"}), "member"),
            (json!({"to": 447_700_900_123_u64}), "to"),
            (json!({"to": ""}), "to"),
            (json!({"to": "+44\u{0}7700900123"}), "to"),
            (json!({"to": "+447700900123", "method": "sms"}), "method"),
            (json!({"to": "+447700900123", "purpose": "?"}), "purpose"),
            (json!({"to": "+447700900123", "locale": "?"}), "locale"),
            (json!({"to": "+447700900123", "client": {"ip": "?"}}), "client.ip"),
            (json!({"to": "+447700900123", "client": {"port": 1}}), "client.port"),
            (json!({"to": "+447700900123", "channel": "sms"}), "channel"),
            (json!({"member": {"fields": {"mobile": null}}}), "member.fields.mobile"),
            (json!({"to": "+447700900123", "code": "123"}), "code"),
            (json!({"to": "+447700900123", "code": "12345é"}), "code"),
            (json!({"to": "+447700900123", "code": 123_456}), "code"),
            (json!({"to": "+447700900123", "amount": "12.30 EUR"}), "payee"),
            (json!({"to": "+447700900123", "payee": "Ada"}), "amount"),
            (json!({"to": "+447700900123", "amount": "1\n2", "payee": "Ada"}), "amount"),
            (json!({"to": "+447700900123", "amount": "1", "payee": "Ada", "code": "123456"}), "code"),
            (json!({"to": "+447700900123", "policy": {"length": 3}}), "policy.length"),
            (json!({"to": "+447700900123", "policy": {"length": 1_000_000}}), "policy.length"),
            (json!({"to": "+447700900123", "policy": {"length": "6"}}), "policy.length"),
            (json!({"to": "+447700900123", "policy": {"alphabet": "hex"}}), "policy.alphabet"),
            (json!({"to": "+447700900123", "policy": {"lifetime": "59s"}}), "policy.lifetime"),
            (json!({"to": "+447700900123", "policy": {"lifetime": "soon"}}), "policy.lifetime"),
            (json!({"to": "+447700900123", "policy": {"pause": "-1s"}}), "policy.pause"),
            (json!({"to": "+447700900123", "policy": {"checks": 0}}), "policy.checks"),
            (json!({"to": "+447700900123", "policy": {"sends": 11}}), "policy.sends"),
            (json!({"to": "+447700900123", "policy": {"lenght": 6}}), "policy.lenght"),
        ] {
            let answer = post(&house(), "/v1/verifications", &request).await;
            answer.is_problem(400, "invalid-request");
            assert_eq!(answer.body["errors"][0]["field"], field, "{request}");
            assert!(!answer.body.to_string().contains("7700900123"), "{}", answer.body);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_asked_nothing_breaks(
            to in prop::option::of("\\PC{0,40}"),
            method in prop::option::of("\\PC{0,20}|[a-z]{1,4}:code"),
            purpose in prop::option::of("\\PC{0,40}"),
            locale in prop::option::of("\\PC{0,10}|[a-z]{2}-[A-Z]{2}"),
        ) {
            let request = json!({"to": to, "method": method, "purpose": purpose, "locale": locale});
            let request: Request = crate::http::body::parse(request.to_string().as_bytes()).unwrap();
            if let Ok(start) = read(request, &narrow(), None, None) {
                prop_assert!(provider_api::is_word(&start.purpose));
            }
        }
    }
}
