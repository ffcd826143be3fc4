//! How each face is asked for the same, and how its answers are known to be right.

use harness::{
    KEY,
    kept::{bearer, request, request_of},
};
use serde_json::{Value, json};

/// The account of the Twilio face, its token, and the Service that the application is.
pub(crate) const ACCOUNT: &str = "AC00112233445566778899aabbccddeeff";
pub(crate) const TOKEN: &str = "token-of-the-account-0123456789";
pub(crate) const SERVICE: &str = "VA00112233445566778899aabbccddeeff";

/// `ACCOUNT:TOKEN` in base64.
const BASIC: &str =
    "QUMwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZjp0b2tlbi1vZi10aGUtYWNjb3VudC0wMTIzNDU2Nzg5";

const FORM: &str = "application/x-www-form-urlencoded";

/// A way to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Native,
    Twilio,
    SmsCx,
}

impl Face {
    pub(crate) const ALL: [Self; 3] = [Self::Native, Self::Twilio, Self::SmsCx];

    /// Starts a verification of this number.
    pub(crate) fn start(self, to: &str) -> Vec<u8> {
        match self {
            Self::Native => {
                request("POST", "/v1/verifications", &bearer(KEY), &json!({ "to": to }).to_string())
            }
            Self::Twilio => {
                let body = format!("To={}&Channel=sms", to.replace('+', "%2B"));
                request_of(FORM, "POST", &format!("/v2/Services/{SERVICE}/Verifications"), &basic(), &body)
            }
            Self::SmsCx => request("POST", "/otp", &api_key(), &json!({ "phoneNumber": to }).to_string()),
        }
    }

    /// What the verification is called that a start made.
    pub(crate) fn begun(self, status: u16, body: &[u8]) -> String {
        let body = read(body);
        let (name, pending) = match self {
            Self::Native => ("id", "pending"),
            Self::Twilio => ("sid", "pending"),
            Self::SmsCx => ("otpId", "PENDING"),
        };
        assert_eq!((status, &body["status"]), (201, &json!(pending)), "{body}");
        body[name].as_str().unwrap().to_owned()
    }

    /// Checks a code.
    pub(crate) fn check(self, id: &str, code: &str) -> Vec<u8> {
        match self {
            Self::Native => {
                let body = json!({ "code": code }).to_string();
                request("POST", &format!("/v1/verifications/{id}/checks"), &bearer(KEY), &body)
            }
            Self::Twilio => {
                let body = format!("VerificationSid={id}&Code={code}");
                request_of(
                    FORM,
                    "POST",
                    &format!("/v2/Services/{SERVICE}/VerificationCheck"),
                    &basic(),
                    &body,
                )
            }
            Self::SmsCx => {
                request("POST", &format!("/otp/{id}"), &api_key(), &json!({ "pin": code }).to_string())
            }
        }
    }

    /// The answer to a wrong code, with so many checks left.
    pub(crate) fn is_wrong(self, id: &str, left: usize, status: u16, body: &[u8]) {
        let body = read(body);
        match self {
            Self::Native => {
                let expected = json!({"id": id, "status": "pending", "valid": false, "checks_left": left});
                assert_eq!((status, body), (200, expected));
            }
            Self::Twilio => {
                let told = (&body["sid"], &body["status"], &body["valid"]);
                assert_eq!((status, told), (200, (&json!(id), &json!("pending"), &json!(false))), "{body}");
            }
            Self::SmsCx => assert_eq!((status, &body["error"]["code"]), (400, &json!(2029)), "{body}"),
        }
    }

    /// The answer to the right one.
    pub(crate) fn is_right(self, id: &str, status: u16, body: &[u8]) {
        let body = read(body);
        match self {
            Self::Native => {
                assert_eq!((status, &body["valid"], &body["id"]), (200, &json!(true), &json!(id)), "{body}");
            }
            Self::Twilio => {
                let told = (&body["sid"], &body["status"]);
                assert_eq!((status, told), (200, (&json!(id), &json!("approved"))), "{body}");
            }
            Self::SmsCx => assert_eq!((status, &body["status"]), (200, &json!("VERIFIED")), "{body}"),
        }
    }
}

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

fn basic() -> String {
    format!("authorization: Basic {BASIC}\r\n")
}

fn api_key() -> String {
    format!("x-api-key: {KEY}\r\n")
}
