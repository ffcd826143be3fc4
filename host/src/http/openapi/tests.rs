//! What holds for the documents of both faces.

use crate::http::{
    Face, admin_router, documents, router,
    tests::{get_as, house},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tower::ServiceExt as _;

type Routes = fn(Arc<Face>) -> Router;

/// Both faces: their documents and their routers.
fn faces() -> [(Value, Routes); 2] {
    let [public, admin] = documents();
    [(public, router), (admin, admin_router)]
}

/// Every operation with its path and verb.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap().iter();
            item.map(move |(verb, operation)| (path.as_str(), verb.as_str(), operation))
        })
        .collect()
}

/// Everything in a document, with where it stands.
fn walk<'a>(value: &'a Value, at: &str, visit: &mut dyn FnMut(&str, &'a Value)) {
    visit(at, value);
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            walk(member, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), visit);
        }),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(at_item, item)| walk(item, &format!("{at}/{at_item}"), visit));
        }
        _ => {}
    }
}

/// What a reference of the document stands for, or the thing itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

/// A schema of the document that can be judged by.
#[track_caller]
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    jsonschema::draft202012::new(&whole).unwrap()
}

#[tokio::test]
async fn the_routes_of_the_document_are_those_of_the_router() {
    for (document, routes) in faces() {
        let mut verbs: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (path, verb, _) in operations(&document) {
            verbs.entry(path).or_default().insert(verb.to_uppercase());
        }
        for (path, mut expected) in verbs {
            if expected.contains("GET") {
                expected.insert("HEAD".to_owned());
            }
            let request = Request::patch(path.replace("{id}", "x")).body(Body::empty()).unwrap();
            let answer = routes(house().face).oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 405, "{path}");
            let allowed = answer.headers()["allow"].to_str().unwrap();
            let allowed: BTreeSet<String> = allowed.split(',').map(|verb| verb.trim().to_owned()).collect();
            assert_eq!(allowed, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn anybody_may_read_the_document_and_it_is_the_one_that_was_generated() {
    for (document, routes) in faces() {
        let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
        let answer = routes(house().face).oneshot(request).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), document);
        assert_eq!(document["openapi"], "3.1.1");
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
    assert_eq!(get_as(&house(), "", "/openapi.json").await.status, 200);
}

/// `OpenAPI` 3.1.1 section 4.8.30: a reference stands for something that is there.
#[test]
fn every_reference_leads_somewhere_and_every_component_is_referred_to() {
    for (document, _) in faces() {
        let mut references = BTreeSet::new();
        walk(&document, "", &mut |at, value| {
            if at.ends_with("/$ref") {
                let reference = value.as_str().unwrap().strip_prefix('#').unwrap();
                assert!(document.pointer(reference).is_some(), "{reference} at {at}");
                references.insert(reference.to_owned());
            }
        });
        for kind in ["schemas", "parameters", "headers"] {
            for name in document["components"][kind].as_object().unwrap().keys() {
                assert!(references.contains(&format!("/components/{kind}/{name}")), "{kind} {name}");
                // The generator numbers names that two structs share.
                assert!(!name.ends_with(|last: char| last.is_ascii_digit()), "{kind} {name}");
            }
        }
    }
}

/// `OpenAPI` 3.1.1 section 4.8: what an operation, a parameter, an answer and a header must say.
#[test]
fn every_operation_says_all_that_it_must() {
    for (document, _) in faces() {
        let mut names = BTreeSet::new();
        for (path, verb, told) in operations(&document) {
            let here = format!("{verb} {path}");
            assert!(names.insert(told["operationId"].as_str().unwrap()), "{here}");
            assert!(!told["summary"].as_str().unwrap().is_empty(), "{here}");
            let mut parameters = BTreeSet::new();
            for parameter in told["parameters"].as_array().unwrap() {
                let parameter = resolved(&document, parameter);
                let (name, place) = (parameter["name"].as_str().unwrap(), parameter["in"].as_str().unwrap());
                assert!(parameters.insert((place, name)), "{here}: {name}");
                assert!(parameter["schema"].is_object(), "{here}: {name}");
                assert!(!parameter["description"].as_str().unwrap().is_empty(), "{here}: {name}");
                assert!(place != "path" || parameter["required"] == true, "{here}: {name}");
            }
            let in_path: BTreeSet<_> = parameters.iter().filter(|(place, _)| *place == "path").collect();
            let expected = if path.contains("{id}") { vec![&("path", "id")] } else { vec![] };
            assert_eq!(in_path.into_iter().collect::<Vec<_>>(), expected, "{here}");
            let answers = told["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with('2')), "{here}");
            for (status, answer) in answers {
                assert!(!answer["description"].as_str().unwrap().is_empty(), "{here}: {status}");
                assert!(answer["headers"]["X-Request-Id"].is_object(), "{here}: {status}");
                let problem = answer["content"]["application/problem+json"].is_object();
                assert_eq!(problem, !status.starts_with('2'), "{here}: {status}");
            }
            let kinds = told["security"].as_array().unwrap().iter();
            for scheme in kinds.flat_map(|kind| kind.as_object().unwrap().keys()) {
                assert_eq!(document["components"]["securitySchemes"][scheme]["scheme"], "bearer", "{here}");
            }
            assert_eq!(told["security"] == json!([]), answers.get("401").is_none(), "{here}");
        }
    }
}

#[test]
fn every_schema_is_one_and_every_member_is_described() {
    for (document, _) in faces() {
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            assert!(jsonschema::draft202012::meta::is_valid(schema), "{name}");
            drop(validator(&document, schema));
            walk(schema, name, &mut |at, value| {
                let Some((_, member)) = at.rsplit_once("/properties/") else { return };
                if !member.contains('/') {
                    let described = value["description"].as_str().is_some_and(|said| !said.is_empty());
                    assert!(described, "{at} needs a doc comment");
                }
            });
        }
    }
}

#[test]
fn every_example_is_what_its_schema_says() {
    for (document, _) in faces() {
        for (path, verb, told) in operations(&document) {
            let Some(content) = told["requestBody"]["content"].get("application/json") else { continue };
            let validator = validator(&document, &content["schema"]);
            let examples = content["examples"].as_object().unwrap();
            assert!(!examples.is_empty(), "{verb} {path}");
            for (name, example) in examples {
                let wrong = validator.validate(&example["value"]);
                assert!(wrong.is_ok(), "{verb} {path}, {name}: {wrong:?}");
            }
        }
    }
}

#[test]
fn a_struct_that_is_both_read_and_written_has_one_schema() {
    // `Components::json` unites both; whoever wins would be wrong for the other.
    use super::schemas::Components;
    let mut components = Components::default();
    for row in crate::http::table().rows.iter().chain(&crate::http::admin::table().rows) {
        drop((row.tell)(super::Operation::new(&mut components)).json());
    }
    assert_eq!(components.torn(), Vec::<String>::new());
}
