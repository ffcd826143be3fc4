//! `GET /v1/verifications/{id}/deliveries`: every delivery of a verification, oldest first.

use super::{
    Face, Problem,
    auth::Caller,
    named::{EXAMPLE, Named},
    openapi::Operation,
    shown::{ShownDelivery, json},
};
use crate::seal::VerificationId;
use axum::{extract::State, http::StatusCode, response::Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeliveriesOfVerification")]
struct Answer<'a> {
    /// Oldest first.
    deliveries: Vec<ShownDelivery<'a>>,
}

/// What the document says.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("listDeliveriesOfVerification", "Lists every delivery of a verification")
        .of_caller()
        .at::<VerificationId>("The verification", EXAMPLE)
        .problem(404, "verification-not-found")
        .answer::<Answer<'static>>(200, "Its deliveries, oldest first")
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    Named(id): Named,
) -> Result<Response, Problem> {
    let fetched = face.verifier.fetch(&application, id).await?;
    Ok(json(
        StatusCode::OK,
        &Answer { deliveries: fetched.deliveries.iter().map(ShownDelivery::new).collect() },
    ))
}

#[cfg(test)]
mod tests {
    use crate::http::tests::{get, house};
    use serde_json::json;

    #[tokio::test]
    async fn the_deliveries_of_a_verification_are_listed() {
        let house = house();
        let (id, _) = house.begun().await;
        let answer = get(&house, &format!("/v1/verifications/{id}/deliveries")).await;
        let delivery = answer.body["deliveries"][0]["id"].clone();
        answer.is(200, &json!({"deliveries": [{
            "id": delivery, "status": "queued", "provider": "one", "channel": "sms", "recipient": "+44•••••••123",
            "repeated": false, "created_at": "2023-11-14T22:13:20Z",
        }]}));
    }
}
