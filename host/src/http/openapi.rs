//! The `OpenAPI` documents: one table of routes makes the router and its document, so that neither has what the other lacks.

mod headers;
mod operation;
mod schemas;

pub(super) use headers::{IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH};
pub(super) use operation::Operation;
pub(super) use schemas::never_null;

use super::Face;
use axum::{
    Router,
    body::{Body, Bytes},
    handler::Handler,
    http::{HeaderValue, header},
    response::Response,
    routing::{self, MethodRouter},
};
use schemas::Components;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What a route says of itself.
type Tell = fn(Operation<'_>) -> Operation<'_>;

/// The routes of a face, each with what answers and what is told of it.
pub(super) struct Table {
    about: About,
    rows: Vec<Row>,
}

/// What is said of a face as a whole.
#[derive(Clone, Copy)]
pub(super) struct About {
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    /// The name of the one kind of key that it knows, and what that key is.
    pub(super) key: (&'static str, &'static str),
    /// Whether a key is asked for only where the listener itself says nothing about who asks.
    pub(super) may_lack_key: bool,
}

struct Row {
    verb: &'static str,
    path: &'static str,
    answers: MethodRouter<Arc<Face>>,
    tell: Tell,
}

impl Table {
    pub(super) fn new(about: About) -> Self {
        Self { about, rows: Vec::new() }
    }

    pub(super) fn get<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, Arc<Face>>,
        tell: Tell,
    ) -> Self {
        self.row("get", path, routing::get(handler), tell)
    }

    pub(super) fn post<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, Arc<Face>>,
        tell: Tell,
    ) -> Self {
        self.row("post", path, routing::post(handler), tell)
    }

    pub(super) fn put<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, Arc<Face>>,
        tell: Tell,
    ) -> Self {
        self.row("put", path, routing::put(handler), tell)
    }

    pub(super) fn delete<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, Arc<Face>>,
        tell: Tell,
    ) -> Self {
        self.row("delete", path, routing::delete(handler), tell)
    }

    fn row(
        mut self,
        verb: &'static str,
        path: &'static str,
        answers: MethodRouter<Arc<Face>>,
        tell: Tell,
    ) -> Self {
        self.rows.push(Row { verb, path, answers, tell });
        self
    }

    /// Every route.
    pub(super) fn router(self) -> Router<Arc<Face>> {
        self.rows.into_iter().fold(Router::new(), |router, row| router.route(row.path, row.answers))
    }

    /// The document of every route: `OpenAPI` 3.1.
    pub(super) fn document(&self) -> Value {
        let About { title, description, key: (scheme, key), may_lack_key } = self.about;
        let mut components = Components::default();
        let mut paths = Map::new();
        let mut security = vec![json!({ scheme: [] })];
        if may_lack_key {
            security.insert(0, json!({}));
        }
        for Row { verb, path, tell, .. } in &self.rows {
            let mut operation = tell(Operation::new(&mut components)).json();
            let with_key = operation.remove("security").is_some();
            operation.insert("security".to_owned(), if with_key { json!(security) } else { json!([]) });
            let item = paths.entry(*path).or_insert_with(|| json!({}));
            if let Some(item) = item.as_object_mut() {
                item.insert((*verb).to_owned(), Value::Object(operation));
            }
        }
        let mut components = components.json();
        let schemes = json!({ scheme: { "type": "http", "scheme": "bearer", "description": key } });
        components.insert("securitySchemes".to_owned(), schemes);
        json!({
            "openapi": "3.1.1",
            "info": {
                "title": title,
                "description": description,
                "version": env!("CARGO_PKG_VERSION"),
                "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            },
            "servers": [{ "url": "/" }],
            "paths": paths,
            "components": components,
        })
    }

    /// The same as the bytes that are served.
    pub(super) fn bytes(&self) -> Bytes {
        Bytes::from(self.document().to_string())
    }
}

/// Hands a document out.
pub(super) fn answer(document: &Bytes) -> Response {
    let mut response = Response::new(Body::from(document.clone()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// `GET /openapi.json`: the document itself.
pub(super) fn told(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("describe", "Hands out this document")
        .answer::<Map<String, Value>>(200, "The OpenAPI document of this face")
}

#[cfg(test)]
mod tests;
