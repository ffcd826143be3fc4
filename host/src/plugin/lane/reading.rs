//! What a provider's answer comes to, and what it says of the provider's health.

use crate::plugin::{
    breaker::Outcome,
    engine::Answer,
    worker::{LARGEST_REPLY, too_large},
};
use provider_api::{
    DeliveryError, Failure,
    abi::{Reply, frame},
};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A call that did not come to a `Reply::Ok`.
pub(super) struct Failed {
    pub(super) error: DeliveryError,
    pub(super) outcome: Outcome,
}

/// Reads the answer to a call; none came within the limit where there is none.
pub(super) fn read<T: DeserializeOwned>(answer: Option<Answer>, limit: Duration) -> Result<T, Failed> {
    let broken = |text: String| Failed { error: DeliveryError::broken(text), outcome: Outcome::Panicked };
    match answer {
        Some(Answer::Reply(Reply::Ok(bytes) | Reply::Err(bytes))) if bytes.len() > LARGEST_REPLY => {
            Err(Failed { error: too_large(bytes.len()), outcome: Outcome::Panicked })
        }
        Some(Answer::Reply(Reply::Ok(bytes))) => match frame::decode(&bytes) {
            Ok((value, _)) => Ok(value),
            Err(cause) => Err(broken(format!("the provider's answer is unreadable: {cause}"))),
        },
        Some(Answer::Reply(Reply::Err(bytes))) => match frame::decode::<DeliveryError>(&bytes) {
            Ok((error, _)) => Err(Failed { outcome: outcome_of(&error.failure), error }),
            Err(cause) => Err(broken(format!("the provider's error is unreadable: {cause}"))),
        },
        Some(Answer::Reply(Reply::Panicked(bytes))) => {
            let said = frame::decode::<DeliveryError>(&bytes).map(|(error, _)| error.text);
            Err(broken(said.unwrap_or_else(|_| "the provider panicked".to_owned())))
        }
        Some(Answer::Reply(Reply::UnknownOp)) => {
            let error = DeliveryError::broken("the provider's library does not know this operation");
            Err(Failed { error, outcome: Outcome::Answered })
        }
        Some(Answer::Ended(how)) => {
            let error =
                DeliveryError::unknown(format!("the provider ended while it held the message: {how}"));
            Err(Failed { error, outcome: Outcome::Ended })
        }
        Some(Answer::NotAsked(why)) => {
            let error = DeliveryError::unavailable(format!("the provider was not asked: {why}"));
            Err(Failed { error, outcome: Outcome::Unavailable })
        }
        None => {
            let error = DeliveryError::unknown(format!("the provider did not answer within {limit:?}"));
            Err(Failed { error, outcome: Outcome::Unavailable })
        }
    }
}

/// A refusal is an answer; only silence and outages count against the service.
fn outcome_of(failure: &Failure) -> Outcome {
    match failure {
        Failure::Unavailable | Failure::Unknown => Outcome::Unavailable,
        Failure::Broken => Outcome::Panicked,
        _ => Outcome::Answered,
    }
}
