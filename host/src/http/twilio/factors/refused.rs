//! What is refused of entities, factors and challenges, in Twilio's codes.

use super::settings::out_of_range;
use crate::{
    factor::{AnswerRefused, ChallengeRefused, ChallengeStatus, NoRoom, VerifyRefused},
    http::twilio::{Refused, auth::Called},
    verifier::FactorError,
};
use axum::http::StatusCode;

impl Refused {
    /// What a use case said of the resource that was asked for.
    pub(in crate::http::twilio) fn of_factor(error: FactorError, called: &Called) -> Self {
        let bad = |code, error: &FactorError| Self::new(StatusCode::BAD_REQUEST, code, error.to_string());
        let forbidden = |code, error: &FactorError| Self::new(StatusCode::FORBIDDEN, code, error.to_string());
        match &error {
            FactorError::NoEntity | FactorError::NoFactor | FactorError::NoChallenge => called.missing(),
            FactorError::EntityExists => Self::new(StatusCode::CONFLICT, 60301, error.to_string()),
            FactorError::Full(_) => forbidden(20403, &error),
            FactorError::NoRoom(NoRoom::Full) => bad(60315, &error),
            FactorError::NoRoom(NoRoom::TooFast(wait)) => {
                Self::too_many(60326, &error.to_string(), Some(*wait))
            }
            FactorError::Wrong => forbidden(60311, &error),
            FactorError::Verify(VerifyRefused::Verified) => bad(60306, &error),
            FactorError::Verify(VerifyRefused::Spent) => Self::too_many(60310, &error.to_string(), None),
            FactorError::Challenge(ChallengeRefused::Unverified) => forbidden(60318, &error),
            FactorError::Challenge(ChallengeRefused::TooMany(wait))
            | FactorError::Answer(AnswerRefused::TooMany(wait)) => {
                Self::too_many(60312, &error.to_string(), Some(*wait))
            }
            FactorError::Challenge(ChallengeRefused::Locked) | FactorError::Answer(AnswerRefused::Locked) => {
                Self::too_many(60312, &error.to_string(), None)
            }
            FactorError::Totp(error) => out_of_range(*error),
            FactorError::Lifetime(_) => Self::invalid("ExpirationDate", &error.to_string()),
            FactorError::Answer(AnswerRefused::Ended(ChallengeStatus::Denied)) => {
                Self::too_many(60308, &error.to_string(), None)
            }
            FactorError::Answer(AnswerRefused::Ended(ChallengeStatus::Expired)) => forbidden(60323, &error),
            FactorError::Answer(AnswerRefused::Ended(_)) => forbidden(60322, &error),
            FactorError::LostKey(_) => {
                tracing::error!(%error, "a request failed");
                Self::internal()
            }
            FactorError::Store(_) => match error {
                FactorError::Store(error) => error.into(),
                _ => Self::internal(),
            },
        }
    }
}
