//! `GET /metrics`: everything that is counted, as `OpenMetrics` text.

use crate::{
    http::{Face, Problem, openapi::Operation},
    metrics::{CONTENT_TYPE, ProviderNow},
    plugin::{CanaryState, ProviderState, ProviderStatus},
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use std::sync::Arc;

/// What the document says.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("metrics", "Tells everything that is counted, as OpenMetrics text")
        .of_operator()
        .text(CONTENT_TYPE, "The metrics")
}

pub(super) async fn handle(State(face): State<Arc<Face>>) -> Result<Response, Problem> {
    let text = face.metrics.text(&providers(&face)).map_err(|_| Problem::internal())?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

fn providers(face: &Face) -> Vec<ProviderNow> {
    let providers = face.tester.providers();
    let now = |status: ProviderStatus| {
        let lane = providers.lane(&status.id);
        let state = match status.state {
            ProviderState::Failed(_) => "failed",
            ProviderState::Disabled => "disabled",
            ProviderState::Ready | ProviderState::Resting(_) => {
                lane.as_ref().and_then(|lane| lane.rest()).unwrap_or("ready")
            }
        };
        let canary = status.canary.map(|canary| {
            canary.rest.unwrap_or(match canary.state {
                CanaryState::Waiting | CanaryState::Promoted => "disabled",
                CanaryState::Failed => "failed",
                CanaryState::Ready | CanaryState::Resting => "ready",
            })
        });
        ProviderNow { id: status.id, state, lane: lane.map(|lane| lane.depth()), canary }
    };
    providers.status().into_iter().map(now).collect()
}
