//! `GET /v1/verifications/{id}`: a verification as it stands.

use super::{
    Face, Problem,
    auth::Caller,
    limits,
    named::{EXAMPLE, Named},
    openapi::Operation,
    shown::{Shown, json},
};
use crate::seal::VerificationId;
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

/// What the document says.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("fetchVerification", "Shows a verification as it stands")
        .of_caller()
        .at::<VerificationId>("The verification", EXAMPLE)
        .problem(404, "verification-not-found")
        .answer::<Shown>(200, "The verification")
        .limited()
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    Named(id): Named,
) -> Result<Response, Problem> {
    let limits = face.verifier.admit_reading(&application, &id)?;
    let fetched = face.verifier.fetch(&application, id).await?;
    let shown = Shown::new(&fetched.verification, fetched.deliveries.last(), fetched.at);
    Ok(limits::told(json(StatusCode::OK, &shown), &limits))
}

#[cfg(test)]
mod tests {
    use crate::http::tests::{get, get_as, house};
    use serde_json::json;
    use std::time::Duration;

    #[tokio::test]
    async fn a_verification_is_shown_with_its_recipient_masked() {
        let house = house();
        let (id, _) = house.begun().await;
        let answer = get(&house, &format!("/v1/verifications/{id}")).await;
        let delivery = answer.body["delivery"]["id"].clone();
        answer.is(200, &json!({
            "id": id, "status": "pending", "method": "sms:code", "purpose": "generic", "recipient": "+44•••••••123",
            "checks": 3, "checks_left": 3, "sends": 3, "sends_left": 2, "resend_after": "2023-11-14T22:13:50Z",
            "created_at": "2023-11-14T22:13:20Z",
            "expires_at": "2023-11-14T22:23:20Z", "delivery": {"id": delivery, "status": "queued"},
        }));
        house.hand.advance(Duration::from_mins(10));
        assert_eq!(get(&house, &format!("/v1/verifications/{id}")).await.body["status"], "expired");
    }

    #[tokio::test]
    async fn an_unknown_id_and_another_applications_are_answered_the_same_way() {
        let house = house();
        let (id, _) = house.begun().await;
        let foreign = get_as(&house, "key-of-shop", &format!("/v1/verifications/{id}")).await;
        foreign.is_problem(404, "verification-not-found");
        for unknown in
            ["ver_0", "dlv_00000000000000000000000000000000", "%ff", "ver_00000000000000000000000000000000"]
        {
            get(&house, &format!("/v1/verifications/{unknown}")).await.is(404, &foreign.body);
        }
    }
}
