//! One question for a code of an authenticator app, and its life.

use super::{Details, Factor, Metadata};
use crate::{
    clock::after,
    limit::Guessing,
    seal::{ChallengeId, EntityId, FactorId, SharedSecret, Typed},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How many codes may answer one challenge.
const ANSWERS: u8 = 5;

/// How long a challenge waits for its answer, unless it says otherwise, and at most.
const USUAL: Duration = Duration::from_mins(5);
const LONGEST: Duration = Duration::from_hours(1);

/// How long a challenge is remembered after its time is over.
const RETENTION: Duration = Duration::from_hours(24);

/// One question for a code of a factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Its own name.
    pub id: ChallengeId,
    /// The application that asks.
    pub application: String,
    /// Who is asked.
    pub entity: EntityId,
    /// By which factor.
    pub factor: FactorId,
    /// What it is about, for the person.
    pub details: Option<Details>,
    /// What it is about, for the application.
    pub hidden: Option<Metadata>,
    /// What was kept with its answer.
    pub metadata: Option<Metadata>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When something of it changed last.
    pub updated_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was answered for good.
    pub responded_at: Option<Timestamp>,
    status: ChallengeStatus,
    answers_left: u8,
}

/// What a challenge is made of.
#[derive(Debug, Clone, Default)]
pub struct NewChallenge {
    /// When it ends; five minutes from now where it is not said.
    pub expires_at: Option<Timestamp>,
    /// What it is about, for the person.
    pub details: Option<Details>,
    /// What it is about, for the application.
    pub hidden: Option<Metadata>,
}

/// Where a challenge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChallengeStatus {
    /// Waits for the right code.
    Pending,
    /// The right code came, once.
    Approved,
    /// Every answer was a wrong one.
    Denied,
    /// Its time ran out.
    Expired,
}

/// A challenge would end too late, or has ended before it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time within the next 60 minutes")]
pub struct LifetimeTooLong;

/// Why an answer is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerRefused {
    /// The challenge is over.
    #[error("the challenge is {}", .0.as_str())]
    Ended(ChallengeStatus),
    /// So many wrong answers came in a row that only an operator or another factor helps.
    #[error(
        "too many wrong codes in a row came for the factor: have it freed, or delete it and make another"
    )]
    Locked,
    /// So many wrong answers came within a time that none is judged for this long.
    #[error("too many wrong codes came for the factor")]
    TooMany(Duration),
}

impl Challenge {
    /// A challenge that waits.
    ///
    /// # Errors
    ///
    /// When it would not end within an hour.
    pub fn new(
        id: ChallengeId,
        factor: &Factor,
        new: NewChallenge,
        now: Timestamp,
    ) -> Result<Self, LifetimeTooLong> {
        let expires_at = new.expires_at.unwrap_or_else(|| after(now, USUAL));
        if expires_at <= now || expires_at > after(now, LONGEST) {
            return Err(LifetimeTooLong);
        }
        Ok(Self {
            id,
            application: factor.application.clone(),
            entity: factor.entity.clone(),
            factor: factor.id.clone(),
            details: new.details,
            hidden: new.hidden,
            metadata: None,
            created_at: now,
            updated_at: now,
            expires_at,
            responded_at: None,
            status: ChallengeStatus::Pending,
            answers_left: ANSWERS,
        })
    }

    /// Where it stands at this time.
    pub fn status(&self, now: Timestamp) -> ChallengeStatus {
        let is_late = self.status == ChallengeStatus::Pending && now >= self.expires_at;
        if is_late { ChallengeStatus::Expired } else { self.status }
    }

    /// Whether it may still be answered, and changed.
    ///
    /// # Errors
    ///
    /// When it is over.
    pub fn waits(&self, now: Timestamp) -> Result<(), AnswerRefused> {
        match self.status(now) {
            ChallengeStatus::Pending => Ok(()),
            ended => Err(AnswerRefused::Ended(ended)),
        }
    }

    /// Until when it is remembered.
    pub fn remembered_until(&self) -> Timestamp {
        after(self.expires_at, RETENTION)
    }

    /// Answers it with a code of its factor: the answer is spent, and the code compared. `true`: it is approved. `rules`: how
    /// many wrong answers may come for the factor.
    ///
    /// # Errors
    ///
    /// When it is over, or the factor had too many wrong codes. Nothing is changed then.
    pub fn answer(
        &mut self,
        factor: &mut Factor,
        secret: &SharedSecret,
        typed: &Typed,
        rules: Guessing,
        now: Timestamp,
    ) -> Result<bool, AnswerRefused> {
        self.waits(now)?;
        let is_right = factor.judge(secret, typed, rules, now)?;
        self.answers_left = self.answers_left.saturating_sub(1);
        if is_right {
            self.status = ChallengeStatus::Approved;
        } else if self.answers_left == 0 {
            self.status = ChallengeStatus::Denied;
        }
        self.responded_at = (self.status != ChallengeStatus::Pending).then_some(now);
        self.updated_at = now;
        Ok(is_right)
    }
}

impl ChallengeStatus {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Denied, Self::Expired];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }
}
