//! What no SDK sends: everything under `/v2` is answered in Twilio's shape, whatever it was.

use super::{ADA, WEB, world};
use reqwest::Method;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_is_told_in_twilios_shape() {
    let world = world().await;
    let post = |path: &str| world.account(Method::POST, path);
    let form = "application/x-www-form-urlencoded";
    for path in ["", "/", "/Nothing", "/Services/", "/Services/VA1", "/Services/%ff", "/Services/VA1/x/y/z"] {
        world.look(path).await.refuses(404, 20404);
    }
    world.tell(world.account(Method::PUT, "/Services")).await.refuses(405, 20004);
    world.tell(world.account(Method::DELETE, "/Services")).await.refuses(405, 20004);
    let json = post("/Services").json(&serde_json::json!({ "FriendlyName": "A" }));
    world.tell(json).await.refuses(415, 60200);
    world.tell(post("/Services").body("FriendlyName=A")).await.refuses(415, 60200);
    let huge = format!("FriendlyName={}", "a".repeat(20_000));
    world.tell(post("/Services").header("content-type", form).body(huge)).await.refuses(413, 60200);
    let many = "A=1&".repeat(300);
    world.tell(post("/Services").header("content-type", form).body(many)).await.refuses(400, 60200);
    let kind = "Application/X-WWW-Form-Urlencoded; charset=utf-8";
    let path = format!("/Services/{WEB}/Verifications");
    for (body, status, code) in [
        ("To=%ff&Channel=sms", 400, 60200),
        ("%ff=1", 400, 60200),
        ("To=%00&Channel=sms", 400, 60200),
        ("To[]=%2B447700900123&Channel=sms", 400, 60200),
        ("To=%2B447700900123&To=%2B447700900124&Channel=sms", 400, 60200),
        ("To=%2B447700900123&Channel=sms&Tags={", 400, 60200),
        ("", 400, 60200),
        ("&&&=&", 400, 60200),
    ] {
        let asked = post(&path).header("content-type", kind).body(body);
        world.tell(asked).await.refuses(status, code);
    }
    // A number whose `+` was not escaped is read as a blank, and is no number.
    let unescaped = post(&path).header("content-type", kind).body("To=+447700900123&Channel=sms");
    world.tell(unescaped).await.refuses(400, 60200);
    for query in ["PageSize=0", "PageSize=x", "PageSize=%ff", "Page=-1"] {
        world.look(&format!("/Services?{query}")).await.refuses(400, 60200);
    }
    // The SDKs send this header with a GET, too.
    let listed = world.account(Method::GET, "/Services").header("content-type", form);
    world.tell(listed).await.ok(200);
    let asked = post(&path).header("content-type", kind).body(format!("To=%2B{}&Channel=sms", &ADA[1..]));
    world.tell(asked).await.ok(201);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_header_that_is_none_is_refused() {
    let world = world().await;
    let asked = world.account(Method::GET, "/Services").header("host", "a b");
    world.tell(asked).await.refuses(400, 60200);
    world.stop().await;
}
