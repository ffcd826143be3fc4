//! The `OpenAPI` documents: what they offer is what the server does. `World::ask` holds every answer to them besides.

use super::{ADA, configuration};
use harness::World;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Every operation of a document with its path and verb.
fn operations(document: &Value) -> Vec<(&str, Method, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .map(move |(verb, told)| (path.as_str(), verb.to_uppercase().parse().unwrap(), told))
        })
        .collect()
}

/// A world with the member of the examples and nothing pending.
async fn world() -> World {
    let world = World::start(&configuration("thread", "")).await;
    let ada = json!({ "fields": { "mobile": ADA } });
    assert_eq!(world.ask(world.request(Method::PUT, "/v1/members/42").json(&ada)).await.status, 201);
    world
}

/// The document is there for anybody, on the public listener and on the admin socket, and says which version it is of.
#[tokio::test(flavor = "multi_thread")]
async fn each_face_hands_out_its_document() {
    let world = world().await;
    let public = world.ask(world.bare(Method::GET, "/openapi.json")).await;
    let admin = world.ask(world.operate(Method::GET, "/openapi.json")).await;
    let documents = passrelay::http::documents();
    assert_eq!([public.body, admin.body], documents);
    assert!(documents.iter().all(|document| document["openapi"] == "3.1.1"));
    world.stop().await;
}

/// Each example of a request is taken, by a server where nothing else was asked for before.
#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_a_request_is_taken() {
    let mut tried = 0;
    for (face, document) in passrelay::http::documents().iter().enumerate() {
        for (path, method, told) in operations(document) {
            let examples = told["requestBody"]["content"]["application/json"]["examples"].as_object();
            for (name, example) in examples.into_iter().flatten() {
                let world = world().await;
                let id = if path.starts_with("/v1/verifications/") {
                    let started = world.begin(&json!({ "to": ADA })).await;
                    // The pause before a resend is over.
                    world.clock.advance(Duration::from_mins(1));
                    started.body["id"].as_str().unwrap().to_owned()
                } else {
                    let mut parameters = told["parameters"].as_array().unwrap().iter();
                    let id = parameters.find(|parameter| parameter["in"] == "path");
                    id.map_or_else(String::new, |id| id["example"].as_str().unwrap().to_owned())
                };
                let path = path.replace("{id}", &id);
                let request = match face {
                    0 => world.request(method.clone(), &path),
                    _ => world.operate(method.clone(), &path),
                };
                let answer = world.ask(request.json(&example["value"])).await;
                let said = if answer.body["key"].is_string() { &Value::Null } else { &answer.body };
                assert!((200..300).contains(&answer.status), "{method} {path}, {name}: {said}");
                tried += 1;
                world.stop().await;
            }
        }
    }
    assert!(tried > 10, "{tried}");
}

/// Every route answers something that its document tells of, whoever asks and whatever it is about.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_as_its_document_says() {
    let world = world().await;
    let [public, admin] = passrelay::http::documents();
    for id in ["x", "42", "ver_00000000000000000000000000000000", "web", "%0a"] {
        for body in [None, Some(json!({})), Some(json!({ "x": 1 })), Some(json!([]))] {
            for (path, method, _) in operations(&public) {
                let path = path.replace("{id}", id);
                let requests = [world.bare(method.clone(), &path), world.request(method, &path)];
                for request in requests {
                    world
                        .ask(match &body {
                            Some(body) => request.json(body),
                            None => request,
                        })
                        .await;
                }
            }
            for (path, method, _) in operations(&admin) {
                let request = world.operate(method, &path.replace("{id}", id));
                world
                    .ask(match &body {
                        Some(body) => request.json(body),
                        None => request,
                    })
                    .await;
            }
        }
    }
    world.stop().await;
}
