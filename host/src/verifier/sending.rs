//! What a start and a resend have in common: a message leaves within its limits, or nothing of it is kept.

use super::{
    VerifyError,
    idempotency::Memo,
    limits::Sends,
    start::{Due, Effect, Started},
};
use crate::{
    delivery::{Delivery, Outcome, Share},
    limit::Taken,
    seal::DeliveryId,
    store::{Changes, Done, Key, Stop, View},
    verification::Verification,
};
use jiff::Timestamp;

/// A message that is to leave.
#[derive(Debug)]
pub(super) struct Sending {
    /// The delivery that carries it.
    pub(super) delivery: DeliveryId,
    /// Who may deliver it, first choice first.
    pub(super) providers: Vec<String>,
    /// The limits that it comes under.
    pub(super) sends: Sends,
    /// Where the answer is remembered.
    pub(super) memo: Option<Memo>,
}

impl Sending {
    /// The records that its job needs.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.sends.keys().chain(self.memo.as_ref().map(Memo::key))
    }

    /// The answer that this request got before.
    pub(super) fn recall(&self, view: &View<'_>) -> Result<Option<Result<Started, VerifyError>>, Stop> {
        match &self.memo {
            Some(memo) => memo.recall(view),
            None => Ok(None),
        }
    }

    /// Keeps the verification as it is with this message, and the delivery, if all limits allow it.
    pub(super) fn send(
        &self,
        view: &View<'_>,
        mut changes: Changes,
        verification: Verification,
        effect: Effect,
        now: Timestamp,
    ) -> Result<Done<Result<Started, VerifyError>>, Stop> {
        let admitted = match self.sends.admit(view, &mut changes, now)? {
            Ok(admitted) => admitted,
            Err(exceeded) => return Ok(Changes::none().answer(Err(exceeded.into()))),
        };
        changes.keep_verification(&verification, now)?;
        let delivery = (!verification.is_test).then(|| self.delivery(&verification, admitted.taken, now));
        if let Some(delivery) = &delivery {
            changes.keep_delivery(delivery, &verification, now)?;
        }
        let (summary, id) =
            (verification.summary(now), delivery.as_ref().map(|delivery| delivery.id.clone()));
        let due = delivery.map(|delivery| Box::new(Due { verification, delivery }));
        let started =
            Started { verification: summary, delivery: id, due, effect, limits: admitted.standings };
        if let Some(memo) = &self.memo {
            memo.remember(&mut changes, &started, now)?;
        }
        Ok(changes.answer(Ok(started)))
    }

    fn delivery(&self, verification: &Verification, taken: Vec<Taken>, now: Timestamp) -> Delivery {
        let (provider, successors) = self
            .providers
            .split_first()
            .map_or_else(Default::default, |(first, others)| (first.clone(), others.to_vec()));
        Delivery {
            id: self.delivery.clone(),
            verification: verification.id.clone(),
            message: self.delivery.clone(),
            generation: verification.generation,
            channel: verification.channel.clone(),
            recipient: verification.recipient.clone(),
            provider,
            share: Share::Open,
            successors,
            repeated: false,
            is_orphan: false,
            orphans: 0,
            pauses: 0,
            not_before: None,
            taken,
            created_at: now,
            outcome: Outcome::Queued,
        }
    }
}
