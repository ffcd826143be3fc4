//! Answers of every shape: Twilio's own, and what stands in for Twilio when something is wrong.

use super::read;
use proptest::prelude::*;
use provider_api::{
    Channel, DeliveryError, Failure, HttpResponse, Message, Payload, Receipt, Recipient, testing::json,
};
use serde_json::Value;
use std::time::Duration;

const NUMBER: &str = "+447700900123";
const SID: &str = "SM0123456789abcdef0123456789abcdef";

fn message() -> Message {
    let sms = Channel::new("sms").unwrap();
    Message::new("m1", sms, Recipient::new(NUMBER), Payload::code("493817"), "493817 is your code.")
}

fn answer(status: u16, body: &Value) -> Result<Receipt, DeliveryError> {
    read(&HttpResponse::new(status, body.to_string()), &message(), 0)
}

fn refused(status: u16, body: &str) -> DeliveryError {
    read(&HttpResponse::new(status, body), &message(), 0).unwrap_err()
}

#[test]
fn a_receipt_has_the_sid_the_parts_the_alphabet_and_the_price() {
    let body = json!({
        "sid": SID, "status": "queued", "num_segments": "3", "price": "-0.04250", "price_unit": "usd",
        "error_code": null, "error_message": null,
    });
    let receipt = answer(201, &body).unwrap();
    assert_eq!(receipt.reference.as_deref(), Some(SID));
    assert_eq!((receipt.segments, receipt.encoding.as_deref()), (Some(3), Some("GSM-7")));
    let cost = receipt.cost.unwrap();
    assert_eq!((cost.amount.as_str(), cost.currency.as_str()), ("0.04250", "USD"));
}

#[test]
fn parts_that_twilio_does_not_know_yet_are_counted_here() {
    for parts in [json!("0"), json!(0), json!(null), json!("many"), json!(-1), json!(4_000_000_000_u32)] {
        let receipt =
            answer(201, &json!({ "sid": SID, "status": "accepted", "num_segments": parts })).unwrap();
        assert_eq!((receipt.segments, receipt.cost), (Some(1), None), "{parts}");
    }
    let receipt = answer(201, &json!({ "sid": SID, "num_segments": 2 })).unwrap();
    assert_eq!(receipt.segments, Some(2));
}

#[test]
fn a_price_that_is_none_is_left_out() {
    for (price, unit) in [
        (json!(null), json!("USD")),
        (json!("0.01"), json!(null)),
        (json!("0.01"), json!("dollars")),
        (json!("1e9"), json!("USD")),
        (json!("--1"), json!("USD")),
        (json!("."), json!("USD")),
        (json!(""), json!("USD")),
        (json!(0.01), json!("USD")),
    ] {
        let receipt = answer(201, &json!({ "sid": SID, "price": price, "price_unit": unit })).unwrap();
        assert_eq!(receipt.cost, None, "{price} {unit}");
    }
}

#[test]
fn a_message_that_is_taken_and_failed_at_once_is_that_error() {
    for status in ["failed", "undelivered", "canceled"] {
        let error = answer(201, &json!({ "sid": SID, "status": status, "error_code": 30_007 })).unwrap_err();
        assert_eq!((error.failure, error.code.as_deref()), (Failure::Rejected, Some("30007")), "{status}");
        let error = answer(201, &json!({ "sid": SID, "status": status, "error_code": 99_998 })).unwrap_err();
        assert_eq!((error.failure, error.code.as_deref()), (Failure::Rejected, Some("99998")), "{status}");
        let error = answer(201, &json!({ "sid": SID, "status": status, "error_code": null })).unwrap_err();
        assert_eq!((error.failure, error.code), (Failure::Unknown, None), "{status}");
    }
}

#[test]
fn an_answer_that_takes_the_message_and_cannot_be_read_is_unknown() {
    for body in [
        String::new(),
        "<html>".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        json!({ "sid": "SM123" }).to_string(),
        json!({ "sid": format!("SM{}", "g".repeat(32)) }).to_string(),
        json!({ "sid": NUMBER }).to_string(),
        json!({ "sid": SID }).to_string().replace('}', ""),
    ] {
        for status in [200, 201, 204] {
            let error = refused(status, &body);
            assert_eq!((error.failure, error.code), (Failure::Unknown, None), "{status} {body}");
        }
    }
}

