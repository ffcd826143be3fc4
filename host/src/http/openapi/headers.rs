//! The headers that many routes share, as the documents tell them.

use serde_json::{Value, json};

/// A header of requests or of answers.
pub(in crate::http) struct Header {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    /// Whether it always stands there.
    pub(super) required: bool,
    /// What its text has to look like.
    pub(super) pattern: Option<&'static str>,
    pub(super) example: &'static str,
}

impl Header {
    /// As answers carry it.
    pub(super) fn as_header(&self) -> Value {
        let schema = match self.pattern {
            Some(pattern) => json!({ "type": "string", "pattern": pattern }),
            None => json!({ "type": "string" }),
        };
        json!({
            "description": self.description, "required": self.required, "schema": schema, "example": self.example,
        })
    }

    /// The same as a parameter of a request.
    pub(super) fn as_parameter(&self) -> Value {
        let mut told = self.as_header();
        if let Some(told) = told.as_object_mut() {
            told.extend([("name".to_owned(), json!(self.name)), ("in".to_owned(), json!("header"))]);
        }
        told
    }
}

/// What every request may carry.
pub(super) const X_REQUEST_ID: Header = Header {
    name: "X-Request-Id",
    description: "The caller's own name for this request, 1 to 64 letters, digits and `.-_:/=`. The answer, its problem \
                  and the log carry it; without one, or with another text, the server makes one.",
    required: false,
    pattern: None,
    example: "5f1a7c0e",
};

/// What every answer carries.
pub(super) const REQUEST_ID: Header = Header {
    name: "X-Request-Id",
    description: "The name of the request, as the log has it.",
    required: true,
    pattern: Some("^[A-Za-z0-9.\\-_:/=]{1,64}$"),
    example: "5f1a7c0e",
};

/// What a request with a key for all applications carries.
pub(super) const APPLICATION: Header = Header {
    name: "Passrelay-Application",
    description: "As which application a key of the scope `account` calls. A key of one application may leave it out.",
    required: false,
    pattern: None,
    example: "web",
};

/// The caller's name of an operation.
pub(in crate::http) const IDEMPOTENCY_KEY: Header = Header {
    name: "Idempotency-Key",
    description: "The caller's name for this operation: 1 to 255 visible ASCII characters, quoted or bare \
                  (draft-ietf-httpapi-idempotency-key-header). The same request with the same key gets the first \
                  answer again, and nothing happens twice.",
    required: false,
    pattern: None,
    example: "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
};

/// How long an answer may wait.
pub(super) const PREFER: Header = Header {
    name: "Prefer",
    description: "`wait=N` (RFC 7240): the answer may wait up to so many seconds, at most 30, until the delivery is \
                  settled. An answer that is given again does not wait: it tells the delivery as it stands now. Other \
                  preferences are passed over.",
    required: false,
    pattern: None,
    example: "wait=10",
};

pub(in crate::http) const IF_MATCH: Header = Header {
    name: "If-Match",
    description: "Does it only if the `ETag` is still one of these, or with `*` if there is something (RFC 9110 section 13.1.1).",
    required: false,
    pattern: None,
    example: "\"1f0a9b\"",
};

pub(in crate::http) const IF_NONE_MATCH: Header = Header {
    name: "If-None-Match",
    description: "`*`: does it only if there is nothing yet (RFC 9110 section 13.1.2).",
    required: false,
    pattern: None,
    example: "*",
};

pub(super) const ETAG: Header = Header {
    name: "ETag",
    description: "The state that was answered, for `If-Match`.",
    required: true,
    pattern: Some("^\"[^\"]+\"$"),
    example: "\"1f0a9b\"",
};

pub(super) const PREFERENCE_APPLIED: Header = Header {
    name: "Preference-Applied",
    description: "Which wait was granted (RFC 7240); absent where there was nothing to wait for.",
    required: false,
    pattern: Some("^wait=[0-9]+$"),
    example: "wait=10",
};

pub(super) const RATE_LIMIT_POLICY: Header = Header {
    name: "RateLimit-Policy",
    description: "The limits that the request came under: quota `q` in a window of `w` seconds \
                  (draft-ietf-httpapi-ratelimit-headers-10).",
    required: false,
    pattern: Some("^\"[^\"]+\";q=[0-9]+"),
    example: "\"sends-per-recipient\";q=5;w=600",
};

pub(super) const RATE_LIMIT: Header = Header {
    name: "RateLimit",
    description: "What is left of them: `r`, and `t` seconds until there is more.",
    required: false,
    pattern: Some("^\"[^\"]+\";r=[0-9]+"),
    example: "\"sends-per-recipient\";r=4;t=600",
};

pub(super) const RETRY_AFTER: Header = Header {
    name: "Retry-After",
    description: "In how many seconds it is worth trying again. Absent where time alone changes nothing.",
    required: false,
    pattern: Some("^[1-9][0-9]*$"),
    example: "30",
};

pub(super) const WWW_AUTHENTICATE: Header = Header {
    name: "WWW-Authenticate",
    description: "Always `Bearer` (RFC 6750).",
    required: true,
    pattern: Some("^Bearer$"),
    example: "Bearer",
};
