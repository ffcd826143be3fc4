//! Whether an API key is still good that is known by its public name alone: what was made from it dies with it.

use super::{Directory, Present, Scope};
use crate::application::Application;
use jiff::Timestamp;
use std::sync::Arc;

impl Directory {
    /// The application of this id, if the API key of this public name may still call as it.
    pub fn named_key(&self, api_key: &str, application: &str) -> Option<Arc<Application>> {
        let present = self.present();
        let is_of_file = present.file.api_keys.owner_of(api_key).is_some_and(|owner| owner == application);
        let may_call = is_of_file || may_call(&present, api_key, application, self.clock.now());
        may_call.then(|| present.application(application))?
    }
}

/// Whether a key that was made at run time may call as this application.
fn may_call(present: &Present, api_key: &str, application: &str, now: Timestamp) -> bool {
    let Some(known) = present.known.get(api_key).filter(|known| !known.is_over(now)) else { return false };
    match known.scope() {
        Scope::Application => known.application().is_some_and(|own| own == application),
        Scope::Account => true,
        Scope::Operator => false,
    }
}
