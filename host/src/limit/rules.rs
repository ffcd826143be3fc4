//! What is limited and how tightly: for every application the same, unless it says otherwise.

use std::time::Duration;

/// How often something may happen within a span of time, wherever the span begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How often; at least once.
    pub quota: u32,
    /// Within which time.
    pub span: Duration,
}

/// What is limited for one application; `None` is no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Messages to one recipient (T8, T54).
    pub sends_per_recipient: Option<Rate>,
    /// Messages to one member, to whichever of their recipients (S41).
    pub sends_per_member: Option<Rate>,
    /// Messages of the whole application (T8).
    pub sends_per_application: Option<Rate>,
    /// Messages asked for with one API key (S41).
    pub sends_per_api_key: Option<Rate>,
    /// Messages asked for from one network address of members, where the caller says it.
    pub sends_per_client_ip: Option<Rate>,
    /// Readings of the state of one verification; each of them holds (T56).
    pub reads_per_verification: Vec<Rate>,
    /// Wrong codes.
    pub guessing: Guessing,
    /// How many members the application may have stored, and how many entities.
    pub members: Option<u32>,
}

/// Wrong codes of one recipient, and of one member, over all verifications and purposes, and of one factor over all challenges (NIST
/// SP 800-63B 5.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guessing {
    /// How often within a time.
    pub failed_checks: Option<Rate>,
    /// How many without a right one between them, until an operator or another proven recipient frees them.
    pub failed_in_a_row: Option<u32>,
}

impl Rate {
    /// This often within this time.
    pub const fn new(quota: u32, span: Duration) -> Self {
        Self { quota, span }
    }
}

impl Rules {
    /// Nothing is limited.
    pub fn off() -> Self {
        Self {
            sends_per_recipient: None,
            sends_per_member: None,
            sends_per_application: None,
            sends_per_api_key: None,
            sends_per_client_ip: None,
            reads_per_verification: Vec::new(),
            guessing: Guessing { failed_checks: None, failed_in_a_row: None },
            members: None,
        }
    }
}

impl Default for Rules {
    /// What Twilio Verify limits (T54, T56) and NIST SP 800-63B asks for, and 60 messages an hour from one address.
    fn default() -> Self {
        let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
        Self {
            sends_per_recipient: Some(Rate::new(5, 10 * minute)),
            sends_per_member: None,
            sends_per_application: None,
            sends_per_api_key: None,
            sends_per_client_ip: Some(Rate::new(60, hour)),
            reads_per_verification: vec![
                Rate::new(60, minute),
                Rate::new(180, hour),
                Rate::new(250, 24 * hour),
            ],
            guessing: Guessing { failed_checks: Some(Rate::new(10, hour)), failed_in_a_row: Some(100) },
            members: Some(1_000_000),
        }
    }
}
