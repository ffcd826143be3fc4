//! How codes are made and how often they may be sent and checked.

use std::time::Duration;

/// How codes are made and how often they may be sent and checked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Policy {
    /// Characters of a code: 4 to 10 (T23, X10).
    pub length: u8,
    /// From which characters a code is made.
    pub alphabet: Alphabet,
    /// Whether letters and digits that read alike are among them.
    pub look_alikes: bool,
    /// From the start of a verification to its end (X12): one minute to 24 hours.
    pub lifetime: Duration,
    /// Checks of one verification: 1 to 10 (X14).
    pub checks: u8,
    /// Whether only the first check is judged, whatever `checks` says (T25).
    pub check_once: bool,
    /// Sends of one verification, the first included: 1 to 10.
    pub sends: u8,
    /// The least time between two sends of one verification.
    pub pause: Duration,
    /// Whether a resend carries a fresh code (OWASP) instead of the same one (Twilio).
    pub fresh_code_on_resend: bool,
}

impl Default for Policy {
    /// Six digits for ten minutes (T23, T26), five checks, five sends, 30 seconds apart, the same code again.
    fn default() -> Self {
        Self {
            length: 6,
            alphabet: Alphabet::Numeric,
            look_alikes: false,
            lifetime: Duration::from_mins(10),
            checks: 5,
            check_once: false,
            sends: 5,
            pause: Duration::from_secs(30),
            fresh_code_on_resend: false,
        }
    }
}

impl Policy {
    /// The characters that a code is made from, each once.
    pub fn characters(&self) -> &'static str {
        self.alphabet.characters(self.look_alikes)
    }

    /// How many checks of one verification are judged.
    pub fn judged(&self) -> u8 {
        if self.check_once { 1 } else { self.checks }
    }
}

/// From which characters a code is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// `0` to `9` (X8).
    Numeric,
    /// Capital letters (X7).
    Letters,
    /// Digits and capital letters (X9).
    Alphanumeric,
}

impl Alphabet {
    /// Each by its word.
    pub const NAMED: [(&'static str, Self); 3] =
        [("numeric", Self::Numeric), ("letters", Self::Letters), ("alphanumeric", Self::Alphanumeric)];

    /// The characters, each once; those that read like digits or each other only where look-alikes are welcome.
    pub fn characters(self, look_alikes: bool) -> &'static str {
        match (self, look_alikes) {
            (Self::Numeric, _) => "0123456789",
            (Self::Letters, false) => "ABCDEFGHJKLMNPQRSTUVWXYZ",
            (Self::Letters, true) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            (Self::Alphanumeric, false) => "23456789ABCDEFGHJKLMNPQRSTUVWXYZ",
            (Self::Alphanumeric, true) => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        }
    }

    /// The word: `numeric`, `letters` or `alphanumeric`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Numeric => "numeric",
            Self::Letters => "letters",
            Self::Alphanumeric => "alphanumeric",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// X7–X9
    #[test]
    fn an_alphabet_has_each_character_once_and_look_alikes_only_where_they_are_welcome() {
        for (alphabet, few, all) in [(0, 10, 10), (1, 24, 26), (2, 32, 36)] {
            let (name, alphabet) = Alphabet::NAMED[alphabet];
            assert_eq!(alphabet.as_str(), name);
            for (look_alikes, count) in [(false, few), (true, all)] {
                let characters = alphabet.characters(look_alikes);
                assert_eq!(characters.chars().collect::<BTreeSet<_>>().len(), count, "{characters}");
                assert_eq!(characters.len(), count);
                let mixed = characters.contains('1') && characters.contains('I');
                assert!(look_alikes || !mixed, "{characters}");
            }
        }
    }

    /// T25
    #[test]
    fn check_once_judges_one_check_whatever_the_number_of_checks() {
        let policy = Policy { checks: 7, ..Policy::default() };
        assert_eq!(policy.judged(), 7);
        assert_eq!(Policy { check_once: true, ..policy }.judged(), 1);
    }
}
