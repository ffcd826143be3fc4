//! What a delivery costs, where the service does not say: by the operator's table.

use super::{ADA, configuration};
use harness::World;
use serde_json::json;

/// T13, X25: the longest prefix decides, and an estimate says that it is one. No table, no cost.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_costs_what_the_table_says_by_prefix() {
    let prices = "[providers.dry_run.prices]\n\"+4\" = \"1 EUR\"\n\"+44\" = \"0.0463 GBP\"\n";
    let world = World::start(&configuration("thread", prices)).await;
    let started = world.begin(&json!({"to": ADA})).await;
    let deliveries = world.deliveries(&started.path()).await;
    assert_eq!(deliveries[0]["cost"], json!({"amount": "0.0463", "currency": "GBP", "estimated": true}));
    let abroad = world.begin(&json!({"to": "+15005550006"})).await;
    assert_eq!(world.deliveries(&abroad.path()).await[0].get("cost"), None);
    world.stop().await;
}
