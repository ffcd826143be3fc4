//! A code in clear, for the short time between making and handing over or comparing.

use super::Typed;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use std::fmt;
use zeroize::Zeroizing;

/// A code in clear. `Debug` hides it, there is no `Display` and no `Serialize`, and its memory is wiped on drop.
#[derive(Clone)]
pub struct Code(Zeroizing<String>);

impl Code {
    pub(super) fn new(code: Zeroizing<String>) -> Self {
        Self(code)
    }

    /// The code itself: for the message that carries it, never for a log, an error or an answer.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this was typed. Takes the same time wherever the two differ; only their lengths show.
    pub fn matches(&self, typed: &Typed) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), typed.expose().as_bytes()).is_ok()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_never_printed_and_matches_only_itself() {
        let code = Code::new(Zeroizing::new("012345".to_owned()));
        assert_eq!(format!("{code:?}"), "Code(***)");
        for (typed, right) in [("012345", true), ("12345", false), ("0123456", false), ("112345", false)] {
            assert_eq!(code.matches(&Typed::read(typed).unwrap()), right, "{typed}");
        }
    }
}
