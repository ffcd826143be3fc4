//! How the codes of an authenticator app are made of the time (RFC 6238), and which of them fit a moment.

use crate::seal::{CodeHash, SharedSecret, Typed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How codes are made of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    hash: CodeHash,
    digits: u8,
    /// Seconds for which one code stands.
    step: u8,
    /// How many steps a clock may be off, either way.
    skew: u8,
}

/// What is to be otherwise about how codes are made; what is not said stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TotpChange {
    /// The hash.
    pub hash: Option<CodeHash>,
    /// How many digits.
    pub digits: Option<i64>,
    /// For how many seconds a code stands.
    pub step: Option<i64>,
    /// How many steps a clock may be off.
    pub skew: Option<i64>,
}

/// Something that is no setting of an authenticator app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {least} to {most}")]
pub struct OutOfRange {
    /// Which: `digits`, `step` or `skew`.
    pub field: &'static str,
    /// The least that it may be.
    pub least: u8,
    /// The most.
    pub most: u8,
}

impl Default for Totp {
    /// What every app does: six digits under SHA-1 for 30 seconds; a clock may be one step off (RFC 6238 section 5.2).
    fn default() -> Self {
        Self { hash: CodeHash::Sha1, digits: 6, step: 30, skew: 1 }
    }
}

impl Totp {
    /// The same under this hash.
    #[must_use]
    pub fn with_hash(self, hash: CodeHash) -> Self {
        Self { hash, ..self }
    }

    /// The same with this many digits: 3 to 8.
    ///
    /// # Errors
    ///
    /// When they are fewer or more.
    pub fn with_digits(self, digits: i64) -> Result<Self, OutOfRange> {
        Ok(Self { digits: within("digits", digits, 3, 8)?, ..self })
    }

    /// The same with codes that stand for this many seconds: 20 to 60.
    ///
    /// # Errors
    ///
    /// When they are fewer or more.
    pub fn with_step(self, seconds: i64) -> Result<Self, OutOfRange> {
        Ok(Self { step: within("step", seconds, 20, 60)?, ..self })
    }

    /// The same with clocks that may be this many steps off: up to 2.
    ///
    /// # Errors
    ///
    /// When they are more.
    pub fn with_skew(self, steps: i64) -> Result<Self, OutOfRange> {
        Ok(Self { skew: within("skew", steps, 0, 2)?, ..self })
    }

    /// The same, changed.
    ///
    /// # Errors
    ///
    /// When something of the change is no setting of an app, whatever was before.
    pub fn changed(self, change: TotpChange) -> Result<Self, OutOfRange> {
        let mut totp = self.with_hash(change.hash.unwrap_or(self.hash));
        totp = change.digits.map_or(Ok(totp), |digits| totp.with_digits(digits))?;
        totp = change.step.map_or(Ok(totp), |seconds| totp.with_step(seconds))?;
        change.skew.map_or(Ok(totp), |steps| totp.with_skew(steps))
    }

    /// The hash.
    pub fn hash(self) -> CodeHash {
        self.hash
    }

    /// How many digits.
    pub fn digits(self) -> u8 {
        self.digits
    }

    /// For how many seconds a code stands.
    pub fn step(self) -> u8 {
        self.step
    }

    /// How many steps a clock may be off.
    pub fn skew(self) -> u8 {
        self.skew
    }

    /// The step that a time is in; `None` before 1970.
    fn step_at(self, time: Timestamp) -> Option<u64> {
        u64::try_from(time.as_second()).ok().map(|seconds| seconds / u64::from(self.step.max(1)))
    }

    /// The step in which the last second of another's step is.
    pub(super) fn step_of_end(self, other: Self, step: u64) -> u64 {
        let end = step.saturating_add(1).saturating_mul(u64::from(other.step.max(1)));
        end.saturating_sub(1) / u64::from(self.step.max(1))
    }

