//! The requests of a caller of Twilio Verify: forms in HTTP Basic, and answers of that contract's shape.

use super::{Answer, World};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// The account that requests carry if no other is named.
pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";

/// Its token.
pub const TOKEN: &str = "token-of-the-account-0123";

impl World {
    /// A request of the account to a path under `/v2`.
    pub fn account(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, &format!("/v2{path}")).basic_auth(ACCOUNT, Some(TOKEN))
    }

    /// Sends such a request. Recipients stand in its answer in full, as the contract demands; codes do not.
    ///
    /// # Panics
    ///
    /// When there is no answer, or an error of another shape than Twilio's.
    pub async fn tell(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a whole answer");
        self.secrets.answered_in_full(format!("{status} {headers:?} {text}"));
        let answer = Answer { status, headers, body: serde_json::from_str(&text).unwrap_or_default() };
        assert_eq!(answer.header("cache-control"), "no-store");
        if status >= 400 {
            answer.is_of_twilio();
        } else if status != 204 {
            assert_eq!(answer.header("content-type"), "application/json");
        }
        answer
    }

    /// Posts a form.
    ///
    /// # Panics
    ///
    /// As [`World::tell`].
    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut body = reqwest::Url::parse("http://x").expect("an address");
        body.query_pairs_mut().extend_pairs(form);
        let body = body.query().unwrap_or_default().to_owned();
        let form = "application/x-www-form-urlencoded";
        self.tell(self.account(Method::POST, path).header("content-type", form).body(body)).await
    }

    /// Gets what stands there.
    ///
    /// # Panics
    ///
    /// As [`World::tell`].
    pub async fn look(&self, path: &str) -> Answer {
        self.tell(self.account(Method::GET, path)).await
    }
}

impl Answer {
    /// Asserts an error of Twilio's shape and nothing of RFC 9457 in it.
    #[track_caller]
    fn is_of_twilio(&self) {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.body);
        let told = self.body.as_object().unwrap_or_else(|| panic!("no error of Twilio's: {}", self.body));
        let names: Vec<&str> = told.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "message", "more_info", "status"], "{}", self.body);
        let more = format!("https://www.twilio.com/docs/errors/{}", self.body["code"]);
        assert_eq!((&self.body["status"], &self.body["more_info"]), (&json!(self.status), &json!(more)));
    }

    /// Asserts such an error by status and code, and hands out its message.
    ///
    /// # Panics
    ///
    /// When it is another.
    #[track_caller]
    pub fn refuses(&self, status: u16, code: u32) -> &str {
        assert_eq!((self.status, &self.body["code"]), (status, &json!(code)), "{}", self.body);
        self.body["message"].as_str().expect("a message")
    }

    /// A text of the body.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_else(|| panic!("no `{field}`: {}", self.body))
    }

    /// Asserts the status and hands out the body.
    ///
    /// # Panics
    ///
    /// When the status is another.
    #[track_caller]
    pub fn ok(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{}", self.body);
        &self.body
    }
}
