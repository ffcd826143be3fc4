//! `POST /v1/verifications/{id}/deliveries`: sends the pending verification again.

use super::{
    Face, Problem,
    auth::{ApiKey, Caller},
    body::OptionalBody,
    idempotency,
    named::{EXAMPLE, Named},
    openapi::{IDEMPOTENCY_KEY, Operation},
    person::{ClientRequest, Errors},
    sent,
    shown::Shown,
};
use crate::{
    seal::VerificationId,
    verifier::{Asker, Idempotency, Resend},
};
use axum::{extract::State, http::HeaderMap, response::Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json as value;
use std::sync::Arc;

/// What may be asked: another of the application's methods to the same recipient, and on whose behalf.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ResendRequest")]
pub(super) struct Request {
    /// Another of the application's methods that reaches the same recipient. By default the same as before.
    method: Option<String>,
    /// The member's own network address, as the caller sees it; some limits count by it.
    client: Option<ClientRequest>,
}

/// What the document says.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("resendVerification", "Sends a pending verification again")
        .of_caller()
        .at::<VerificationId>("The verification", EXAMPLE)
        .problem(404, "verification-not-found")
        .asked(&IDEMPOTENCY_KEY)
        .body::<Request>(&[("same", value!({})), ("method", value!({ "method": "sms:code" }))])
        .optional()
        .answer::<Shown>(201, "The verification, with its new delivery")
        .sending()
        .ended()
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    ApiKey(api_key): ApiKey,
    Named(id): Named,
    headers: HeaderMap,
    OptionalBody { request, bytes }: OptionalBody<Request>,
) -> Result<Response, Problem> {
    let operation = format!("POST /v1/verifications/{id}/deliveries");
    let idempotency = idempotency::named(&headers, &operation, &bytes)?;
    let mut resend = read(id, &request, idempotency)?;
    resend.asker.api_key = api_key;
    let (handed, caller) = (Arc::clone(&face), Arc::clone(&application));
    let resend = async move { handed.verifier.resend(&caller, resend).await };
    sent::answer(&face, &application, &headers, resend).await
}

fn read(id: VerificationId, request: &Request, idempotency: Option<Idempotency>) -> Result<Resend, Problem> {
    let mut errors = Errors::default();
    let method = errors.method(request.method.as_deref());
    let asker = Asker { ip: errors.client(request.client.as_ref()), api_key: None };
    errors.none()?;
    Ok(Resend { id, method, idempotency, asker })
}

#[cfg(test)]
mod tests {
    use crate::http::tests::{delete, house, post};
    use serde_json::json;

    #[tokio::test]
    async fn a_malformed_request_names_its_field() {
        let house = house();
        let (id, _) = house.begun().await;
        for (request, field) in [
            (json!({"method": "sms"}), "method"),
            (json!({"method": 1}), "method"),
            (json!({"client": {"ip": "?"}}), "client.ip"),
            (json!({"to": "+447700900123"}), "to"),
            (json!({"code": "123456"}), "code"),
            (json!([]), ""),
        ] {
            let answer = post(&house, &format!("/v1/verifications/{id}/deliveries"), &request).await;
            answer.is_problem(400, "invalid-request");
            assert_eq!(answer.body["errors"][0]["field"], field, "{request}");
            assert!(!answer.body.to_string().contains("7700900123"), "{}", answer.body);
        }
    }

    #[tokio::test]
    async fn what_is_over_or_nobodys_is_not_sent() {
        let house = house();
        let (id, _) = house.begun().await;
        let path = format!("/v1/verifications/{id}");
        delete(&house, &path).await;
        post(&house, &format!("{path}/deliveries"), &json!({}))
            .await
            .is_problem(409, "verification-canceled");
        for unknown in ["ver_0", "ver_00000000000000000000000000000000"] {
            let path = format!("/v1/verifications/{unknown}/deliveries");
            post(&house, &path, &json!({})).await.is_problem(404, "verification-not-found");
        }
    }
}
