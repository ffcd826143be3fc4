//! The providers of a channel, in order.

use provider_api::{Channel, Failure};
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

/// What follows a failed delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next provider of the route takes over.
    Provider,
    /// No provider of this channel would do better, or none may.
    Stop,
}

/// What follows this failure.
///
/// | failure | next | because |
/// |---|---|---|
/// | `invalid_recipient` | stop | the address is the same for every provider |
/// | `not_reachable` | stop | a landline stays one; another channel may reach the person |
/// | `opted_out` | stop | who said stop to us is not to be reached through another sender |
/// | `blocked` | provider | permissions, geography and fraud rules differ by service |
/// | `rejected` | provider | texts, templates and senders are registered with each service |
/// | `throttled`, `misconfigured`, `unavailable`, `broken` | provider | this one cannot, another can |
/// | `unknown` | provider | it may arrive twice, with the same code, which is better than not at all |
/// | another word | provider | provider-api: treated like `rejected` |
pub fn after(failure: &Failure) -> Next {
    match failure {
        Failure::InvalidRecipient | Failure::NotReachable | Failure::OptedOut => Next::Stop,
        _ => Next::Provider,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_followed_by_what_the_table_says() {
        for failure in Failure::known().chain([Failure::from_word("quarantined")]) {
            let stops = ["invalid_recipient", "not_reachable", "opted_out"].contains(&failure.as_str());
            assert_eq!(after(&failure), if stops { Next::Stop } else { Next::Provider }, "{failure}");
        }
    }

    #[test]
    fn a_channel_without_a_route_has_no_providers() {
        let (sms, call) = (Channel::new("sms").unwrap(), Channel::new("call").unwrap());
        let routes = Routes::new(BTreeMap::from([(sms.clone(), vec!["one".to_owned(), "two".to_owned()])]));
        assert_eq!(routes.of(&sms), ["one", "two"]);
        assert!(routes.of(&call).is_empty());
    }
}
