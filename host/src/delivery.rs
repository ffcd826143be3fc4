//! One handing-over of a message to one provider, and what became of it.

mod price;
mod told;

pub use price::{InvalidPrice, Price, PriceTable, Prices};
pub use told::{Answer, Said, Told};

use crate::{
    clock::after,
    limit::Taken,
    route::{self, Next},
    seal::{DeliveryId, VerificationId},
};
use jiff::Timestamp;
use provider_api::{Channel, Cost, DeliveryError, Failure, Receipt, Recipient};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a delivery is left to the host that hands it over. That host asks for more while it still does.
const LEASE: Duration = Duration::from_mins(1);

/// How often a message is put off at most, and for how long each time.
const PAUSES: u8 = 3;
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How often a message is handed over again because its host ended: a machine that falls down over and over must not send
/// it for ever.
const ORPHANS: u8 = 3;

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

/// One handing-over of a message to one provider, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its own name.
    pub id: DeliveryId,
    /// What it is part of.
    pub verification: VerificationId,
    /// The first delivery of the same send: the message's id, the same for every provider that takes over.
    pub message: DeliveryId,
    /// Which code it carries.
    pub generation: u32,
    /// The way it travels.
    pub channel: Channel,
    /// To whom.
    pub recipient: Recipient,
    /// The provider that it is handed to.
    pub provider: String,
    /// The providers that may take over, in order.
    pub successors: Vec<String>,
    /// Whether the same message was handed to the same provider before, with an unknown outcome.
    pub repeated: bool,
    /// Whether its host ended before its outcome was known.
    #[serde(default)]
    pub is_orphan: bool,
    /// How often the same message was left so.
    #[serde(default)]
    pub orphans: u8,
    /// How often the same message was put off at a service's wish.
    #[serde(default)]
    pub pauses: u8,
    /// When it is to be handed over, if it was put off; it was not handed over yet then.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// What limits counted when its message was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<Taken>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
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

/// Who is asked after a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// The provider.
    pub provider: String,
    /// The providers that may take over after it.
    pub successors: Vec<String>,
    /// Whether it was handed the same message before.
    pub repeated: bool,
}

impl Delivery {
    /// Who is asked next: the next provider of the route, or after an unknown outcome without a next one the same
    /// provider once more, and again where it is their host that ended; `None` if the message was taken or nobody would do better.
    pub fn successor(&self) -> Option<Successor> {
        let next = match &self.outcome {
            Outcome::Queued | Outcome::Sent { .. } => Next::Stop,
            Outcome::Failed { failure, .. } => route::after(failure),
            Outcome::Unknown { .. } => route::after(&Failure::Unknown),
        };
        match (next, self.successors.split_first()) {
            (Next::Stop, _) => None,
            (Next::Provider, Some((provider, successors))) => Some(Successor {
                provider: provider.clone(),
                successors: successors.to_vec(),
                repeated: false,
            }),
            (Next::Provider, None) => self.once_more(),
        }
    }

    fn once_more(&self) -> Option<Successor> {
        let unknown = matches!(self.outcome, Outcome::Unknown { .. });
        let again = || Successor { provider: self.provider.clone(), successors: Vec::new(), repeated: true };
        // A host that ended may have ended before it handed anything over.
        let may = !self.repeated || (self.is_orphan && self.orphans <= ORPHANS);
        (unknown && may).then(again)
    }

    /// Takes note that its host is gone. Once: the note itself hands nothing over.
    pub fn orphan(&mut self) {
        if !self.is_orphan {
            self.is_orphan = true;
            self.orphans = self.orphans.saturating_add(1);
        }
    }

    /// The delivery that takes over from this one.
    #[must_use]
    pub fn handed_on(&self, to: Successor, id: DeliveryId, now: Timestamp) -> Self {
        let Successor { provider, successors, repeated } = to;
        Self {
            id,
            provider,
            successors,
            repeated,
            is_orphan: false,
            not_before: None,
            taken: Vec::new(),
            created_at: now,
            outcome: Outcome::Queued,
            ..self.clone()
        }
    }

    /// The delivery that tries the same provider again after the pause that its service asked for: after `throttled`
    /// with a time of a minute or less, while nobody else could take over, three times at most.
    #[must_use]
    pub fn put_off(&self, pause: Duration, id: DeliveryId, now: Timestamp) -> Option<Self> {
        let throttled = matches!(self.outcome, Outcome::Failed { failure: Failure::Throttled, .. });
        if !throttled || self.successor().is_some() || pause > LONGEST_PAUSE || self.pauses >= PAUSES {
            return None;
        }
        let to =
            Successor { provider: self.provider.clone(), successors: Vec::new(), repeated: self.repeated };
        let not_before = Some(after(now, pause));
        Some(Self { pauses: self.pauses + 1, not_before, ..self.handed_on(to, id, now) })
    }

