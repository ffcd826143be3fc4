//! A member's authenticator app as a proof: enrolled once, and each of its codes good once (RFC 6238); rules without I/O.

mod challenge;
mod entity;
mod metadata;
mod pace;
mod totp;
mod uri;

pub use challenge::{AnswerRefused, Challenge, ChallengeStatus, LifetimeTooLong, NewChallenge};
pub use entity::{Entity, Identity, InvalidIdentity, MOST_FACTORS, NoRoom};
pub use metadata::{Details, InvalidMetadata, Metadata};
pub use totp::{OutOfRange, Totp, TotpChange};

use crate::{
    clock::after,
    limit::{Failures, Guessing},
    seal::{Chance, EntityId, FactorId, Keys, OpenError, Sealed, SharedSecret, Typed},
};
use jiff::Timestamp;
use pace::Pace;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

#[cfg(test)]
mod tests;

/// How many codes may be tried until a factor is verified.
const TRIES: u8 = 5;

/// How long a factor may wait to be verified: then whoever began it has given up, and its secret is forgotten.
const UNVERIFIED: Duration = Duration::from_hours(24);

/// An authenticator app of an entity, and what was proved with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Its own name.
    pub id: FactorId,
    /// The application that it was made in.
    pub application: String,
    /// The entity that has it.
    pub entity: EntityId,
    /// What people call it.
    pub name: FactorName,
    /// How its codes are made.
    pub totp: Totp,
    /// What the caller keeps with it.
    #[serde(default)]
    pub metadata: Option<Metadata>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    secret: Sealed,
    status: FactorStatus,
    tries_left: u8,
    /// The last step of which a code was accepted: of this one and of all before it none is again.
    last_step: Option<u64>,
    /// Wrong answers to its challenges.
    wrong: Failures,
    pace: Pace,
}

/// What a factor is made of.
#[derive(Debug, Clone)]
pub struct NewFactor {
    /// What people call it.
    pub name: FactorName,
    /// How its codes are made.
    pub totp: Totp,
    /// The secret that an app has already; a new one is drawn where there is none.
    pub secret: Option<SharedSecret>,
    /// What the caller keeps with it.
    pub metadata: Option<Metadata>,
}

/// What people call a factor: 1 to 64 characters, none of which steers a terminal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FactorName(String);

/// The text is no name of a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 64 characters without control characters")]
pub struct InvalidFactorName;

/// Where a factor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactorStatus {
    /// No code of it came yet.
    Unverified,
    /// A code of it came: it may be challenged.
    Verified,
}

/// Why a factor is not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyRefused {
    /// It is verified, and a code is no way to ask whether it would be right: a challenge is.
    #[error("the factor is verified already")]
    Verified,
    /// Every try was spent on a wrong code: make another factor.
    #[error("the factor's {TRIES} tries to verify it are spent")]
    Spent,
}

/// Why a factor cannot be challenged now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeRefused {
    /// It was never verified.
    #[error("the factor is not verified")]
    Unverified,
    /// It was challenged as often as it may be; again after this long.
    #[error("the factor was challenged too often")]
    TooMany(Duration),
    /// So many wrong answers came in a row that only an operator or another factor helps.
    #[error(
        "too many wrong codes in a row came for the factor: have it freed, or delete it and make another"
    )]
    Locked,
}

impl Factor {
    /// A factor that waits for its first code.
    pub fn new(id: FactorId, entity: &Entity, new: NewFactor, secret: Sealed, now: Timestamp) -> Self {
        Self {
            id,
            application: entity.application.clone(),
            entity: entity.id.clone(),
            name: new.name,
            totp: new.totp,
            metadata: new.metadata,
            created_at: now,
            updated_at: now,
            secret,
            status: FactorStatus::Unverified,
            tries_left: TRIES,
            last_step: None,
            wrong: Failures::default(),
            pace: Pace::default(),
        }
    }

    /// Where it stands.
    pub fn status(&self) -> FactorStatus {
        self.status
    }

    /// Until when it is kept; `Timestamp::MAX`: until somebody deletes it.
    pub fn keep_until(&self) -> Timestamp {
        match self.status {
            FactorStatus::Unverified => after(self.created_at, UNVERIFIED),
            FactorStatus::Verified => Timestamp::MAX,
        }
    }

