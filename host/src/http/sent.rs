//! What a start and a resend have in common: the message is handed over, and waited for if the caller likes.

use super::{
    Face, Problem, limits, prefer,
    shown::{Brief, Shown, json},
};
use crate::{
    application::Application,
    metrics::Start as Counted,
    outbox::Settling,
    seal::DeliveryId,
    store::LedgerError,
    verification::Summary,
    verifier::{Due, Effect, Started, VerifyError},
};
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use std::sync::Arc;
use tracing::Instrument as _;

/// Does this work for the application and answers 201 with the verification and its new delivery.
pub(super) async fn answer(
    face: &Arc<Face>,
    application: &Application,
    headers: &HeaderMap,
    work: impl Future<Output = Result<Started, VerifyError>> + Send + 'static,
) -> Result<Response, Problem> {
    let (Started { mut verification, delivery, effect, limits, .. }, settling) = carried(face, work).await?;
    let asked = prefer::wait(headers);
    let now = match (&delivery, effect, asked) {
        (Some(first), Effect::None, Some(_)) => as_it_stands(face, application, &verification, first).await,
        _ => None,
    };
    let mut delivery = now.or_else(|| delivery.map(Brief::queued));
    // Of an earlier answer, and for a test recipient, there is nothing to wait for.
    let wait = asked.filter(|_| settling.is_some());
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

/// The delivery that an earlier answer named, or the last one that took over from it, for a caller who would have waited.
async fn as_it_stands(
    face: &Face,
    application: &Application,
    verification: &Summary,
    first: &DeliveryId,
) -> Option<Brief> {
    let fetched = face.verifier.fetch(application, verification.id.clone()).await.ok()?;
    fetched.deliveries.iter().rfind(|delivery| delivery.message == *first).map(Brief::of)
}

/// Works and hands over in a task of its own: a caller that hangs up in between loses its answer, not the message.
pub(super) async fn carried(
    face: &Arc<Face>,
    work: impl Future<Output = Result<Started, VerifyError>> + Send + 'static,
) -> Result<(Started, Option<Settling>), VerifyError> {
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
    let carried = tokio::spawn(carry.in_current_span()).await;
    carried.map_err(|_| VerifyError::Store(LedgerError::Panicked))?
}
