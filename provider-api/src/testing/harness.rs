//! One opened provider in the author's own process, called through the whole boundary.

use super::{
    FakeHost,
    block_on::{block_on, poll_and_drop},
};
use crate::{
    Address, Availability, Candidate, DeliveryError, Manifest, Message, OpenAnswer, Provider, Receipt,
    abi::{InstanceBox, OpenReply, Reply, frame, ops},
    export::boundary::Exported,
    glue::{self, Facts},
    hosts::{Pattern, Reach, Target},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{fmt, marker::PhantomData, time::Duration};

/// How long, by the real clock, a provider may be silent before a test gives it up.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// An opened provider, called through the whole boundary: frames, JSON, guards against panics.
///
/// It has the capabilities and reaches the hosts that [`export_provider!`](crate::export_provider) declares.
///
/// Its methods wait on this thread and need no runtime. What is not ready after ten seconds is an error.
///
/// # Examples
///
/// ```standalone_crate
/// use provider_api::{Channel, DeliveryError, Host, Message, Payload, Provider, Receipt, Recipient};
/// use provider_api::testing::{Harness, json};
///
/// struct Parrot;
///
/// impl Provider for Parrot {
///     type Config = std::collections::BTreeMap<String, String>;
///
///     async fn open(_: Self::Config, _: Host) -> Result<Self, DeliveryError> {
///         Ok(Self)
///     }
///
///     async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
///         Ok(Receipt::new(message.id))
///     }
/// }
///
/// provider_api::export_provider!(Parrot, id = "parrot", channels = ["sms"]);
///
/// let parrot = Harness::<Parrot>::open(json!({})).unwrap();
/// let recipient = Recipient::new("+447700900123");
/// let message = Message::new("m1", Channel::new("sms").unwrap(), recipient, Payload::code("123456"), "123456");
/// assert_eq!(parrot.deliver(&message).unwrap(), Receipt::new("m1"));
/// ```
pub struct Harness<P> {
    instance: InstanceBox,
    answer: OpenAnswer,
    host: FakeHost,
    provider: PhantomData<fn() -> P>,
}

impl<P: Provider> Harness<P> {
    /// Opens a provider with a host that has no answers.
    ///
    /// # Errors
    ///
    /// What the provider's `open` answers, or what is wrong with the configuration.
    pub fn open<Here>(config: Value) -> Result<Self, DeliveryError>
    where
        P: Exported<Here>,
    {
        Self::with_host(FakeHost::new()).open(config)
    }

    /// Prepares to open a provider with this host.
    pub fn with_host(host: FakeHost) -> HarnessBuilder<P> {
        HarnessBuilder { host, provider: PhantomData }
    }

    /// Hands a message over.
    ///
    /// # Errors
    ///
    /// What the provider answers; [`Failure::Broken`](crate::Failure::Broken) if it panics.
    pub fn deliver(&self, message: &Message) -> Result<Receipt, DeliveryError> {
        self.ask(ops::DELIVER, message)
    }

    /// Begins to hand a message over and drops the call where it first waits; whether there was anything to drop.
    pub fn abandon(&self, message: &Message) -> bool {
        poll_and_drop(self.instance.call(ops::DELIVER, frame::encode(message, &[])))
    }

    /// Asks whether a member is reached.
    ///
    /// # Errors
    ///
    /// When the library does not declare the capability `availability`, or the provider panics.
    pub fn availability(&self, candidate: &Candidate) -> Result<Availability, DeliveryError> {
        self.ask(ops::AVAILABILITY, candidate)
    }

    /// Asks whether it could deliver now.
    ///
    /// # Errors
    ///
    /// What the provider answers.
    pub fn health(&self) -> Result<(), DeliveryError> {
        self.ask(ops::HEALTH, &())
    }

    /// Tells it that this is the end. It can still be called, as by a host that made a mistake.
    ///
    /// # Errors
    ///
    /// When the provider panics or is not done in time.
    pub fn close(&self) -> Result<(), DeliveryError> {
        self.ask(ops::CLOSE, &())
    }

    /// The addresses it declared when it was opened.
    pub fn addresses(&self) -> &[Address] {
        &self.answer.addresses
    }

    /// The host it was opened with.
    pub fn host(&self) -> &FakeHost {
        &self.host
    }

    fn ask<T: DeserializeOwned>(&self, op: u32, request: &impl Serialize) -> Result<T, DeliveryError> {
        match block_on(self.instance.call(op, frame::encode(request, &[])), PATIENCE) {
            Some(Reply::Ok(bytes)) => frame::decode(&bytes).map(|(value, _)| value).map_err(unreadable),
            Some(Reply::Err(bytes) | Reply::Panicked(bytes)) => {
                Err(frame::decode(&bytes).map_or_else(unreadable, |(error, _)| error))
            }
            Some(Reply::UnknownOp) => Err(DeliveryError::broken(
                "the provider does not answer for this: `export_provider!` declares no such capability",
            )),
            None => Err(silent()),
        }
    }
}

impl<P> fmt::Debug for Harness<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness")
            .field("addresses", &self.answer.addresses)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// What a [`Harness`] is opened with.
#[derive(Debug)]
pub struct HarnessBuilder<P> {
    host: FakeHost,
    provider: PhantomData<fn() -> P>,
}

impl<P: Provider> HarnessBuilder<P> {
    /// Opens the provider.
    ///
    /// # Errors
    ///
    /// What the provider's `open` answers, or what is wrong with the configuration.
    #[expect(clippy::needless_pass_by_value, reason = "`open(json!({…}))` reads best")]
    pub fn open<Here>(self, config: Value) -> Result<Harness<P>, DeliveryError>
    where
        P: Exported<Here>,
    {
        let (answer, instance) = open::<P>(P::FACTS, &self.host, &config)?;
        Ok(Harness { instance, answer, host: self.host, provider: PhantomData })
    }
}

/// Opens a provider through the glue, without touching this process's log.
pub(super) fn open<P: Provider>(
    facts: Facts,
    host: &FakeHost,
    config: &Value,
) -> Result<(OpenAnswer, InstanceBox), DeliveryError> {
    let reach = reach::<P>(&facts, config);
    let opening = glue::open_quietly::<P>(facts, host.boxed(reach), frame::encode(config, &[]));
    match block_on(opening, PATIENCE) {
        Some(OpenReply::Ok(opened)) => {
            let (answer, _) = frame::decode(&opened.answer).map_err(unreadable)?;
            Ok((answer, opened.instance))
        }
        Some(OpenReply::Err(bytes)) => Err(frame::decode(&bytes).map_or_else(unreadable, |(error, _)| error)),
        None => Err(silent()),
    }
}

/// What the library reaches when it is configured so.
fn reach<P: Provider>(facts: &Facts, config: &Value) -> Reach {
    // A manifest that cannot be made is told where it is asked for.
    let described = glue::describe::<P>(facts);
    let manifest = frame::decode::<Manifest>(&described).map(|(manifest, _)| manifest).unwrap_or_default();
    let hosts = manifest.hosts.iter().filter_map(|host| Pattern::parse(host).ok()).collect();
    Reach::declared(hosts, config, &manifest.config_schema, Target::plain)
}

pub(super) fn silent() -> DeliveryError {
    DeliveryError::broken(format!("no answer within {} seconds", PATIENCE.as_secs()))
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of `map_err`")]
fn unreadable(cause: frame::InvalidFrame) -> DeliveryError {
    DeliveryError::broken(format!("the provider's answer is unreadable: {cause}"))
}