#[test]
fn an_answer_that_is_not_twilios_is_judged_by_its_status() {
    for (status, failure, said) in [
        (301, Failure::Misconfigured, "`base_url`"),
        (307, Failure::Misconfigured, "`base_url`"),
        (400, Failure::Misconfigured, "`base_url`"),
        (401, Failure::Misconfigured, "credentials"),
        (403, Failure::Misconfigured, "credentials"),
        (404, Failure::Misconfigured, "`account_sid`"),
        (413, Failure::Misconfigured, "`base_url`"),
        (429, Failure::Throttled, "too many requests"),
        (500, Failure::Unknown, "not known"),
        (502, Failure::Unknown, "not known"),
        (503, Failure::Unavailable, "not taken"),
        (504, Failure::Unknown, "not known"),
        (0, Failure::Unknown, "not known"),
        (999, Failure::Unknown, "not known"),
    ] {
        for body in ["", "<html>", "null", "{\"code\":\"+447700900123\"}", "{\"code\":447700900123}"] {
            let error = refused(status, body);
            assert_eq!((error.failure, error.code.as_deref()), (failure.clone(), None), "{status} {body}");
            assert!(error.text.contains(said), "{status}: {}", error.text);
            assert!(error.text.starts_with(&format!("the service answers {status}: it ")), "{}", error.text);
        }
    }
}

#[test]
fn twilios_own_words_are_not_repeated() {
    let body = json!({
        "code": 21_211, "message": format!("The 'To' number {NUMBER} is not a valid phone number."),
        "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400,
    });
    let error = refused(400, &body.to_string());
    assert_eq!((error.failure, error.code.as_deref()), (Failure::InvalidRecipient, Some("21211")));
    assert!(!error.text.contains("7700900"), "{}", error.text);
}

#[test]
fn a_pause_is_passed_on_where_it_makes_sense() {
    let with_header = |status: u16, code: u32| {
        let mut response = HttpResponse::new(status, json!({ "code": code }).to_string());
        response.headers.push(("retry-after".to_owned(), "7".to_owned()));
        read(&response, &message(), 0).unwrap_err()
    };
    let seven = Some(u64::try_from(Duration::from_secs(7).as_millis()).unwrap());
    assert_eq!(with_header(429, 20_429).retry_after_ms, seven);
    assert_eq!(with_header(429, 99_998).retry_after_ms, seven);
    assert_eq!(with_header(503, 20_503).retry_after_ms, seven);
    assert_eq!(with_header(400, 21_610).retry_after_ms, None);
    assert_eq!(refused(429, "").retry_after_ms, None);
}

proptest! {
    /// Whatever is answered, nothing panics, and no error repeats a word of it.
    #[test]
    fn any_answer_is_read(status: u16, body: Vec<u8>, header in "\\PC{0,40}") {
        let mut response = HttpResponse::new(status, body);
        response.headers.push(("retry-after".to_owned(), header));
        drop(read(&response, &message(), 0));
    }

    #[test]
    fn any_object_is_read_and_nothing_of_it_is_repeated(
        status in prop_oneof![Just(201_u16), Just(400), Just(429), Just(500)],
        word in "planted-[a-z]{8}",
        key in prop_oneof![Just("sid"), Just("status"), Just("code"), Just("error_code"), Just("num_segments"),
                           Just("price"), Just("price_unit"), Just("message"), Just("more_info")],
        number: i64,
    ) {
        for value in [json!(word), json!(number), json!([word]), json!({ "a": word }), json!(null)] {
            let mut body = json!({ "sid": SID, "status": "queued", "message": word });
            body[key] = value;
            let shown = match answer(status, &body) {
                Ok(receipt) => serde_json::to_string(&receipt).unwrap(),
                Err(error) => serde_json::to_string(&error).unwrap(),
            };
            prop_assert!(!shown.contains("planted"), "{shown}");
        }
    }
}
