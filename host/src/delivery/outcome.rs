//! What became of a delivery.

use jiff::Timestamp;
use provider_api::{Cost, DeliveryError, Failure, Receipt};
use serde::{Deserialize, Serialize};

/// The kinds of failure that provider-api knows.
const FAILURES: [&str; 10] = [
    "invalid_recipient",
    "not_reachable",
    "opted_out",
    "blocked",
    "rejected",
    "throttled",
    "misconfigured",
    "unavailable",
    "unknown",
    "broken",
];

/// The kind of failure of a message that was put off until nobody needed it any more; no provider says it.
pub const TOO_LATE: &str = "too_late";

/// The kinds of failure that may be asked for: those that provider-api knows, and [`TOO_LATE`].
pub fn known_failures() -> impl Iterator<Item = Failure> {
    Failure::known().chain([Failure::from_word(TOO_LATE)])
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Outcome {
    /// Waits for its provider, or is with it.
    Queued,
    /// The service took the message.
    Sent {
        /// The service's own name of it.
        reference: Option<String>,
        /// Into how many parts it was split.
        segments: Option<u32>,
        /// In which alphabet the text went: `GSM-7`.
        #[serde(default)]
        encoding: Option<String>,
        /// What it costs, where the service says so at once or the operator's table does.
        cost: Option<Cost>,
        /// Whether the table said so, and not the service.
        #[serde(default)]
        estimated: bool,
        /// When the service answered.
        settled_at: Timestamp,
    },
    /// The service did not take it.
    Failed {
        /// The kind of failure.
        failure: Failure,
        /// The service's own code.
        code: Option<String>,
        /// What happened, for an operator.
        text: String,
        /// When it was known.
        settled_at: Timestamp,
    },
    /// Whether the service took it is not known.
    Unknown {
        /// The service's own code.
        #[serde(default)]
        code: Option<String>,
        /// What happened, for an operator.
        text: String,
        /// When it was known that nothing is known.
        settled_at: Timestamp,
    },
}

impl Outcome {
    /// Reads a provider's answer. One that only simulated it has failed: no delivery is a test.
    pub fn new(answer: Result<Receipt, DeliveryError>, settled_at: Timestamp) -> Self {
        match answer {
            Ok(Receipt { simulated: true, .. }) => Self::Failed {
                failure: Failure::Broken,
                code: None,
                text: "the provider only simulated it, and it was no test".to_owned(),
                settled_at,
            },
            Ok(Receipt { reference, segments, encoding, cost, .. }) => {
                Self::Sent { reference, segments, encoding, cost, estimated: false, settled_at }
            }
            Err(DeliveryError { failure: Failure::Unknown, code, text, .. }) => {
                Self::Unknown { code, text, settled_at }
            }
            Err(DeliveryError { failure, code, text, .. }) => {
                Self::Failed { failure, code, text, settled_at }
            }
        }
    }

    /// The same with a cost that was estimated, if it was sent and the service did not say what it costs.
    #[must_use]
    pub fn or_estimated(mut self, estimate: Option<Cost>) -> Self {
        if let Self::Sent { cost: cost @ None, estimated, .. } = &mut self {
            *estimated = estimate.is_some();
            *cost = estimate;
        }
        self
    }

    /// Whether the message was surely not taken, and neither the recipient nor the text is to blame: sending it again
    /// may help and bothers nobody.
    ///
    /// Not so `broken`: who panics may have handed it over. Nor `blocked` and `rejected`, a service's judgement of this
    /// recipient or text: it would be the same again.
    pub fn is_untaken_by_our_fault(&self) -> bool {
        use Failure::{Misconfigured, Throttled, Unavailable};
        self.failure().is_some_and(|failure| {
            matches!(failure, Unavailable | Misconfigured | Throttled) || failure.as_str() == TOO_LATE
        })
    }

    /// Whether the message may be with the service although nobody says so: nothing is known, or who had it broke down.
    pub fn may_have_left(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Failed { failure: Failure::Broken, .. })
    }

    /// The kind of failure, if it failed.
    pub fn failure(&self) -> Option<&Failure> {
        if let Self::Failed { failure, .. } = self { Some(failure) } else { None }
    }

    /// The kind of failure as one of the words that provider-api knows; `other` for a word that it does not, and
    /// nothing where there was none. For what must not grow with what providers say.
    pub fn failure_word(&self) -> &'static str {
        let Self::Failed { failure, .. } = self else { return "" };
        FAILURES.into_iter().chain([TOO_LATE]).find(|word| *word == failure.as_str()).unwrap_or("other")
    }

    /// The word: `queued`, `sent`, `failed` or `unknown`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent { .. } => "sent",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    #[test]
    fn only_what_was_surely_not_taken_by_our_fault_or_a_services_counts_as_such() {
        for failure in Failure::known().chain([Failure::from_word("quarantined")]) {
            let ours = ["unavailable", "misconfigured", "throttled"].contains(&failure.as_str());
            let outcome = Outcome::new(Err(DeliveryError::new(failure.clone(), "why")), millis(1));
            let word = if failure.as_str() == "quarantined" { "other" } else { failure.as_str() };
            let word = if failure == Failure::Unknown { "" } else { word };
            assert_eq!(outcome.failure_word(), word);
            assert_eq!(outcome.is_untaken_by_our_fault(), ours, "{failure}");
        }
        assert!(!Outcome::Queued.is_untaken_by_our_fault());
        assert!(!Outcome::new(Ok(Receipt::new("SM1")), millis(1)).is_untaken_by_our_fault());
    }
}
