//! The providers of a channel, in order.

use provider_api::Channel;
use std::collections::BTreeMap;

/// For each channel the ids of its providers, first choice first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes(BTreeMap<Channel, Vec<String>>);

impl Routes {
    /// Takes what the configuration says.
    pub fn new(routes: BTreeMap<Channel, Vec<String>>) -> Self {
        Self(routes)
    }

    /// The providers of a channel, first choice first; none if the channel has no route.
    pub fn of(&self, channel: &Channel) -> &[String] {
        self.0.get(channel).map_or(&[], Vec::as_slice)
    }

    /// Every channel with its providers, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Channel, &[String])> {
        self.0.iter().map(|(channel, providers)| (channel, providers.as_slice()))
    }
}
