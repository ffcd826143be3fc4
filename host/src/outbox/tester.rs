//! Sends a test message through one provider, as it is configured or as it might be.

pub mod fit;

use super::message::by_hand;
use crate::{
    delivery::Told,
    plugin::{Lane, Libraries, ProviderState, ProviderStatus, Providers, Settings, Workshop},
    template::{Occasion, Templates, Wrong},
};
use arc_swap::ArcSwap;
use fit::Unfit;
use provider_api::{Channel, DeliveryError, Message, Receipt, Recipient};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Tests at once: each may start a process, and an operator has two hands.
const PLACES: usize = 4;

/// The code of a test message: it proves nothing.
const CODE: &str = "123456";

/// What it means that a text cannot be rendered.
pub const PASSED_OVER: &str = "members would get the built-in text in its place";

/// How long the code of a test message would live.
const LIFETIME: Duration = Duration::from_mins(10);

/// Sends test messages. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Tester {
    shared: Arc<Shared>,
}

/// What a tester is made of.
#[derive(Debug)]
pub struct TesterParts {
    /// What messages say.
    pub templates: Arc<ArcSwap<Templates>>,
    /// The providers that are open.
    pub providers: Arc<Providers>,
    /// The libraries that further ones may be opened from.
    pub libraries: Arc<ArcSwap<Libraries>>,
    /// What opens them.
    pub workshop: Workshop,
}

#[derive(Debug)]
struct Shared {
    parts: TesterParts,
    places: Semaphore,
}

/// Whom to send a test message, and how.
#[derive(Debug, Clone)]
pub struct Test {
    /// To whom, as it was typed.
    pub to: Recipient,
    /// The channel, or none for the one that fits.
    pub channel: Option<Channel>,
    /// Why the person is asked.
    pub purpose: String,
    /// The language, as a BCP 47 tag.
    pub locale: Option<String>,
}

/// Why nothing was tested, sorted by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// Too many tests are under way.
    #[error("{PLACES} tests are under way")]
    Busy,
    /// No provider has this name.
    #[error("there is no provider `{0}`")]
    Unknown(String),
    /// The provider is not open.
    #[error("provider `{provider}` is not open: {reason}")]
    Closed {
        /// The provider.
        provider: String,
        /// Why.
        reason: String,
    },
    /// The provider cannot be asked for this.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The operator's text cannot be rendered: members would get the built-in one in its place.
    #[error("the text of `{provider}` for `{purpose}` {why}")]
    Text {
        /// The provider.
        provider: String,
        /// The purpose.
        purpose: String,
        /// Why not.
        why: Wrong,
    },
}

impl Tester {
    /// Puts its parts together.
    pub fn new(parts: TesterParts) -> Self {
        Self { shared: Arc::new(Shared { parts, places: Semaphore::new(PLACES) }) }
    }

    /// The providers that it tests.
    pub fn providers(&self) -> &Providers {
        &self.shared.parts.providers
    }

    /// Forgets what a provider did, so that calls go through again; nothing where there is no such provider.
    pub fn free(&self, provider: &str) -> Option<ProviderStatus> {
        self.providers().free(provider, &self.shared.parts.workshop)
    }

    /// Sends a test message through a provider as it is configured, within its lane's bounds.
    ///
    /// # Errors
    ///
    /// When nothing was tested. What the provider answered, be it a failure, is what is told.
    pub async fn saved(&self, provider: &str, test: &Test) -> Result<Told, TestError> {
        let _place = self.shared.places.try_acquire().map_err(|_| TestError::Busy)?;
        let lane = self.providers().lane(provider).ok_or_else(|| self.why_closed(provider))?;
        let channel = channel_of(test, || fit::channel(provider, lane.manifest(), test.to.as_str()))?;
        self.through(&lane, channel, test, "saved").await
    }

