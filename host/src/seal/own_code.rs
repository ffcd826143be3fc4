//! Codes that are not derived but brought: sealed in the place of one verification (T6).

use super::{Chance, Code, Keys, OpenError, Sealed, Typed, VerificationId};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::Zeroizing;

impl Keys {
    /// Seals a code for one verification, in its canonical form.
    pub fn seal_code(&self, verification: &VerificationId, code: &Typed, chance: &Chance) -> Sealed {
        self.seal(&place(verification), code.expose().as_bytes(), chance)
    }

    /// Opens a code that was sealed for this verification.
    ///
    /// # Errors
    ///
    /// As [`Keys::open`].
    pub fn open_code(&self, verification: &VerificationId, sealed: &Sealed) -> Result<Code, OpenError> {
        let bytes = self.open(&place(verification), sealed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| OpenError::Damaged)?;
        Ok(Code::new(Zeroizing::new(text.to_owned())))
    }
}

fn place(verification: &VerificationId) -> String {
    format!("own code/{verification}")
}

/// Whether two texts are the same. Takes the same time wherever they differ; only their lengths show.
pub fn is_same(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    /// T6
    #[test]
    fn an_own_code_is_opened_for_its_verification_only_and_kept_in_no_clear_form() {
        let chance = Chance::seeded(1);
        let keys = Keys::ephemeral(&chance).unwrap();
        let (one, other) = (VerificationId::new(millis(0), &chance), VerificationId::new(millis(0), &chance));
        let typed = Typed::read("ab-12 cd").unwrap();
        let sealed = keys.seal_code(&one, &typed, &chance);
        assert!(keys.open_code(&one, &sealed).unwrap().matches(&typed));
        assert_eq!(keys.open_code(&one, &sealed).unwrap().expose(), "AB12CD");
        assert_eq!(keys.open_code(&other, &sealed).err(), Some(OpenError::Damaged));
        assert!(!sealed.as_bytes().windows(6).any(|window| window == b"AB12CD"));
    }
}