    /// Its secret.
    ///
    /// # Errors
    ///
    /// As [`Keys::open`].
    pub fn secret(&self, keys: &Keys) -> Result<SharedSecret, OpenError> {
        keys.open_secret(&self.id, &self.secret)
    }

    /// Seals its secret anew under the newest key of the server.
    ///
    /// # Errors
    ///
    /// As [`Keys::open`].
    pub fn seal_anew(&mut self, keys: &Keys, chance: &Chance) -> Result<(), OpenError> {
        self.secret = keys.seal_secret(&self.id, &self.secret(keys)?, chance);
        Ok(())
    }

    /// Changes how its codes are made. Time that is spent stays spent, however it is divided from now on.
    pub fn set_totp(&mut self, totp: Totp) {
        self.last_step = self.last_step.map(|step| totp.step_of_end(self.totp, step));
        self.totp = totp;
    }

    /// Tries a code to verify it: the try is spent, then the code compared. `true`: it is verified.
    ///
    /// # Errors
    ///
    /// When it is verified already, or no try is left. Nothing is changed then.
    pub fn verify(
        &mut self,
        secret: &SharedSecret,
        typed: &Typed,
        now: Timestamp,
    ) -> Result<bool, VerifyRefused> {
        if self.status == FactorStatus::Verified {
            return Err(VerifyRefused::Verified);
        }
        self.tries_left = self.tries_left.checked_sub(1).ok_or(VerifyRefused::Spent)?;
        let is_right = self.accept(secret, typed, now);
        if is_right {
            self.status = FactorStatus::Verified;
            self.updated_at = now;
        }
        Ok(is_right)
    }

    /// This factor, with a try spent as that one has: the wrong code came with a change that is not made.
    #[must_use]
    pub fn tried_as(self, tried: &Self) -> Self {
        Self { tries_left: tried.tries_left, ..self }
    }

    /// The wrong answers to its challenges.
    pub fn wrong(&self) -> &Failures {
        &self.wrong
    }

    /// Forgets the wrong answers to its challenges, as an operator wants it.
    pub fn free(&mut self) {
        self.wrong = Failures::default();
    }

    /// Counts a challenge of it. `rules`: how many wrong answers may come.
    ///
    /// # Errors
    ///
    /// When it cannot be challenged now. Nothing is counted then.
    pub fn admit(&mut self, rules: Guessing, now: Timestamp) -> Result<(), ChallengeRefused> {
        match self.status {
            FactorStatus::Unverified => Err(ChallengeRefused::Unverified),
            FactorStatus::Verified if self.wrong.is_locked(rules) => Err(ChallengeRefused::Locked),
            FactorStatus::Verified => {
                self.pace.take(self.totp.digits(), now).map_err(ChallengeRefused::TooMany)
            }
        }
    }

    /// Judges an answer to a challenge of it, and counts a wrong one.
    ///
    /// # Errors
    ///
    /// When it had too many wrong ones. Nothing is compared then, and nothing changed.
    fn judge(
        &mut self,
        secret: &SharedSecret,
        typed: &Typed,
        rules: Guessing,
        now: Timestamp,
    ) -> Result<bool, AnswerRefused> {
        if self.wrong.is_locked(rules) {
            return Err(AnswerRefused::Locked);
        }
        if let Some(wait) = self.wrong.wait(rules, now) {
            return Err(AnswerRefused::TooMany(wait));
        }
        let is_right = self.accept(secret, typed, now);
        if is_right {
            self.wrong.proved();
        } else {
            self.wrong.failed(rules, None, now);
        }
        Ok(is_right)
    }

    /// Whether this is a code of a step that is near and of which none was accepted; if so, none of that step or of one before
    /// it is from now on (RFC 6238 section 5.2), whatever the clock does.
    fn accept(&mut self, secret: &SharedSecret, typed: &Typed, now: Timestamp) -> bool {
        let found = self.totp.step_of(secret, typed, self.last_step, now);
        self.last_step = found.or(self.last_step);
        found.is_some()
    }
}

impl FactorStatus {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified => "verified",
        }
    }
}

impl FactorName {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FactorName {
    type Error = InvalidFactorName;

    fn try_from(text: String) -> Result<Self, InvalidFactorName> {
        let fits = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text)) } else { Err(InvalidFactorName) }
    }
}

impl From<FactorName> for String {
    fn from(name: FactorName) -> Self {
        name.0
    }
}

/// Callers may name a factor after a person.
impl fmt::Debug for FactorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorName(***)")
    }
}
