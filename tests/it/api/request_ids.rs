//! The name of a request: in its answer, and in every line of the log that it caused.

use super::{ADA, BOTH, world};
use serde_json::json;

/// The delivery leaves after the answer, in a task of its own: its line names the request all the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_delivery_names_the_request_that_caused_it() {
    for isolation in BOTH {
        let world = world(isolation).await;
        let named = format!("of-{isolation}.1");
        let headers = [("x-request-id", named.as_str()), ("prefer", "wait=30")];
        let started = world.post_with("/v1/verifications", &json!({"to": ADA}), &headers).await;
        assert_eq!((started.status, started.header("x-request-id")), (201, &*named), "{}", started.body);
        let log = world.log();
        let line = |words: &str| {
            let lines: Vec<&str> = log.lines().filter(|line| line.contains(&named)).collect();
            lines.iter().any(|line| line.contains(words))
        };
        assert!(line("delivery sent") && line("request answered"), "{log}");
        world.stop().await;
    }
}

/// One that could forge a line, or a caller's second one, is replaced; two requests never share a fresh one.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_name_is_replaced_by_a_fresh_one() {
    let world = world("thread").await;
    let mut seen = vec![String::new()];
    for given in ["", "a b", "\"x\"", "x;y", &"x".repeat(65)] {
        let answer = world.post_with("/v1/methods", &json!({}), &[("x-request-id", given)]).await;
        answer.is_problem(400, "invalid-request");
        let named = answer.header("x-request-id").to_owned();
        assert!(named.len() == 32 && !seen.contains(&named), "{named}");
        seen.push(named);
    }
    world.stop().await;
}
