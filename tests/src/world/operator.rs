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

    /// Tests a provider.
    pub async fn test(&self, provider: &str, body: &Value) -> Answer {
        self.secrets.trust(Recipients::of(body));
        self.ask(self.operate(Method::POST, &format!("/v1/providers/{provider}/tests")).json(body)).await
    }
}
