//! Sends: each message that was asked for, with what became of it and of its verification (T64).

use super::{Page, Verifier, VerifyError, Wanted, WantedDeliveries};
use crate::{
    delivery::Delivery,
    phone::Region,
    seal::{DeliveryId, VerificationId},
    store::{Changes, Key, Stop, View},
    verification::{Status, Verification},
};
use provider_api::Channel;

/// The most sends that are looked at for one page: each needs its verification and every delivery of it.
const MOST: usize = 100;

/// Which sends are asked for.
#[derive(Debug, Clone, Default)]
pub struct WantedSends {
    /// What holds of all of them; `after` names the first delivery of a send.
    pub all: Wanted,
    /// Only those on this channel.
    pub channel: Option<Channel>,
    /// Only those of this verification.
    pub verification: Option<VerificationId>,
    /// Only those whose verification was approved, or was not.
    pub approved: Option<bool>,
    /// Only those to numbers of this region.
    pub region: Option<Region>,
}

/// A message that was asked for.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its first delivery, which names it.
    pub first: Delivery,
    /// The last delivery of the same message.
    pub last: Delivery,
    /// The verification that it belongs to.
    pub verification: Verification,
}

impl Verifier {
    /// The sends that are asked for, newest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn sends(&self, wanted: &WantedSends) -> Result<Page<Sent>, VerifyError> {
        let (mut items, next) = if let Some(id) = &wanted.verification {
            page_of(self.sends_of(id.clone()).await?, &wanted.all)
        } else {
            let all = Wanted { most: wanted.all.most.min(MOST), ..wanted.all.clone() };
            let deliveries =
                WantedDeliveries { all, channel: wanted.channel.clone(), ..WantedDeliveries::default() };
            let page = self.deliveries(&deliveries).await?;
            let mut firsts = page.items;
            firsts.retain(|delivery| delivery.id == delivery.message);
            (self.joined(firsts).await?, page.next)
        };
        let at = self.clock.now();
        items.retain(|sent| wanted.fits(sent, at));
        Ok(Page { items, next, at })
    }

    /// The sends of a verification, newest first.
    async fn sends_of(&self, id: VerificationId) -> Result<Vec<Sent>, VerifyError> {
        let read = move |view: &View<'_>, _| {
            let mut sends = match view.read::<Verification>(&(&id).into())? {
                Some(found) => of(view, &found)?,
                None => Vec::new(),
            };
            sends.reverse();
            Ok(Changes::none().answer(sends))
        };
        Ok(self.ledger.run(Vec::new(), read).await?)
    }

    /// The send that this delivery is the first of.
    ///
    /// # Errors
    ///
    /// When there is none, or the store cannot be read.
    pub async fn sent(&self, id: DeliveryId) -> Result<Sent, VerifyError> {
        let read = move |view: &View<'_>, _| {
            let delivery = view.read::<Delivery>(&(&id).into())?;
            let verification = match &delivery {
                Some(found) => view.read::<Verification>(&(&found.verification).into())?,
                None => None,
            };
            let all = match verification {
                Some(found) => of(view, &found)?,
                None => Vec::new(),
            };
            let found = all.into_iter().find(|sent| sent.first.id == id).ok_or(VerifyError::NotFound);
            Ok(Changes::none().answer(found))
        };
        self.ledger.run(Vec::new(), read).await?
    }

    /// Adds to each first delivery what the send became.
    async fn joined(&self, firsts: Vec<Delivery>) -> Result<Vec<Sent>, VerifyError> {
        let read = move |view: &View<'_>, _| {
            let keys: Vec<Key> = firsts.iter().map(|first| Key::from(&first.verification)).collect();
            let verifications = view.read_all::<Verification>(&keys)?;
            let deliveries: Vec<Key> =
                verifications.iter().flatten().flat_map(|found| &found.deliveries).map(Key::from).collect();
            // Loads what is missing in one go.
            view.read_all::<Delivery>(&deliveries)?;
            let mut sends = Vec::new();
            for (first, verification) in firsts.iter().zip(verifications) {
                let Some(verification) = verification else { continue };
                let mut all = of(view, &verification)?;
                all.retain(|sent| sent.first.id == first.id);
                sends.append(&mut all);
            }
            Ok(Changes::none().answer(sends))
        };
        Ok(self.ledger.run(Vec::new(), read).await?)
    }
}

/// The part of a verification's sends that is asked for, and which is the last of it if there are more.
fn page_of(sends: Vec<Sent>, wanted: &Wanted) -> (Vec<Sent>, Option<String>) {
    let follows = |sent: &Sent| wanted.after.as_deref().is_none_or(|after| sent.first.id.as_str() < after);
    let mut items: Vec<Sent> = sends.into_iter().filter(follows).collect();
    let has_more = items.len() > wanted.most;
    items.truncate(wanted.most);
    let next = items.last().filter(|_| has_more).map(|last| last.first.id.to_string());
    (items, next)
}

impl WantedSends {
    fn fits(&self, sent: &Sent, at: jiff::Timestamp) -> bool {
        let Sent { first, verification, .. } = sent;
        let is_approved = verification.status(at) == Status::Approved;
        let Wanted { application, to, since, until, .. } = &self.all;
        application.as_ref().is_none_or(|id| verification.application == *id)
            && to
                .as_ref()
                .is_none_or(|to| super::start::address(to) == super::start::address(&first.recipient))
            && since.is_none_or(|since| first.created_at >= since)
            && until.is_none_or(|until| first.created_at < until)
            && self.channel.as_ref().is_none_or(|channel| first.channel == *channel)
            && self.approved.is_none_or(|approved| approved == is_approved)
            && self.region.is_none_or(|region| Region::of(first.recipient.as_str()) == Some(region))
    }
}

/// The sends of a verification, oldest first.
fn of(view: &View<'_>, verification: &Verification) -> Result<Vec<Sent>, Stop> {
    let keys: Vec<Key> = verification.deliveries.iter().map(Key::from).collect();
    let deliveries: Vec<Delivery> = view.read_all(&keys)?.into_iter().flatten().collect();
    let last = |first: &Delivery| deliveries.iter().rfind(|other| other.message == first.id).cloned();
    let firsts = deliveries.iter().filter(|delivery| delivery.id == delivery.message);
    let sent = |first: &Delivery| {
        let (first, verification) = (first.clone(), verification.clone());
        Some(Sent { last: last(&first)?, first, verification })
    };
    Ok(firsts.filter_map(sent).collect())
}
