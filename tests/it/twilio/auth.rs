//! Who is let in: the account with its token, or with an API key of the scope `account`.

use super::{ACCOUNT, TOKEN, configuration, world};
use harness::World;
use reqwest::Method;
use serde_json::json;

/// T17: account and token as they are.
#[tokio::test(flavor = "multi_thread")]
async fn the_account_is_let_in_with_its_token_or_an_api_key_and_nobody_else() {
    let world = world().await;
    let (id, key) = world.make_key(&json!({ "scope": "account", "name": "sdk" })).await;
    let (_, of_web) = world.make_key(&json!({ "scope": "application", "application": "web" })).await;
    let (_, of_operator) = world.make_key(&json!({ "scope": "operator" })).await;
    let sid = format!("SK0000000000000000{id}");
    let secret = key.rsplit('_').next().unwrap();
    for (user, password) in [(ACCOUNT, TOKEN), (ACCOUNT, &key), (&sid, &key), (&sid, secret)] {
        let asked = world.bare(Method::GET, "/v2/Services").basic_auth(user, Some(password));
        world.tell(asked).await.ok(200);
    }
    let other = format!("SK0000000000000001{id}");
    for (user, password) in [
        (ACCOUNT, "another-token-0123456789"),
        (ACCOUNT, ""),
        ("AC00000000000000000000000000000000", TOKEN),
        (ACCOUNT, of_web.as_str()),
        (ACCOUNT, of_operator.as_str()),
        (ACCOUNT, "key-of-web-0123456789"),
        (&other, &key),
        (&sid, TOKEN),
    ] {
        let asked = world.bare(Method::GET, "/v2/Services").basic_auth(user, Some(password));
        let refused = world.tell(asked).await;
        refused.refuses(401, 20003);
        assert_eq!(refused.header("www-authenticate"), "Basic realm=\"Twilio API\"");
    }
    for header in ["", "Basic", "Basic !!!", "Bearer key-of-web-0123456789"] {
        let asked = world.bare(Method::GET, "/v2/Services").header("authorization", header);
        world.tell(asked).await.refuses(401, 20003);
    }
    world.tell(world.bare(Method::POST, "/v2/Services").body("x")).await.refuses(401, 20003);
    // A key that was revoked is refused at once.
    world.operate(Method::DELETE, &format!("/v1/keys/{id}")).send().await.unwrap();
    let asked = world.bare(Method::GET, "/v2/Services").basic_auth(&sid, Some(&key));
    world.tell(asked).await.refuses(401, 20003);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_account_in_the_configuration_there_is_no_such_face() {
    let text = configuration("").replace("[twilio]", "[applications.shop]\nmethods = [\"sms:code\"]\n#");
    let is_left = |line: &&str| !line.contains("account_sid") && !line.contains("auth_token");
    let text: Vec<&str> = text.lines().filter(is_left).collect();
    let text = text.join("\n");
    let world = World::start(&text).await;
    world.get("/v2/Services").await.is_problem(404, "no-route");
    world.stop().await;
}
