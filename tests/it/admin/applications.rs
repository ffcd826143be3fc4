//! Applications that are made while the server runs: X1, X3, T16, T21, T22, T23.

use super::{ADA, configuration};
use harness::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};

const FILE: &str = "[applications.web]\napi_keys = [\"key-of-web-0123456789\"]\nmethods = [\"sms:code\"]\n";

async fn world() -> World {
    World::start(&configuration("thread", FILE)).await
}

async fn ask(world: &World, method: Method, path: &str, body: &Value) -> Answer {
    let request = world.operate(method.clone(), path);
    world.ask(if method == Method::GET { request } else { request.json(body) }).await
}

/// X1, X3, T16, T21, T22, T23: made, it is usable at once, with settings of its own.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_usable_at_once_with_its_own_settings() {
    let world = world().await;
    let asked = json!({
        "id": "shop", "methods": ["sms:code"], "code": {"length": 8, "lifetime": "5m"},
        "templates": {"sms": {"generic": "Shop: {payload}"}},
    });
    let made = ask(&world, Method::POST, "/v1/applications", &asked).await;
    let shown = json!({
        "id": "shop", "source": "api", "methods": ["sms:code"],
        "code": {"length": 8, "alphabet": "numeric", "look_alikes": false, "lifetime": "5m", "checks": 5,
                 "check_once": false, "sends": 5, "pause": "30s", "fresh_on_resend": false},
        "templates": {"sms": {"generic": "Shop: {payload}"}},
        "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z",
    });
    made.is(201, &shown);
    ask(&world, Method::GET, "/v1/applications/shop", &json!(null)).await.is(200, &shown);
    let list = ask(&world, Method::GET, "/v1/applications", &json!(null)).await;
    let all: Vec<_> = list.body["applications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["id"], &one["source"]))
        .collect();
    assert_eq!(all, [(&json!("shop"), &json!("api")), (&json!("web"), &json!("file"))]);

    let (_, key) = world.make_key(&json!({ "application": "shop" })).await;
    let start = |purpose: &str| {
        let request =
            world.bare(Method::POST, "/v1/verifications").bearer_auth(&key).header("prefer", "wait=30");
        request.json(&json!({ "to": ADA, "purpose": purpose }))
    };
    let started = world.ask(start("sign_in")).await;
    assert_eq!((started.status, &started.body["expires_at"]), (201, &json!("2026-01-02T03:09:05Z")));
    let (code, text) = (world.code_for(ADA), world.messages()[0]["text"].clone());
    assert_eq!((code.len(), text), (8, json!(format!("Shop: {code}"))));

    let changed = json!({ "methods": ["sms:code"], "code": {"length": 4} });
    let changed = ask(&world, Method::PUT, "/v1/applications/shop", &changed).await;
    assert_eq!((changed.status, &changed.body["code"]["lifetime"]), (200, &json!("10m")));
    world.ask(start("other")).await;
    let code = world.code_for(ADA);
    assert_eq!(
        (code.len(), &world.messages()[1]["text"]),
        (4, &json!(format!("{code} is your Example code.")))
    );
    let checked = world.bare(Method::POST, &format!("{}/checks", started.path())).bearer_auth(&key);
    assert_eq!(world.ask(checked.json(&json!({"code": "wrong"}))).await.body["checks_left"], 4);

    assert_eq!(ask(&world, Method::DELETE, "/v1/applications/shop", &json!({})).await.status, 204);
    world.ask(start("third")).await.is_problem(401, "unauthorized");
    ask(&world, Method::GET, "/v1/applications/shop", &json!(null))
        .await
        .is_problem(404, "application-not-found");
    ask(&world, Method::DELETE, "/v1/applications/shop", &json!({}))
        .await
        .is_problem(404, "application-not-found");
    world.stop().await;
}

