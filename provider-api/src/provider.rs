//! The trait that a provider's author implements.

use crate::{Address, Availability, Candidate, DeliveryError, Host, Message, Receipt};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// A way to deliver messages.
///
/// Write the methods as plain `async fn`s; only [`open`](Self::open) and [`deliver`](Self::deliver) are required.
/// The page of this crate shows a whole provider.
///
/// # The classic mistake
///
/// An answer that was lost is not a failure to send. A request that timed out may have been taken, and a second one
/// would give the person two messages: answer [`Failure::Unknown`](crate::Failure::Unknown) and let the host decide.
/// [`Host::http`] already tells the two apart, so passing its errors on with `?` is right:
///
/// ```
/// # use provider_api::{DeliveryError, Host, HttpRequest, Message, Receipt};
/// # async fn deliver(host: &Host, message: Message) -> Result<Receipt, DeliveryError> {
/// let response = host.http(HttpRequest::post("https://sms.example.com/messages").body(message.text)).await?;
/// match response.status {
///     200..=299 => Ok(Receipt::default()),
///     429 => Err(DeliveryError::new(provider_api::Failure::Throttled, "too many messages a second")),
///     500..=599 => Err(DeliveryError::unknown("the service failed while it held the message")),
///     status => Err(DeliveryError::misconfigured(format!("the service answered {status}"))),
/// }
/// # }
/// ```
///
/// # What never to do
///
/// Everything below is the whole process's, not the provider's own: signal handlers, `set_var`, `set_current_dir`,
/// `exit`, `fork`. Blocking a thread is allowed and starves only this provider.
pub trait Provider: Send + Sync + Sized + 'static {
    /// The keys an operator fills in. Doc comments become their help; use [`Secret`](crate::Secret) for secrets and
    /// `#[serde(deny_unknown_fields)]`, so that a mistyped key is told.
    type Config: DeserializeOwned + JsonSchema + Send + 'static;

    /// Gets ready, without sending anything.
    ///
    /// # Errors
    ///
    /// [`Failure::Misconfigured`](crate::Failure::Misconfigured) with what is wrong, naming the key.
    fn open(config: Self::Config, host: Host) -> impl Future<Output = Result<Self, DeliveryError>> + Send;

    /// Hands a message over, once. Dropping the future cancels it.
    ///
    /// # Errors
    ///
    /// With the [`Failure`](crate::Failure) the host is to act on.
    fn deliver(&self, message: Message) -> impl Future<Output = Result<Receipt, DeliveryError>> + Send;

    /// In which of a member's fields the address stands, per channel.
    ///
    /// By default an e-mail address in `email` for the channel `email`, a phone number in `mobile` for any other.
    fn addresses(&self) -> Vec<Address> {
        crate::glue::conventional_addresses()
    }

    /// Whether this provider reaches this member, on top of what the declared addresses say.
    ///
    /// By default yes. Only asked where the library declares the capability `availability`, and silence of 50 ms is a
    /// no: it runs while a member waits for the list of methods.
    fn availability(&self, candidate: Candidate) -> impl Future<Output = Availability> + Send {
        drop(candidate);
        async { Availability::available() }
    }

    /// Whether, with this configuration, [`availability`](Self::availability) may ever say no.
    ///
    /// By default yes. A library that declares the capability and has nothing to say as it is configured answers no: then
    /// the host does not ask, and no member waits for the question.
    fn judges_members(&self) -> bool {
        true
    }

    /// Whether it could deliver now.
    ///
    /// By default yes.
    ///
    /// # Errors
    ///
    /// With what stands in the way.
    fn health(&self) -> impl Future<Output = Result<(), DeliveryError>> + Send {
        async { Ok(()) }
    }

    /// The host will not call again; finish what runs.
    ///
    /// By default does nothing.
    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}
