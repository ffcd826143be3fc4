//! The requests of an application.

use super::{Answer, Recipients, World, contract::Asked};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// The API key that requests carry if no other is named.
pub const KEY: &str = "key-of-web-0123456789";

impl World {
    /// A request with the key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(KEY)
    }

    /// A request without one.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// Sends a request, and holds its answer to the `OpenAPI` document.
    ///
    /// # Panics
    ///
    /// When there is no answer, or none that the document tells of.
    pub async fn ask(&self, request: RequestBuilder) -> Answer {
        let (client, request) = request.build_split();
        let request = request.expect("a request");
        let asked = Asked::of(self, &request);
        let response = client.execute(request).await.expect("an answer");
        self.hear_of(Some(asked), response).await
    }

    /// Reads an answer, and remembers it for the end of the world.
    ///
    /// # Panics
    ///
    /// When it breaks off, or does not name its request.
    pub async fn hear(&self, response: Response) -> Answer {
        self.hear_of(None, response).await
    }

    async fn hear_of(&self, asked: Option<Asked>, response: Response) -> Answer {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a whole answer");
        let mut body: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(asked) = asked {
            asked.assert_answered(status, &headers, &body);
        }
        let id = headers["x-request-id"].to_str().expect("the request's name is plain").to_owned();
        if headers.get("content-type").is_some_and(|kind| kind == "application/problem+json") {
            // It is another one each time, so tests compare problems without it.
            let named = body.as_object_mut().and_then(|problem| problem.remove("request_id"));
            assert_eq!(named, Some(json!(id)), "a problem names its request");
        }
        self.secrets.answered(format!("{status} {headers:?} {text}"));
        Answer { status, headers, body }
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, body, &[]).await
    }

    /// Posts JSON with headers.
    pub async fn post_with(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        self.secrets.trust(Recipients::of(body));
        let mut request = self.request(Method::POST, path).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request).await
    }

    /// Gets what stands there.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(self.request(Method::GET, path)).await
    }

    /// Deletes what stands there.
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(self.request(Method::DELETE, path)).await
    }

    /// Starts a verification and waits until its delivery is settled.
    pub async fn begin(&self, body: &Value) -> Answer {
        self.post_with("/v1/verifications", body, &[("prefer", "wait=30")]).await
    }

    /// Checks a code of the verification at this path.
    pub async fn check(&self, path: &str, code: &str) -> Answer {
        self.post(&format!("{path}/checks"), &json!({ "code": code })).await
    }

    /// The deliveries of the verification at this path, once none of them is under way; one that was put off is not.
    ///
    /// # Panics
    ///
    /// When one never settles.
    pub async fn deliveries(&self, path: &str) -> Vec<Value> {
        let settled = async {
            loop {
                let answer = self.get(&format!("{path}/deliveries")).await;
                let deliveries = answer.body["deliveries"].as_array().cloned().expect("a list");
                if deliveries.iter().all(is_settled) {
                    return deliveries;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(super::PATIENCE, settled).await.expect("every delivery settles")
    }
}

fn is_settled(delivery: &Value) -> bool {
    delivery["status"] != "queued" || delivery.get("not_before").is_some()
}
