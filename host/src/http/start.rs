//! `POST /v1/verifications`: starts a verification, or sends the pending one again.

use super::{
    Face, Problem,
    auth::{ApiKey, Caller},
    body::Body,
    idempotency, members,
    openapi::{IDEMPOTENCY_KEY, Operation},
    person::{ClientRequest, Errors, MemberRequest},
    policy::PolicyRequest,
    sent,
    shown::Shown,
};
use crate::{
    application::Application,
    member::{Person, To},
    template::Templates,
    verification::Notes,
    verifier::{Asker, Idempotency, Start},
};
use axum::{extract::State, http::HeaderMap, response::Response};
use provider_api::{Member, Secret};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json as value;
use std::sync::Arc;

/// What is asked: exactly one of `member`, `member_id` and `to`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StartRequest")]
pub(super) struct Request {
    /// The member; this, `member_id` or `to`.
    member: Option<MemberRequest>,
    /// The id of a stored member.
    member_id: Option<String>,
    /// A recipient without a member: a phone number in E.164 form or an e-mail address.
    to: Option<String>,
    /// `CHANNEL:code` or `PROVIDER:code`. By default the preferred one of those that reach the person.
    method: Option<String>,
    /// What it is for, a lower-case word such as `sign_in`; it picks the text. By default `generic`.
    purpose: Option<String>,
    /// The language of the message, a BCP 47 tag. By default the member's, else the server's.
    locale: Option<String>,
    /// The member's own network address, as the caller sees it; some limits count by it.
    client: Option<ClientRequest>,
    /// What is asked for instead of the application's own policy, within its bounds.
    policy: Option<PolicyRequest>,
    /// A code of the caller's own, instead of one that the server makes.
    code: Option<Secret>,
    /// The amount that the code is to be bound to (PSD2), together with `payee`.
    amount: Option<String>,
    /// The payee that the code is to be bound to.
    payee: Option<String>,
    /// What the message says instead of the operator's text: a template that holds `{{pin}}`, at most 1600 characters. Every
    /// message of the verification says it.
    #[schemars(length(min = 1, max = 1600))]
    text: Option<String>,
    /// Whom the message comes from, instead of the provider's own sender: one of the application's senders.
    from: Option<String>,
}

/// What the document says.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    let ada = value!({ "id": "42", "name": "Ada", "locale": "en", "fields": { "mobile": "+447700900123" } });
    operation
        .named("startVerification", "Starts a verification, or sends the pending one again")
        .described(
            "Exactly one of `member`, `member_id` and `to` says who is to prove something. While a verification of the \
             same person and purpose is pending, the same request is a resend of it; one that asks for another code \
             takes its place.",
        )
        .of_caller()
        .asked(&IDEMPOTENCY_KEY)
        .body::<Request>(&[
            ("recipient", value!({ "to": "+447700900123" })),
            ("member", value!({ "member": ada, "method": "sms:code", "purpose": "sign_in" })),
            ("stored", value!({ "member_id": "42", "client": { "ip": "192.0.2.7" } })),
            ("policy", value!({ "to": "+447700900123", "policy": { "length": 8, "lifetime": "5m" } })),
            ("wording", value!({ "to": "+447700900123", "text": "{{pin}} opens the door.", "from": "Acme" })),
            ("payment", value!({ "to": "+447700900123", "amount": "12.30 EUR", "payee": "Ada's Books" })),
        ])
        .answer::<Shown>(201, "The verification, which is pending")
        .sending()
        .problem(404, "member-not-found")
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
    let stored =
        match members::named(&face, &application, request.member_id.as_deref().filter(|_| only)).await {
            Ok(stored) => stored,
            Err(missing) => {
                // It may have been there when the same was asked before: what was answered then is answered again.
                let Some(named) = idempotency else { return Err(missing) };
                let before = face.verifier.started_before(&application, &named).await?.ok_or(missing)?;
                return sent::answer(&face, &application, &headers, async { Ok(before) }).await;
            }
        };
    let templates = face.templates.load();
    let mut start = read(request, &application, &templates, stored, idempotency)?;
    start.asker.api_key = api_key;
    let (handed, caller) = (Arc::clone(&face), Arc::clone(&application));
    let start = async move { handed.verifier.start(&caller, start).await };
    sent::answer(&face, &application, &headers, start).await
}

fn read(
    request: Request,
    application: &Application,
    templates: &Templates,
    stored: Option<Member>,
    idempotency: Option<Idempotency>,
) -> Result<Start, Problem> {
    let Request {
        member,
        member_id,
        to,
        method,
        purpose,
        locale,
        client,
        policy,
        code,
        amount,
        payee,
        text,
        from,
    } = request;
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
    let wording = errors.wording(text, from, payment.is_some(), application, templates);
    let person = errors.or(person)?;
    let (notes, supersedes, webhook) = (Notes::default(), false, None);
    Ok(Start {
        person,
        method,
        purpose,
        locale,
        policy,
        code,
        payment,
        wording,
        supersedes,
        idempotency,
        asker,
        notes,
        webhook,
    })
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
            (json!({"to": "+447700900123", "text": "no code"}), "text"),
            (json!({"to": "+447700900123", "text": "{{pin}} {{"}), "text"),
            (json!({"to": "+447700900123", "text": format!("{{{{pin}}}}{}", "x".repeat(1600))}), "text"),
            (json!({"to": "+447700900123", "text": "{code}", "amount": "1", "payee": "Ada"}), "text"),
            (json!({"to": "+447700900123", "from": "Acme"}), "from"),
            (json!({"to": "+447700900123", "site_name": "Acme"}), "site_name"),
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
            if let Ok(start) = read(request, &narrow(), &Templates::default(), None, None) {
                prop_assert!(provider_api::is_word(&start.purpose));
            }
        }
    }
}
