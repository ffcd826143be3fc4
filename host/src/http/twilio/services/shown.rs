//! How a Service looks in an answer.

use super::Service;
use crate::http::twilio::{auth::Account, dates::Date, page::Base};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A Service as it is answered.
#[derive(Serialize)]
pub(super) struct Shown {
    sid: String,
    account_sid: String,
    code_length: u8,
    /// Ours: seconds from the start of a verification to its end.
    ttl: u64,
    /// Ours: whether only the first check is judged.
    do_force_check_once: bool,
    #[serde(flatten)]
    settings: Map<String, Value>,
    date_created: Option<Date>,
    date_updated: Option<Date>,
    url: String,
    links: BTreeMap<&'static str, String>,
}

/// What a Service links to, and under which last part of its path.
const LINKS: [(&str, &str); 7] = [
    ("verification_checks", "VerificationCheck"),
    ("verifications", "Verifications"),
    ("rate_limits", "RateLimits"),
    ("messaging_configurations", "MessagingConfigurations"),
    ("entities", "Entities"),
    ("webhooks", "Webhooks"),
    ("access_tokens", "AccessTokens"),
];

impl Shown {
    pub(super) fn new(service: &Service, account: &Account, base: &Base) -> Self {
        let policy = &service.application.policy;
        let url = base.url(&format!("/Services/{}", service.sid));
        Self {
            sid: service.sid.clone(),
            account_sid: account.sid.clone(),
            code_length: policy.length,
            ttl: policy.lifetime.as_secs(),
            do_force_check_once: policy.check_once,
            settings: service.settings.shown(),
            date_created: service.dates.map(|(created, _)| Date(created)),
            date_updated: service.dates.map(|(_, updated)| Date(updated)),
            links: LINKS.iter().map(|(name, last)| (*name, format!("{url}/{last}"))).collect(),
            url,
        }
    }
}
