//! An OTP's id: the UUID form of a verification's.

use super::Refused;
use crate::{application::Application, http::Face, seal::VerificationId, verification::Verification};
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use uuid::Uuid;

/// The verification that the path names; a text that is no id is the same as one that nobody has.
pub(super) struct Named(pub(super) VerificationId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.ok().and_then(|Path(id)| named(&id)).map(Self).ok_or_else(Refused::no_otp)
    }
}

impl Named {
    /// The verification, if it is one of the application that proves a phone number: any other is no OTP here.
    pub(super) async fn otp(self, face: &Face, application: &Application) -> Result<VerificationId, Refused> {
        let now = face.verifier.clock().now();
        let fetched = face.verifier.fetch(application, self.0.clone()).await;
        let fetched = fetched.map_err(|error| Refused::of(error, now))?;
        is_otp(&fetched.verification).then_some(self.0).ok_or_else(Refused::no_otp)
    }
}

/// Whether it proves a phone number.
pub(super) fn is_otp(verification: &Verification) -> bool {
    verification.recipient.as_str().starts_with('+')
}

/// The UUID that stands for a verification.
pub(super) fn otp_id(id: &VerificationId) -> String {
    let digits = id.as_str().rsplit('_').next().unwrap_or_default();
    Uuid::try_parse(digits).map_or_else(|_| digits.to_owned(), |id| id.hyphenated().to_string())
}

/// The verification that a UUID stands for.
pub(super) fn named(otp_id: &str) -> Option<VerificationId> {
    let id = Uuid::try_parse(otp_id).ok().filter(|_| otp_id.len() == 36)?;
    format!("ver_{}", id.simple()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::millis, seal::Chance};
    use proptest::prelude::*;

    /// X21
    #[test]
    fn an_otp_id_is_the_uuid_of_its_verification() {
        let id: VerificationId = "ver_019b7c2f8d6070009a3f2b1c4d5e6f70".parse().unwrap();
        assert_eq!(otp_id(&id), "019b7c2f-8d60-7000-9a3f-2b1c4d5e6f70");
        assert_eq!(named("019B7C2F-8D60-7000-9A3F-2B1C4D5E6F70"), Some(id));
        for none in ["", "1", "019b7c2f8d6070009a3f2b1c4d5e6f70", "{019b7c2f-8d60-7000-9a3f-2b1c4d5e6f70}"] {
            assert_eq!(named(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn every_id_comes_back(at in 0_i64..4_000_000_000_000, seed: u64) {
            let id = VerificationId::new(millis(at), &Chance::seeded(seed));
            prop_assert_eq!(named(&otp_id(&id)), Some(id));
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}") {
            prop_assert_eq!(named(&text), None);
        }
    }
}
