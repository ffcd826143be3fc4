//! `DELETE /v1/verifications/{id}`: gives a verification up.

use super::{
    Face, Problem,
    auth::Caller,
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
        .named("cancelVerification", "Gives a verification up")
        .described("Its code is void from now on. One that was canceled before stays so.")
        .of_caller()
        .at::<VerificationId>("The verification", EXAMPLE)
        .problem(404, "verification-not-found")
        .answer::<Shown>(200, "The verification, which is canceled")
        .ended()
}

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    Named(id): Named,
) -> Result<Response, Problem> {
    let canceled = face.verifier.cancel(&application, id).await?;
    Ok(json(StatusCode::OK, &Shown::new(&canceled.verification, canceled.deliveries.last(), canceled.at)))
}

#[cfg(test)]
mod tests {
    use crate::http::tests::{delete, house, post};
    use serde_json::json;

    #[tokio::test]
    async fn a_canceled_verification_stays_canceled() {
        let house = house();
        let (id, code) = house.begun().await;
        let path = format!("/v1/verifications/{id}");
        for _ in 0..2 {
            let answer = delete(&house, &path).await;
            assert_eq!((answer.status, &answer.body["status"]), (200, &json!("canceled")));
            assert_eq!(answer.body.get("resend_after"), None);
        }
        let checked = post(&house, &format!("{path}/checks"), &json!({"code": code})).await;
        checked.is_problem(409, "verification-canceled");
    }

    #[tokio::test]
    async fn an_approved_verification_cannot_be_canceled() {
        let house = house();
        let (id, code) = house.begun().await;
        let path = format!("/v1/verifications/{id}");
        post(&house, &format!("{path}/checks"), &json!({"code": code})).await;
        delete(&house, &path).await.is_problem(409, "verification-approved");
    }
}