    /// Sends a test message through a provider with settings of its own: it is opened beside those that run, and closed
    /// afterwards.
    ///
    /// # Errors
    ///
    /// When nothing was tested. That it cannot be opened is what the test came to.
    pub async fn beside(&self, settings: &Settings, test: &Test) -> Result<Told, TestError> {
        let _place = self.shared.places.try_acquire().map_err(|_| TestError::Busy)?;
        let TesterParts { libraries, workshop, .. } = &self.shared.parts;
        let libraries = libraries.load_full();
        let library = libraries.by_id(&settings.library).ok_or_else(|| TestError::Closed {
            provider: settings.id.clone(),
            reason: libraries.why_missing(&settings.library),
        })?;
        let channel = channel_of(test, || fit::channel(&settings.id, &library.manifest, test.to.as_str()))?;
        match Providers::open_beside(settings, &libraries, workshop).await {
            Ok(lane) => {
                let told = self.through(&lane, channel, test, "unsaved").await;
                lane.close().await;
                told
            }
            Err(cause) => {
                let message = self.message(&settings.id, &channel, &test.to, test)?;
                Ok(tell(&settings.id, &message, &Err(cause), "unsaved"))
            }
        }
    }

    async fn through(
        &self,
        lane: &Lane,
        channel: Channel,
        test: &Test,
        configuration: &'static str,
    ) -> Result<Told, TestError> {
        let recipient = fit::recipient(lane, &channel, test.to.as_str())?;
        let message = self.message(lane.id(), &channel, &recipient, test)?;
        let outcome = lane.deliver(message.clone()).await;
        Ok(tell(lane.id(), &message, &outcome, configuration))
    }

    /// What is to be said: a provider's own text, as no application asks.
    fn message(
        &self,
        provider: &str,
        channel: &Channel,
        recipient: &Recipient,
        test: &Test,
    ) -> Result<Message, TestError> {
        let TesterParts { templates, workshop, .. } = &self.shared.parts;
        let occasion = Occasion {
            application: None,
            provider,
            channel,
            recipient,
            purpose: &test.purpose,
            locale: test.locale.as_deref(),
            member_name: None,
            payment: None,
            wording: None,
            code: CODE,
            expires_in: LIFETIME,
        };
        let said = templates.load().say(&occasion);
        if let Some(why) = said.passed_over {
            let (provider, purpose) = (provider.to_owned(), test.purpose.clone());
            return Err(TestError::Text { provider, purpose, why });
        }
        let mut message = by_hand(&occasion, said, workshop.clock.now());
        message.test = true;
        Ok(message)
    }

    fn why_closed(&self, provider: &str) -> TestError {
        let status = self.providers().status().into_iter().find(|status| status.id == provider);
        let Some(status) = status else { return TestError::Unknown(provider.to_owned()) };
        let reason = match status.state {
            ProviderState::Disabled => {
                "its configuration says `enabled = false`, or it was left out".to_owned()
            }
            state => state.reason().unwrap_or("it is going away").to_owned(),
        };
        TestError::Closed { provider: provider.to_owned(), reason }
    }
}

fn channel_of(test: &Test, fitting: impl FnOnce() -> Result<Channel, Unfit>) -> Result<Channel, Unfit> {
    test.channel.clone().map_or_else(fitting, Ok)
}

/// What is told of it; and one line of the log, for who tests uses up what others pay for.
fn tell(
    provider: &str,
    message: &Message,
    outcome: &Result<Receipt, DeliveryError>,
    configuration: &'static str,
) -> Told {
    let told = Told::new(provider, message, outcome);
    let (recipient, channel, simulated) = (&told.recipient, &told.channel, told.simulated);
    match outcome {
        Ok(_) => {
            tracing::info!(provider.id = provider, %channel, recipient, configuration, simulated, "test sent");
        }
        Err(error) => {
            tracing::warn!(provider.id = provider, %channel, recipient, configuration, %error, "test failed");
        }
    }
    told
}
