//! What Passrelay does not do, or not yet: each is refused with Twilio's code, and says what it is.

use super::{Refused, auth::Account};
use crate::http::Face;
use axum::{Router, routing::any};
use std::sync::Arc;

/// Each path with what stands there at Twilio.
const PATHS: [(&str, &str); 9] = [
    (
        "/Services/{service}/MessagingConfigurations",
        "senders by country; its routes and providers stand in its configuration",
    ),
    ("/Services/{service}/Webhooks", "webhooks for push factors"),
    ("/Services/{service}/AccessTokens", "tokens for push factors"),
    ("/Services/{service}/Passkeys/Factors", "passkeys"),
    ("/Services/{service}/Passkeys/VerifyFactor", "passkeys"),
    ("/Services/{service}/Passkeys/Challenges", "passkeys"),
    ("/Services/{service}/Passkeys/ApproveChallenge", "passkeys"),
    ("/Templates", "templates; texts stand in its configuration"),
    ("/Forms/{form}", "forms for push factors"),
];

/// The paths below them, and below a challenge.
const BELOW: [(&str, &str); 4] = [
    ("/Services/{service}/MessagingConfigurations/{country}", "senders by country"),
    ("/Services/{service}/Webhooks/{webhook}", "webhooks for push factors"),
    ("/Services/{service}/AccessTokens/{token}", "tokens for push factors"),
    (
        "/Services/{service}/Entities/{identity}/Challenges/{sid}/Notifications",
        "notifications of push factors",
    ),
];

/// The routes that are refused, whatever the method.
pub(super) fn routes() -> Router<Arc<Face>> {
    PATHS.into_iter().chain(BELOW).fold(Router::new(), |routes, (path, what)| {
        routes.route(path, any(async move |_account: Account| Refused::not_here(what)))
    })
}
