//! What a start and a resend have in common: the message is handed over, and waited for if the caller likes.

use super::{
    Face, Problem, limits, prefer,
    shown::{Brief, Shown, json},
};
use crate::{
    metrics::Start as Counted,
    outbox::Settling,
    verifier::{Due, Effect, Started, VerifyError},
};
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use std::sync::Arc;
use tracing::Instrument as _;

/// Does this work and answers 201 with the verification and its new delivery.
pub(super) async fn answer(
    face: &Arc<Face>,
    headers: &HeaderMap,
    work: impl Future<Output = Result<Started, VerifyError>> + Send + 'static,
) -> Result<Response, Problem> {
    let (Started { mut verification, delivery, limits, .. }, settling) = carried(face, work).await?;
    let mut delivery = delivery.map(Brief::queued);
    let wait = prefer::wait(headers);
    if let (Some(wait), Some(settling)) = (wait, settling)
        && let Some(Some(carried)) = face.verifier.clock().timeout(wait, settling.settled()).await
    {
        verification = carried.verification.summary(face.verifier.clock().now());
        delivery = Some(Brief::of(&carried.delivery));
    }
    let response = json(StatusCode::CREATED, &Shown::started(verification, delivery));
    let mut response = limits::told(response, &limits);
    if let Some(applied) =
        wait.and_then(|wait| HeaderValue::try_from(format!("wait={}", wait.as_secs())).ok())
    {
        response.headers_mut().insert(HeaderName::from_static("preference-applied"), applied);
    }
    Ok(response)
}

/// Works and hands over in a task of its own: a caller that hangs up in between loses its answer, not the message.
async fn carried(
    face: &Arc<Face>,
    work: impl Future<Output = Result<Started, VerifyError>> + Send + 'static,
) -> Result<(Started, Option<Settling>), Problem> {
    let face = Arc::clone(face);
    let carry = async move {
        let mut started = work.await?;
        face.metrics.start(match started.effect {
            Effect::Began => Counted::New,
            Effect::Resent => Counted::Resend,
            Effect::None => Counted::Replay,
        });
        let hand_over = |due: Box<Due>| face.outbox.hand_over(due.verification, due.delivery);
        let settling = started.due.take().map(hand_over);
        Ok::<_, VerifyError>((started, settling))
    };
    let carried = tokio::spawn(carry.in_current_span()).await.map_err(|_| {
        tracing::error!("a start panicked");
        Problem::internal()
    })?;
    Ok(carried?)
}