    /// The step that a typed code is of, among those near the time and after the last one that was accepted; the latest, should
    /// two of them have the same code, so that it is not good for the other as well. All are made and compared, whichever it is.
    pub(super) fn step_of(
        self,
        secret: &SharedSecret,
        typed: &Typed,
        last: Option<u64>,
        now: Timestamp,
    ) -> Option<u64> {
        let (here, skew) = (self.step_at(now)?, u64::from(self.skew));
        let near = here.saturating_sub(skew)..=here.saturating_add(skew);
        near.fold(None, |found, step| {
            let is_same = secret.code(self.hash, step, self.digits).matches(typed);
            let is_fresh = last.is_none_or(|last| step > last);
            if is_same & is_fresh { Some(step) } else { found }
        })
    }

    /// The code of a time.
    #[cfg(test)]
    pub(crate) fn code_at(self, secret: &SharedSecret, time: Timestamp) -> Typed {
        let code = secret.code(self.hash, self.step_at(time).unwrap(), self.digits);
        Typed::read(code.expose()).unwrap()
    }
}

fn within(field: &'static str, asked: i64, least: u8, most: u8) -> Result<u8, OutOfRange> {
    let fits = u8::try_from(asked).ok().filter(|asked| (least..=most).contains(asked));
    fits.ok_or(OutOfRange { field, least, most })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    /// T4: RFC 6238 appendix B, whose secret is as long as what each hash gives.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        let secret = |bytes: usize| {
            let digits: String = "1234567890".chars().cycle().take(bytes).collect();
            SharedSecret::of(digits.as_bytes())
        };
        let hashes = [(CodeHash::Sha1, 20), (CodeHash::Sha256, 32), (CodeHash::Sha512, 64)];
        for (second, codes) in [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ] {
            let time = millis(second * 1_000);
            for ((hash, bytes), code) in hashes.into_iter().zip(codes) {
                let (totp, secret) = (Totp::default().with_hash(hash).with_digits(8).unwrap(), secret(bytes));
                assert_eq!(totp.code_at(&secret, time).expose(), code, "{second} {hash:?}");
                let typed = Typed::read(code).unwrap();
                assert_eq!(totp.step_of(&secret, &typed, None, time), totp.step_at(time));
            }
            let six = Totp::default().code_at(&secret(20), time);
            assert_eq!(six.expose(), &codes[0][2..], "six digits are the last ones of eight");
        }
    }

    #[test]
    fn what_no_app_does_is_no_setting() {
        let totp = Totp::default();
        for (digits, fits) in [(2, false), (3, true), (8, true), (9, false), (-1, false), (262, false)] {
            assert_eq!(totp.with_digits(digits).is_ok(), fits, "{digits}");
        }
        for (step, fits) in [(19, false), (20, true), (60, true), (61, false)] {
            assert_eq!(totp.with_step(step).is_ok(), fits, "{step}");
        }
        for (skew, fits) in [(-1, false), (0, true), (2, true), (3, false)] {
            assert_eq!(totp.with_skew(skew).is_ok(), fits, "{skew}");
        }
        assert_eq!(totp.with_step(5).unwrap_err().to_string(), "expected 20 to 60");
        let change = TotpChange { step: Some(60), skew: Some(0), ..TotpChange::default() };
        let changed = Totp { step: 60, skew: 0, ..totp };
        assert_eq!((totp.changed(change), totp.changed(TotpChange::default())), (Ok(changed), Ok(totp)));
        let change = TotpChange { digits: Some(9), ..change };
        assert_eq!(totp.changed(change).unwrap_err().field, "digits");
    }

    #[test]
    fn before_1970_no_code_is_right() {
        let (totp, secret) = (Totp::default(), SharedSecret::of(&[7; 20]));
        let typed = totp.code_at(&secret, millis(0));
        assert_eq!(totp.step_of(&secret, &typed, None, millis(-1_000)), None);
        assert_eq!(totp.step_of(&secret, &typed, None, millis(0)), Some(0));
    }
}
