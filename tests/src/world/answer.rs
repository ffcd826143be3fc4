//! An answer as a caller sees it.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

/// An answer as a caller sees it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, `null` if it is no JSON.
    pub body: Value,
}

impl Answer {
    /// Asserts the status and the whole body.
    ///
    /// # Panics
    ///
    /// When they are others.
    #[track_caller]
    pub fn is(&self, status: u16, body: &Value) {
        assert_eq!((self.status, &self.body), (status, body));
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.headers["cache-control"], "no-store");
    }

    /// Asserts a problem (RFC 9457) and hands out its detail.
    ///
    /// # Panics
    ///
    /// When it is none or another.
    #[track_caller]
    pub fn is_problem(&self, status: u16, name: &str) -> &str {
        let kind = format!("https://passrelay.dev/problems/{name}");
        assert_eq!(
            (self.status, &self.body["type"], &self.body["status"]),
            (status, &json!(kind), &json!(status)),
            "{}",
            self.body
        );
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.headers["cache-control"], "no-store");
        assert!(self.body["title"].is_string(), "{}", self.body);
        self.body["detail"].as_str().expect("a problem has a detail")
    }

    /// The verification's path.
    ///
    /// # Panics
    ///
    /// When the answer is none about a verification.
    #[track_caller]
    pub fn path(&self) -> String {
        let id = self.body["id"].as_str().unwrap_or_else(|| panic!("no verification: {}", self.body));
        format!("/v1/verifications/{id}")
    }

    /// The header's text, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
