//! The requests of an operator, over the admin socket.

use super::{Answer, Recipients, World};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use std::path::PathBuf;

impl World {
    /// Where the admin socket is by default.
    pub fn socket(&self) -> PathBuf {
        self.folder().join("passrelay-admin.sock")
    }

    /// A request over the admin socket.
    pub fn operate(&self, method: Method, path: &str) -> RequestBuilder {
        self.operator.request(method, format!("http://localhost{path}"))
    }

    /// Makes an API key. Its secret may be told in this answer and nowhere else.
    ///
    /// # Panics
    ///
    /// When none is made.
    pub async fn make_key(&self, asked: &Value) -> (String, String) {
        let answer = self.operate(Method::POST, "/v1/keys").json(asked).send().await.expect("an answer");
        assert_eq!(answer.status(), 201);
        let made: Value = answer.json().await.expect("JSON");
        let word = |field: &str| made[field].as_str().expect("a text").to_owned();
        let (id, key) = (word("id"), word("key"));
        self.keeps_secret(key.rsplit('_').next().expect("a secret"));
        (id, key)
    }

    /// Tests a provider.
    pub async fn test(&self, provider: &str, body: &Value) -> Answer {
        self.secrets.trust(Recipients::of(body));
        self.ask(self.operate(Method::POST, &format!("/v1/providers/{provider}/tests")).json(body)).await
    }
}