    /// When somebody has to see to it, if it is open: when its pause is over, or when whoever hands it over now must be
    /// gone, for they would have told.
    pub fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        let open = self.outcome == Outcome::Queued;
        open.then(|| self.not_before.unwrap_or_else(|| after(now, LEASE)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{clock::millis, seal::Chance};

    pub(crate) fn delivery(provider: &str, successors: &[&str]) -> Delivery {
        let chance = Chance::seeded(3);
        let id = DeliveryId::new(millis(0), &chance);
        Delivery {
            id: id.clone(),
            verification: VerificationId::new(millis(0), &chance),
            message: id,
            generation: 0,
            channel: Channel::new("sms").unwrap(),
            recipient: Recipient::new("+447700900123"),
            provider: provider.to_owned(),
            successors: successors.iter().map(|&id| id.to_owned()).collect(),
            repeated: false,
            is_orphan: false,
            orphans: 0,
            pauses: 0,
            not_before: None,
            taken: Vec::new(),
            created_at: millis(0),
            outcome: Outcome::Queued,
        }
    }

    fn settled(mut delivery: Delivery, answer: Result<Receipt, DeliveryError>) -> Delivery {
        delivery.outcome = Outcome::new(answer, millis(1));
        delivery
    }

    fn path(first: Delivery, answers: &[&str]) -> Vec<String> {
        let mut seen = Vec::new();
        let mut current = Some(first);
        let mut answers = answers.iter();
        while let Some(delivery) = current {
            seen.push(format!("{}{}", delivery.provider, if delivery.repeated { "*" } else { "" }));
            let Some(answer) = answers.next() else { break };
            let answer = match *answer {
                "sent" => Ok(Receipt::new("SM1")),
                "simulated" => Ok(Receipt::new("SM1").simulated()),
                failure => Err(DeliveryError::new(Failure::from_word(failure), "why")),
            };
            let delivery = settled(delivery, answer);
            let next_id = DeliveryId::new(millis(2), &Chance::seeded(4));
            current = delivery.successor().map(|next| delivery.handed_on(next, next_id, millis(2)));
        }
        seen
    }

    #[test]
    fn a_message_goes_from_provider_to_provider_until_one_takes_it() {
        for (answers, asked) in [
            (vec!["sent"], vec!["a"]),
            (vec!["unavailable", "sent"], vec!["a", "b"]),
            (vec!["broken", "throttled"], vec!["a", "b"]),
            (vec!["simulated", "sent"], vec!["a", "b"]),
            (vec!["invalid_recipient"], vec!["a"]),
            (vec!["opted_out"], vec!["a"]),
            (vec!["unknown", "sent"], vec!["a", "b"]),
            (vec!["unknown", "unknown", "unknown"], vec!["a", "b", "b*"]),
            (vec!["unknown", "unknown", "unavailable"], vec!["a", "b", "b*"]),
            (vec!["unknown", "unavailable"], vec!["a", "b"]),
        ] {
            assert_eq!(path(delivery("a", &["b"]), &answers), asked, "{answers:?}");
        }
        assert_eq!(path(delivery("a", &[]), &["unknown", "unknown", "sent"]), ["a", "a*"]);
    }

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

    #[test]
    fn whoever_takes_over_carries_the_same_message() {
        let first = settled(delivery("a", &[]), Err(DeliveryError::unknown("timed out")));
        let next = first.successor().unwrap();
        let second = first.handed_on(next, DeliveryId::new(millis(9), &Chance::seeded(9)), millis(9));
        assert_ne!(second.id, first.id);
        assert_eq!((&second.message, &second.outcome), (&first.id, &Outcome::Queued));
        assert!(second.repeated);
    }

    #[test]
    fn a_delivery_is_shown_without_its_recipient_and_stored_with_it() {
        let delivery = settled(delivery("a", &[]), Ok(Receipt::new("SM1").with_segments(2)));
        assert!(!format!("{delivery:?}").contains("7700900"));
        let stored = serde_json::to_string(&delivery).unwrap();
        assert_eq!(serde_json::from_str::<Delivery>(&stored).unwrap(), delivery);
    }
}
