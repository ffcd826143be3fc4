//! One handing-over of a message to one provider, and what became of it.

mod outcome;
mod price;
mod share;
mod told;

pub use outcome::{Outcome, TOO_LATE, known_failures};
pub use price::{InvalidPrice, Price, PriceTable, Prices};
pub use share::{Share, falls_to_canary};
pub use told::{Answer, Said, Told};

use crate::{
    clock::after,
    limit::Taken,
    route::{self, Next},
    seal::{DeliveryId, VerificationId},
};
use jiff::Timestamp;
use provider_api::{Channel, Failure, Recipient};
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
    /// Which of that provider's files it is for, should two of them share.
    #[serde(default, skip_serializing_if = "Share::is_open")]
    pub share: Share,
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
    /// Who is asked next: after a provider's canary the provider itself, then the next provider of the route, or after an
    /// unknown outcome without a next one the same provider once more, and again where it is their host that ended; `None`
    /// if the message was taken or nobody would do better.
    pub fn successor(&self) -> Option<Successor> {
        let next = match &self.outcome {
            Outcome::Queued | Outcome::Sent { .. } => Next::Stop,
            Outcome::Failed { failure, .. } => route::after(failure),
            Outcome::Unknown { .. } => route::after(&Failure::Unknown),
        };
        match (next, self.successors.split_first()) {
            (Next::Stop, _) => None,
            (Next::Provider, _) if self.share == Share::Canary => Some(Successor {
                provider: self.provider.clone(),
                successors: self.successors.clone(),
                repeated: self.outcome.may_have_left(),
            }),
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
            share: self.share.after(),
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

    /// Whether its provider's canary may have it: a message is handed to one canary at most, and one that may be
    /// with the service already goes to what is proven.
    pub fn may_go_to_canary(&self) -> bool {
        self.share.is_open() && !self.repeated
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
    use provider_api::{DeliveryError, Receipt};

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
            share: Share::Open,
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

    /// The provider's own turn comes right after its canary's, whatever the canary's fault was, and no canary has the
    /// message again.
    #[test]
    fn what_a_canary_does_not_get_through_its_provider_is_asked_for_before_anybody_else() {
        for (answer, repeated) in
            [("broken", true), ("unknown", true), ("unavailable", false), ("rejected", false)]
        {
            for successors in [&["b"][..], &[]] {
                let mut first = delivery("a", successors);
                assert!(first.may_go_to_canary());
                first.share = Share::Canary;
                let first = settled(first, Err(DeliveryError::new(Failure::from_word(answer), "why")));
                assert!(first.put_off(Duration::ZERO, first.id.clone(), millis(2)).is_none());
                let next = first.successor().unwrap();
                assert_eq!((next.provider.as_str(), next.repeated), ("a", repeated), "{answer}");
                assert_eq!(next.successors, successors);
                let second = first.handed_on(next, DeliveryId::new(millis(2), &Chance::seeded(4)), millis(2));
                assert!(second.share == Share::Stable && !second.may_go_to_canary(), "{answer}");
                let second = settled(second, Err(DeliveryError::broken("why")));
                let third =
                    second.successor().map(|next| second.handed_on(next, second.id.clone(), millis(3)));
                let third = third.map(|third| (third.provider.clone(), third.may_go_to_canary()));
                assert_eq!(third, successors.first().map(|id| ((*id).to_owned(), false)), "{answer}");
            }
        }
        let mut first = delivery("a", &["b"]);
        first.share = Share::Canary;
        assert!(
            settled(first.clone(), Err(DeliveryError::new(Failure::OptedOut, "why"))).successor().is_none()
        );
        assert!(settled(first, Ok(Receipt::new("SM1"))).successor().is_none());
        // Whose first provider only failed may still be another's canary's.
        let first = settled(delivery("a", &["b"]), Err(DeliveryError::unavailable("why")));
        let next = first.successor().unwrap();
        assert!(first.handed_on(next, first.id.clone(), millis(2)).may_go_to_canary());
        assert!(!Delivery { repeated: true, ..delivery("a", &[]) }.may_go_to_canary());
    }

    /// A record of before says nothing of it, and one that says nothing is written as before.
    #[test]
    fn a_delivery_without_a_canary_is_stored_as_ever() {
        let stored = serde_json::to_string(&delivery("a", &[])).unwrap();
        assert!(!stored.contains("share"), "{stored}");
        let canary = Delivery { share: Share::Canary, ..delivery("a", &[]) };
        let stored = serde_json::to_string(&canary).unwrap();
        assert_eq!(serde_json::from_str::<Delivery>(&stored).unwrap(), canary);
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
