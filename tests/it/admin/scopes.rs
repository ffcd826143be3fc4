//! Server, applications, members: what belongs to whom, and what an operator switches on and off.

use super::{ADA, configuration};
use harness::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};

const FILE: &str = "[applications.web]\napi_keys = [\"key-of-web-0123456789\"]\nmethods = [\"sms:code\"]\n";

/// An application that is made at run time, and a key of its own.
struct Shop<'a> {
    world: &'a World,
    key: String,
}

impl<'a> Shop<'a> {
    async fn open(world: &'a World) -> Self {
        let asked = json!({ "id": "shop", "methods": ["sms:code"] });
        let made = world.ask(world.operate(Method::POST, "/v1/applications").json(&asked)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let (_, key) = world.make_key(&json!({ "application": "shop" })).await;
        Self { world, key }
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request =
            self.world.bare(method.clone(), path).bearer_auth(&self.key).header("prefer", "wait=30");
        self.world.ask(if method == Method::GET { request } else { request.json(body) }).await
    }

    /// Saves other methods.
    async fn save(&self, settings: &Value) {
        let saved = self.world.operate(Method::PUT, "/v1/applications/shop").json(settings);
        assert_eq!(self.world.ask(saved).await.status, 200);
    }

    /// What a member with a number and a mailbox is offered, in order.
    async fn offers(&self) -> Vec<Value> {
        let member = json!({ "fields": { "mobile": ADA, "email": "ada@example.com" } });
        ids(&self.ask(Method::POST, "/v1/methods", &json!({ "member": member })).await)
    }
}

fn ids(answer: &Answer) -> Vec<Value> {
    let methods = answer.body["methods"].as_array().unwrap();
    methods.iter().map(|method| method["id"].clone()).collect()
}

/// S31, S32, S36: methods are added, ordered and taken away for each application by itself, from the moment they are saved.
#[tokio::test(flavor = "multi_thread")]
async fn each_application_offers_the_methods_that_were_saved_for_it() {
    let world = World::start(&configuration("thread", FILE)).await;
    world.keeps_secret("ada@example.com");
    let shop = Shop::open(&world).await;
    assert_eq!(shop.offers().await, ["sms:code"]);
    shop.save(&json!({ "methods": ["sms:code", "email:code"], "preferred": "email:code" })).await;
    assert_eq!(shop.offers().await, ["email:code", "sms:code"]);
    let wrong = json!({ "methods": ["fax"] });
    let refused = world.ask(world.operate(Method::PUT, "/v1/applications/shop").json(&wrong)).await;
    refused.is_problem(400, "invalid-request");
    assert_eq!(shop.offers().await, ["email:code", "sms:code"], "what is not saved changes nothing");
    shop.save(&json!({ "methods": ["email:code"] })).await;
    assert_eq!(shop.offers().await, ["email:code"]);
    let start =
        shop.ask(Method::POST, "/v1/verifications", &json!({ "to": ADA, "method": "sms:code" })).await;
    start.is_problem(422, "method-unavailable");
    assert_eq!(start.body["unavailable"][0]["reason"], "not_offered");
    let of_web = world.post("/v1/methods", &json!({ "member": { "fields": { "mobile": ADA } } })).await;
    assert_eq!(ids(&of_web), ["sms:code"]);
    world.stop().await;
}

/// S28: a provider that is switched off serves nobody, whatever applications offer; the rest of them works.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_switched_off_for_every_application() {
    let off = "[providers.texts]\nlibrary = \"dry_run\"\nenabled = false\nconfig = { outbox = \"@/texts.jsonl\" }\n\
               [routes]\nsms = [\"texts\"]\nemail = [\"dry_run\"]\n\
               [applications.web]\napi_keys = [\"key-of-web-0123456789\"]\nmethods = [\"sms:code\", \"email:code\"]\n";
    let world = World::start(&configuration("thread", off)).await;
    world.keeps_secret("ada@example.com");
    let member = json!({ "fields": { "mobile": ADA, "email": "ada@example.com" } });
    let answer = world.post("/v1/methods", &json!({ "member": member })).await;
    assert_eq!(ids(&answer), ["email:code"]);
    assert_eq!(answer.body["unavailable"][0]["id"], "sms:code", "{}", answer.body);
    world.begin(&json!({ "to": ADA })).await.is_problem(422, "method-unavailable");
    assert_eq!(world.begin(&json!({ "to": "ada@example.com" })).await.status, 201);
    world.stop().await;
}

/// S27, S39: one server, its applications, and the members of each: nothing of one is there for another.
#[tokio::test(flavor = "multi_thread")]
async fn applications_share_a_server_and_nothing_else() {
    let world = World::start(&configuration("thread", FILE)).await;
    let shop = Shop::open(&world).await;
    shop.save(&json!({ "methods": ["sms:code"], "code": { "length": 8 } })).await;
    let of_web = world.begin(&json!({ "to": ADA })).await;
    let web = world.code_for(ADA);
    let of_shop = shop.ask(Method::POST, "/v1/verifications", &json!({ "to": ADA })).await;
    let code = world.code_for(ADA);
    assert_eq!(
        (of_shop.status, web.len(), code.len()),
        (201, 6, 8),
        "each has its own settings and its own slot"
    );
    let check = format!("{}/checks", of_web.path());
    for (method, path) in
        [(Method::GET, of_web.path()), (Method::POST, check), (Method::DELETE, of_web.path())]
    {
        shop.ask(method, &path, &json!({ "code": web })).await.is_problem(404, "verification-not-found");
    }
    let member = json!({ "fields": { "mobile": ADA } });
    assert_eq!(world.ask(world.request(Method::PUT, "/v1/members/42").json(&member)).await.status, 201);
    shop.ask(Method::GET, "/v1/members/42", &json!(null)).await.is_problem(404, "member-not-found");
    let listed = shop.ask(Method::GET, "/v1/verifications", &json!(null)).await;
    let listed = listed.body["verifications"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &of_shop.body["id"]));
    assert_eq!(world.check(&of_web.path(), &web).await.body["valid"], true);
    world.stop().await;
}
