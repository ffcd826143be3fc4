//! Services: each is an application of ours, and those of the configuration file are Services too.

pub(super) mod create;
pub(super) mod fetch;
pub(super) mod list;
mod put;
pub(super) mod remove;
mod settings;
mod shown;
pub(super) mod update;

pub(in crate::http) use put::change;
pub(in crate::http) use settings::{Settings, in_messages};

use crate::{application::Application, verifier};
use jiff::Timestamp;
use std::sync::Arc;

/// An application as a Service.
#[derive(Debug, Clone)]
pub(in crate::http) struct Service {
    /// What it is called.
    pub(in crate::http) sid: String,
    /// The application.
    pub(in crate::http) application: Arc<Application>,
    /// What it has besides.
    pub(in crate::http) settings: Settings,
    /// When it was made and changed last; not known of one that stands in the file.
    dates: Option<(Timestamp, Timestamp)>,
    is_native: bool,
}

impl Service {
    /// Whether it was made without Twilio's switches, in the file or by the native API: then whatever the native API allows
    /// is allowed.
    pub(in crate::http) fn is_native(&self) -> bool {
        self.is_native
    }

    /// What the directory says of it.
    pub(in crate::http) fn of(found: verifier::Service) -> Self {
        let verifier::Service { application, stored } = found;
        let kept = stored.as_ref().map(|stored| Settings::kept(&stored.service)).unwrap_or_default();
        // One that was never a Service of Twilio's is called like the application.
        let mut settings = kept;
        if settings.friendly_name.is_empty() {
            settings.friendly_name.clone_from(&application.id);
        }
        let is_native = !settings.made_here;
        let dates = stored.map(|stored| (stored.created_at, stored.updated_at));
        Self { sid: application.service_sid().to_string(), application, settings, dates, is_native }
    }
}
