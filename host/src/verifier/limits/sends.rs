//! The limits of a message: all of them hold, or none counts it.

use super::{Asker, OwnLimit, place::Place};
use crate::{
    application::Application,
    limit::{Exceeded, Rate, Standing, Taken, Window, address, network},
    seal::{Keys, public_name},
    store::{Changes, Key, Stop, View},
};
use provider_api::Recipient;

/// The limits that a message comes under, and where each is kept.
#[derive(Debug, Clone, Default)]
pub(in crate::verifier) struct Sends(Vec<(&'static str, Rate, Place)>);

/// A message that is within its limits, once it was counted.
#[derive(Debug, Default)]
pub(in crate::verifier) struct Admitted {
    /// What is to be given back should nobody take the message.
    pub(in crate::verifier) taken: Vec<Taken>,
    /// How much of each limit is used with it.
    pub(in crate::verifier) standings: Vec<Standing>,
}

impl Sends {
    /// Those of a message to this recipient, of this member if it is one's; none where nothing is sent, as it is a test's.
    pub(in crate::verifier) fn new(
        keys: &Keys,
        application: &Application,
        (recipient, member): (&Recipient, Option<&str>),
        is_test: bool,
        asker: &Asker,
    ) -> Self {
        if is_test {
            return Self::default();
        }
        let Application { id, limits: rules, .. } = application;
        let counted = asker.api_key.as_ref().filter(|_| rules.sends_per_api_key.is_some());
        let api_key = counted.map(|key| public_name(key.expose()));
        let limits = [
            (PER_RECIPIENT, rules.sends_per_recipient, Some(address(recipient.as_str()))),
            (PER_MEMBER, rules.sends_per_member, member.map(str::to_owned)),
            (PER_APPLICATION, rules.sends_per_application, Some(String::new())),
            (PER_API_KEY, rules.sends_per_api_key, api_key),
            (PER_CLIENT_IP, rules.sends_per_client_ip, asker.ip.map(network)),
        ];
        let place = |(name, rate, whom): (&'static str, Option<Rate>, Option<String>)| {
            Some((name, rate?, Place::new(keys, name, id, &whom?)))
        };
        Self(limits.into_iter().filter_map(place).collect())
    }

    /// With limits of the caller's own in front of ours, in their order: what is broken is told by the first.
    #[must_use]
    pub(in crate::verifier) fn and(mut self, keys: &Keys, application: &str, own: &[OwnLimit]) -> Self {
        let place = |OwnLimit { rate, name, whom }: &OwnLimit| {
            // Length first: no name and whom look like another pair.
            let whom = format!("{} {name} {}s {whom}", name.len(), rate.span.as_secs());
            (PER_CALLER, *rate, Place::new(keys, PER_CALLER, application, &whom))
        };
        self.0.splice(0..0, own.iter().map(place));
        self
    }

    /// Every record, to be loaded.
    pub(in crate::verifier) fn keys(&self) -> impl Iterator<Item = Key> {
        self.0.iter().flat_map(|(_, _, place)| place.keys())
    }

    /// Counts a message with every limit, unless it is too many for one.
    pub(in crate::verifier) fn admit(
        &self,
        view: &View<'_>,
        changes: &mut Changes,
        now: jiff::Timestamp,
    ) -> Result<Result<Admitted, Exceeded>, Stop> {
        let mut windows = Vec::new();
        for (name, rate, place) in &self.0 {
            let (spot, window) = place.read::<Window>(view)?;
            windows.push((*name, *rate, spot, window.unwrap_or_default()));
        }
        let standings = windows.iter().map(|(name, rate, _, window)| window.standing(name, *rate, now));
        if let Some(exceeded) = Exceeded::of(standings.collect()) {
            return Ok(Err(exceeded));
        }
        let mut admitted = Admitted::default();
        for (name, rate, spot, mut window) in windows {
            let at = window.take(rate, now);
            admitted.taken.extend(at.map(|at| Taken { record: spot.key().id().to_owned(), at }));
            admitted.standings.push(window.standing(name, rate, now));
            spot.put(changes, &window, window.ends())?;
            spot.leave_word(changes, window.ends())?;
        }
        Ok(Ok(admitted))
    }
}

/// The limits that callers make themselves, which a start names.
pub(crate) const PER_CALLER: &str = "own_rate_limit";

pub(crate) const PER_RECIPIENT: &str = "sends_per_recipient";
pub(crate) const PER_MEMBER: &str = "sends_per_member";
pub(super) const PER_APPLICATION: &str = "sends_per_application";
pub(super) const PER_API_KEY: &str = "sends_per_api_key";
pub(super) const PER_CLIENT_IP: &str = "sends_per_client_ip";