/// Mails in HTML are long, and there is one for each language.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_send_more_than_a_stranger_and_not_without_end() {
    let world = world().await;
    let text = |size: usize| format!("{{payload}} {}", "x".repeat(size));
    let languages = ["de", "en", "fr", "it"].map(|tag| (tag.to_owned(), json!({ "generic": text(8_000) })));
    let mails = json!({ "locales": serde_json::Map::from_iter(languages) });
    let shop = json!({ "methods": ["email:code"], "templates": { "email": mails } });
    assert!(shop.to_string().len() > 16 * 1024);
    let made = ask(&world, Method::PUT, "/v1/applications/shop", &shop).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let large = json!({ "methods": ["email:code"], "colour": text(256 * 1024) });
    let large = ask(&world, Method::PUT, "/v1/applications/shop", &large).await;
    assert_eq!(large.is_problem(413, "too-large"), "a request has at most 262144 bytes");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_applications_are_shown_and_not_changed() {
    let world = world().await;
    let why = "application `web` stands in the configuration file, and is changed there";
    let body = json!({ "methods": ["sms:code"] });
    for (method, path, body) in [
        (Method::PUT, "/v1/applications/web", body.clone()),
        (Method::DELETE, "/v1/applications/web", json!({})),
        (Method::POST, "/v1/applications", json!({ "id": "web", "methods": ["sms:code"] })),
    ] {
        assert_eq!(ask(&world, method, path, &body).await.is_problem(409, "application-of-file"), why);
    }
    assert_eq!(ask(&world, Method::PUT, "/v1/applications/shop", &body).await.status, 201);
    let again =
        ask(&world, Method::POST, "/v1/applications", &json!({ "id": "shop", "methods": ["sms:code"] }))
            .await;
    assert_eq!(again.is_problem(409, "application-exists"), "there is an application `shop` already");
    let key = world.request(Method::GET, "/v1/verifications/ver_0");
    world.ask(key).await.is_problem(404, "verification-not-found");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_told_all_at_once_by_field() {
    let world = world().await;
    for (path, body, fields) in [
        (
            "",
            json!({ "id": "A B", "methods": [], "code": {"length": 11, "checkz": 1}, "colour": "red" }),
            vec!["id", "methods", "code.length", "code.checkz", "colour"],
        ),
        ("", json!({ "methods": ["sms:code"] }), vec!["id"]),
        ("", json!({ "id": 7 }), vec!["id"]),
        ("/shop", json!({}), vec!["methods"]),
        (
            "/shop",
            json!({ "methods": ["fax:code", "sms:link", "sms"], "preferred": "sms:code" }),
            vec!["methods", "methods", "preferred"],
        ),
        (
            "/shop",
            json!({ "methods": ["pigeon_post:code"], "api_keys": ["key-of-shop-0123456789"] }),
            vec!["api_keys"],
        ),
        (
            "/shop",
            json!({ "methods": ["sms:code"], "templates": {"sms": {"generic": "no code"}} }),
            vec!["templates.sms.generic"],
        ),
        ("/shop", json!([]), vec![""]),
        ("/a%20b", json!({ "methods": ["sms:code"] }), vec!["id"]),
    ] {
        let method = if path.is_empty() { Method::POST } else { Method::PUT };
        let answer = ask(&world, method, &format!("/v1/applications{path}"), &body).await;
        answer.is_problem(400, "invalid-request");
        let told: Vec<_> = answer.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        for field in &fields {
            assert!(told.contains(field), "{field}: {}", answer.body);
        }
        assert_eq!(told.len(), fields.len(), "{}", answer.body);
        assert!(!answer.body.to_string().contains("key-of-shop"), "{}", answer.body);
    }
    assert_eq!(
        ask(&world, Method::GET, "/v1/applications", &json!(null)).await.body["applications"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.stop().await;
}

/// Whoever calls over the public listener finds none of this.
#[tokio::test(flavor = "multi_thread")]
async fn applications_are_no_business_of_applications() {
    let world = world().await;
    for path in ["/v1/applications", "/v1/applications/web", "/v1/keys"] {
        world.get(path).await.is_problem(404, "no-route");
    }
    world.stop().await;
}
