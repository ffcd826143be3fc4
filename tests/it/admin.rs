//! The operator's face over its socket: who may open it, and what a test of a provider says.

mod applications;
mod bad_input;
mod keys;
mod limits;
mod metrics;
mod remote;
mod scopes;
mod socket;
mod tests;
mod unsaved;

use harness::World;

const BOTH: [&str; 2] = ["process", "thread"];

/// Whom the tests write to.
const ADA: &str = "+447700900123";

/// One provider, whose own keys are these.
fn configuration(isolation: &str, own: &str) -> String {
    format!(
        r#"
        [site]
        name = "Example"
        [providers.dry_run]
        isolation = "{isolation}"
        [providers.dry_run.config]
        outbox = "@/outbox.jsonl"
        {own}
        "#
    )
}

async fn world(isolation: &str, own: &str) -> World {
    World::start(&configuration(isolation, own)).await
}
