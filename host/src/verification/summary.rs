//! What an answer may tell of a verification: nothing secret, and the recipient masked.

use super::{Status, Verification};
use crate::{application::Method, seal::VerificationId, template::Payment};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an answer may tell of a verification at a time. It is kept where the answer may be asked for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its own name.
    pub id: VerificationId,
    /// Where it stands.
    pub status: Status,
    /// The method of its newest send.
    pub method: Method,
    /// Why.
    pub purpose: String,
    /// Whom it proves, masked.
    pub recipient: String,
    /// What its code approves, if it is a payment.
    #[serde(default)]
    pub payment: Option<Payment>,
    /// Whether the recipient is a test's: nothing is delivered.
    #[serde(default)]
    pub is_test: bool,
    /// How many codes may be checked in all.
    pub checks: u8,
    /// How many more codes may be checked.
    pub checks_left: u8,
    /// How many messages may be sent in all.
    pub sends: u8,
    /// How many more messages may be sent.
    pub sends_left: u8,
    /// When it started.
    pub created_at: Timestamp,
    /// From when another message may be sent, if one may.
    pub resend_after: Option<Timestamp>,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was approved, if it was.
    pub approved_at: Option<Timestamp>,
}

impl Verification {
    /// What an answer may tell of it at this time.
    pub fn summary(&self, at: Timestamp) -> Summary {
        let status = self.status(at);
        let may_resend = status == Status::Pending && self.sends_left > 0;
        Summary {
            id: self.id.clone(),
            status,
            method: self.method.clone(),
            purpose: self.purpose.clone(),
            recipient: self.recipient.masked(),
            payment: self.payment.clone(),
            is_test: self.is_test,
            checks: self.checks(),
            checks_left: self.checks_left,
            sends: self.policy.sends,
            sends_left: self.sends_left,
            created_at: self.created_at,
            resend_after: may_resend.then_some(self.resend_after),
            expires_at: self.expires_at,
            approved_at: self.ended_at(at).filter(|_| status == Status::Approved),
        }
    }
}
