//! `POST /v1/verifications/{id}/checks`: checks a typed code.

use super::{
    Face, Problem,
    auth::Caller,
    body::Body,
    idempotency, limits,
    named::{EXAMPLE, Named},
    openapi::{IDEMPOTENCY_KEY, Operation},
    problem::FieldError,
    shown::json,
};
use crate::{
    seal::{Typed, VerificationId},
    verification::{Status, Verdict},
    verifier::Check,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::Timestamp;
use provider_api::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json as value;
use std::sync::Arc;

/// What is asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CheckRequest")]
pub(super) struct Request {
    /// The code as it was typed: spaces, dashes, case and the digits of other scripts do not matter.
    code: Secret,
    /// The amount that the code is bound to, if it is bound to one (PSD2).
    amount: Option<String>,
    /// The payee that the code is bound to.
    payee: Option<String>,
}

/// A right code names the recipient that it proved; a wrong one says what is left.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Check")]
struct Answer {
    /// The verification.
    id: VerificationId,
    /// Where it stands after this check.
    status: Status,
    /// Whether the code was right. Only `true` proves something.
    valid: bool,
    /// Of a right code: the recipient that it proved, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<String>,
    /// Of a right code: when.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<Timestamp>,
    /// Of a right code that was bound to an amount: that amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// Of a right code that was bound to a payee: that payee.
    #[serde(skip_serializing_if = "Option::is_none")]
    payee: Option<String>,
    /// Of a wrong code: how many checks are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    checks_left: Option<u8>,
}

/// What the document says.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("checkVerification", "Checks a code that was typed")
        .described(
            "Each check is spent before the code is compared. The right code approves once, however many requests \
             bring it at the same moment.",
        )
        .of_caller()
        .at::<VerificationId>("The verification", EXAMPLE)
        .problem(404, "verification-not-found")
        .asked(&IDEMPOTENCY_KEY)
        .body::<Request>(&[
            ("typed", value!({ "code": "123 456" })),
            ("payment", value!({ "code": "123456", "amount": "12.30 EUR", "payee": "Ada's Books" })),
        ])
        .answer::<Answer>(200, "Whether the code was right, and what is left if it was not")
        .limited()
        .ended()
        .problem(422, "idempotency-key-reused")
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    Named(id): Named,
    headers: HeaderMap,
    Body { request, bytes }: Body<Request>,
) -> Result<Response, Problem> {
    let idempotency = idempotency::named(&headers, &format!("POST /v1/verifications/{id}/checks"), &bytes)?;
    let typed = Typed::read(request.code.expose())
        .map_err(|invalid| Problem::invalid(&[FieldError::new("code", invalid.to_string())]))?;
    let check = Check { id, typed, payment: (request.amount, request.payee), idempotency };
    let checked = face.verifier.check(&application, check).await?;
    if !checked.replayed {
        face.metrics.check(checked.verdict == Verdict::Right);
    }
    let (verification, valid) = (checked.verification, checked.verdict == Verdict::Right);
    let (amount, payee) = match verification.payment.filter(|_| valid) {
        Some(payment) => (Some(payment.amount), Some(payment.payee)),
        None => (None, None),
    };
    let answer = Answer {
        id: verification.id,
        status: verification.status,
        valid,
        recipient: valid.then_some(verification.recipient),
        approved_at: verification.approved_at,
        amount,
        payee,
        checks_left: (!valid).then_some(verification.checks_left),
    };
    Ok(limits::told(json(StatusCode::OK, &answer), &checked.limits))
}

#[cfg(test)]
mod tests {
    use crate::http::tests::{house, post, post_with};
    use serde_json::json;
    use std::time::Duration;

    #[tokio::test]
    async fn the_right_code_is_valid_once_and_names_whom_it_proved() {
        let house = house();
        let (id, code) = house.begun().await;
        let path = format!("/v1/verifications/{id}/checks");
        let typed = format!(" {}-{} ", &code[..3], &code[3..]);
        post(&house, &path, &json!({"code": typed})).await.is(
            200,
            &json!({
                "id": id, "status": "approved", "valid": true, "recipient": "+44•••••••123",
                "approved_at": "2023-11-14T22:13:20Z",
            }),
        );
        post(&house, &path, &json!({"code": code})).await.is_problem(409, "verification-approved");
    }

    #[tokio::test]
    async fn a_wrong_code_says_what_is_left_and_the_last_one_ends_it() {
        let house = house();
        let (id, code) = house.begun().await;
        let path = format!("/v1/verifications/{id}/checks");
        for (left, status) in [(2, "pending"), (1, "pending"), (0, "exhausted")] {
            let answer = post(&house, &path, &json!({"code": "wrong!"})).await;
            answer.is(200, &json!({"id": id, "status": status, "valid": false, "checks_left": left}));
        }
        post(&house, &path, &json!({"code": code})).await.is_problem(409, "verification-exhausted");
    }

    #[tokio::test]
    async fn an_expired_verification_cannot_be_approved() {
        let house = house();
        let (id, code) = house.begun().await;
        house.hand.advance(Duration::from_mins(10));
        let answer = post(&house, &format!("/v1/verifications/{id}/checks"), &json!({"code": code})).await;
        answer.is_problem(409, "verification-expired");
        assert!(!answer.body.to_string().contains(&code));
    }

    #[tokio::test]
    async fn what_cannot_be_a_code_costs_no_check() {
        let house = house();
        let (id, code) = house.begun().await;
        let path = format!("/v1/verifications/{id}/checks");
        for bad in [json!({}), json!({"code": ""}), json!({"code": 123_456}), json!({"code": "1".repeat(65)})]
        {
            let answer = post(&house, &path, &bad).await;
            answer.is_problem(400, "invalid-request");
            assert!(!answer.body.to_string().contains("123456"), "{}", answer.body);
        }
        assert_eq!(post(&house, &path, &json!({"code": "wrong!"})).await.body["checks_left"], 2);
        assert_eq!(post(&house, &path, &json!({"code": code})).await.body["valid"], true);
    }

    #[tokio::test]
    async fn an_idempotency_key_gives_a_lost_answer_again() {
        let house = house();
        let (id, code) = house.begun().await;
        let path = format!("/v1/verifications/{id}/checks");
        let send = async |key: &'static str, code: &str| {
            post_with(&house, &path, &json!({"code": code}), &[("idempotency-key", key)]).await
        };
        let first = send("\"one\"", &code).await;
        first.is(200, &send("one", &code).await.body);
        assert_eq!(first.body["valid"], true);
        send("one", "000000").await.is_problem(422, "idempotency-key-reused");
        send("", &code).await.is_problem(400, "invalid-request");
        send("two", &code).await.is_problem(409, "verification-approved");
    }
}
