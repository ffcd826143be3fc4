//! `sms_twilio` as an operator runs it: the real library in both isolations, and a Twilio on loopback.

mod conformance;
mod keys;
mod life;
mod outages;
mod refusals;
mod routes;
mod texts;
mod trying;

use harness::{Twilio, World};
use serde_json::Value;
use std::time::Duration;

const BOTH: [&str; 2] = ["process", "thread"];

/// Whom the tests prove.
const ADA: &str = "+447700900123";

/// The word and, where it has them, the failure and Twilio's code of a delivery.
type Told<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// A provider of this Twilio's account, with these keys of its own in place of the usual ones.
fn provider(id: &str, isolation: &str, twilio: &Twilio, own: &str) -> String {
    let (account, token, sender, url) = (Twilio::ACCOUNT, Twilio::TOKEN, Twilio::SENDER, twilio.url());
    let has = |key: &str| own.lines().any(|line| line.trim().starts_with(key));
    let mut keys = format!("account_sid = \"{account}\"\nbase_url = \"{url}\"\n{own}\n");
    for (said, usual) in [
        (has("auth_token") || has("api_key"), format!("auth_token = \"{token}\"\n")),
        (has("from"), format!("from = \"{sender}\"\n")),
        (has("member_phone_field"), "member_phone_field = \"mobile\"\n".to_owned()),
    ] {
        if !said {
            keys += &usual;
        }
    }
    format!(
        r#"
        [providers.{id}]
        library = "sms_twilio"
        isolation = "{isolation}"
        allow_private_addresses = true
        [providers.{id}.config]
        {keys}
        "#
    )
}

/// The application of the tests.
const WEB: &str = r#"
    [site]
    name = "Example"
    [applications.web]
    api_keys = ["key-of-web-0123456789"]
    methods = ["sms:code"]
"#;

/// A world with one provider, at the present of the machine: a provider in a process of its own has the machine's time,
/// and sees from it how long a code still lives.
async fn world(isolation: &str, twilio: &Twilio, own: &str) -> World {
    started(&provider("sms_twilio", isolation, twilio, own)).await
}

/// A world with these providers.
async fn started(providers: &str) -> World {
    let world = World::with(&["sms_twilio"], &format!("{providers}{WEB}")).await;
    let present = jiff::Timestamp::now().duration_since(world.clock.clock().now());
    world.clock.advance(Duration::try_from(present).unwrap_or_default());
    for secret in [Twilio::TOKEN, Twilio::KEY_SECRET] {
        world.keeps_secret(secret);
    }
    world
}

/// Ends a world, after asserting for every request that nothing of it was told.
async fn stop(world: World, twilio: &Twilio) {
    for posted in twilio.posted() {
        world.keeps_secret(posted.authorization.trim_start_matches("Basic "));
        world.keeps_secret(posted.form.get("To").unwrap_or("none"));
        world.keeps_secret(posted.form.get("Body").and_then(|body| body.split(' ').next()).unwrap_or("none"));
    }
    world.stop().await;
}

fn told(delivery: &Value) -> Told<'_> {
    let word = |key: &str| delivery[key].as_str();
    (word("status").unwrap_or_default(), word("failure"), word("failure_code"))
}
