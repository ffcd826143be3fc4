//! One message, one request, to the letter; and what is refused without one.

use super::{ACCOUNT, NUMBER, TOKEN, config, deliver, message, open, taken, with};
use provider_api::{
    Channel, DeliveryError, Failure, HttpResponse, Message, Payload, Recipient,
    testing::{FakeHost, json},
};
use std::time::Duration;

// J8, J26, S1, L2
#[test]
fn a_message_is_one_request_to_the_letter() {
    let host = FakeHost::new().answers(taken());
    let receipt = open(host.clone(), config()).deliver(&message()).unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("SM0123456789abcdef0123456789abcdef"));
    assert_eq!((receipt.segments, receipt.encoding.as_deref()), (Some(1), Some("GSM-7")));
    assert!(!receipt.simulated && receipt.preview.is_empty());

    let [request] = host.requests().try_into().unwrap();
    assert_eq!(request.method, "POST");
    assert_eq!(request.url, format!("https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        request.headers,
        [
            header(
                "authorization",
                "Basic QUMwMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZjphbi1hdXRoLXRva2VuLTAxMjM0NTY3ODlhYmNkZWY="
            ),
            header("content-type", "application/x-www-form-urlencoded"),
            header("accept", "application/json"),
        ]
    );
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        "To=%2B447700900123&From=%2B16175551212&Body=493817+is+your+code.&ValidityPeriod=600&RiskCheck=enable"
    );
}

#[test]
fn an_api_key_signs_in_place_of_the_account() {
    let key = json!({ "auth_token": null, "api_key_sid": format!("SK{}", "0a".repeat(16)), "api_key_secret": "s3cret" });
    let host = FakeHost::new().answers(taken());
    open(host.clone(), with(&key)).deliver(&message()).unwrap();
    let [request] = host.requests().try_into().unwrap();
    assert!(request.url.contains(ACCOUNT), "the account is still the one of the path");
    let signed = "Basic U0swYTBhMGEwYTBhMGEwYTBhMGEwYTBhMGEwYTBhMGEwYTpzM2NyZXQ=";
    assert_eq!(request.headers.first().map(|(_, value)| value.as_str()), Some(signed));
}

// J40, S10, L10
#[test]
fn sender_risk_check_and_callback_go_along_as_configured() {
    let service = format!("MG{}", "0b".repeat(16));
    let own = json!({ "from": service, "risk_check": "disable", "status_callback": "https://example.com/s?a=1&b=2" });
    let mut message = message();
    message.text = "493817 – ç & = % + \u{1f600}\nx".to_owned();
    let (bodies, receipt) = deliver(with(&own), &message);
    assert_eq!(
        bodies,
        [format!(
            "To=%2B447700900123&MessagingServiceSid={service}&\
             Body=493817+%E2%80%93+%C3%A7+%26+%3D+%25+%2B+%F0%9F%98%80%0Ax&ValidityPeriod=600&RiskCheck=disable&\
             StatusCallback=https%3A%2F%2Fexample.com%2Fs%3Fa%3D1%26b%3D2"
        )]
    );
    assert_eq!(receipt.unwrap().encoding.as_deref(), Some("UCS-2"));

    // X20: whom the message itself says that it comes from.
    message.sender = Some("Acme".to_owned());
    let (bodies, _) = deliver(with(&own), &message);
    assert!(bodies[0].contains("&From=Acme&") && !bodies[0].contains("MessagingServiceSid"), "{bodies:?}");
    message.sender = Some("not a sender: too long".to_owned());
    let (bodies, refused) = deliver(with(&own), &message);
    let refused = refused.unwrap_err();
    assert!(bodies.is_empty() && refused.text.starts_with("`sender` is no sender"), "{refused}");
    assert_eq!(refused.failure, Failure::Misconfigured);
    message.sender = None;

    message.callback_url = Some("https://otp.example.com/v1/callbacks/t/d".to_owned());
    let (bodies, _) = deliver(with(&own), &message);
    assert!(bodies[0].ends_with("&StatusCallback=https%3A%2F%2Fotp.example.com%2Fv1%2Fcallbacks%2Ft%2Fd"));
}

#[test]
fn a_message_waits_no_longer_than_its_code_lives() {
    let now = FakeHost::new().now_ms();
    for (life_ms, seconds) in
        [(1_000, "1"), (1_999, "1"), (59_000, "59"), (36_000_000, "36000"), (86_400_000, "36000")]
    {
        let mut message = message();
        message.expires_at_ms = now + life_ms;
        let (bodies, _) = deliver(config(), &message);
        assert!(bodies[0].contains(&format!("&ValidityPeriod={seconds}&")), "{life_ms}: {}", bodies[0]);
    }
    let mut message = message();
    message.expires_at_ms = 0;
    assert!(!deliver(config(), &message).0[0].contains("ValidityPeriod"), "nobody said when it expires");
    for expires_at_ms in [now + 999, now, now - 1, 1, -1, i64::MIN] {
        message.expires_at_ms = expires_at_ms;
        assert_refused(&message, &Failure::Rejected, "expired before it was sent");
    }
}

#[track_caller]
fn assert_refused(message: &Message, failure: &Failure, said: &str) {
    let (bodies, result) = deliver(config(), message);
    let error = result.unwrap_err();
    assert_eq!((&error.failure, bodies.len()), (failure, 0), "{error}");
    assert!(error.text.contains(said) && !error.text.contains("7700900"), "{error}");
}

// J22, J54, J57
#[test]
fn what_twilio_would_refuse_is_refused_without_asking() {
    for number in
        ["07700900123", "447700900123", "+44 7700 900123", "", "+", "whatsapp:+447700900123", "a\0b"]
    {
        let mut message = message();
        message.recipient = Recipient::new(number);
        assert_refused(&message, &Failure::InvalidRecipient, "");
    }
    let mut own = message();
    own.recipient = Recipient::new("+16175551212");
    assert_refused(&own, &Failure::Rejected, "the number in `from`");

    let mut long = message();
    long.text = "ä".repeat(1_601);
    assert_refused(&long, &Failure::Rejected, "1601 characters");
    long.text.pop();
    assert_eq!(deliver(config(), &long).1.unwrap().segments, Some(1), "Twilio's count is believed");
    long.text = " \n".to_owned();
    assert_refused(&long, &Failure::Rejected, "the text is empty");

    let mut call = message();
    call.channel = Channel::new("call").unwrap();
    assert_refused(&call, &Failure::Rejected, "SMS only");
    let passkey = json!({ "id": "m", "recipient": NUMBER, "channel": "sms", "text": "t",
                          "payload": { "kind": "passkey", "value": "x" } });
    assert_refused(&serde_json::from_value(passkey).unwrap(), &Failure::Rejected, "codes and links only");
}

#[test]
fn a_link_is_delivered_like_a_code() {
    let mut message = message();
    message.payload = Payload::link("https://otp.example.com/l/1");
    message.text = "https://otp.example.com/l/1".to_owned();
    let (bodies, receipt) = deliver(config(), &message);
    assert!(bodies[0].contains("&Body=https%3A%2F%2Fotp.example.com%2Fl%2F1&") && receipt.is_ok());
}

/// Twilio knows no idempotency keys: whatever comes of the first request, there is no second one.
#[test]
fn every_delivery_asks_once_whatever_is_answered() {
    for status in [200, 201, 302, 400, 401, 404, 408, 429, 500, 502, 503, 504] {
        let host = FakeHost::new().always(HttpResponse::new(status, "{}"));
        assert!(open(host.clone(), config()).deliver(&message()).is_err(), "{status}");
        assert_eq!(host.requests().len(), 1, "{status}");
    }
    for lost in [
        DeliveryError::unknown("the service took too long to answer"),
        DeliveryError::unavailable("no connection to the service"),
        DeliveryError::misconfigured("the host refuses the provider's request"),
    ] {
        let host = FakeHost::new().fails(lost.clone());
        assert_eq!(open(host.clone(), config()).deliver(&message()).unwrap_err(), lost);
        assert_eq!(host.requests().len(), 1, "{lost}");
    }
}

#[test]
fn a_pause_by_date_is_counted_from_the_hosts_clock() {
    let mut throttled = HttpResponse::new(429, json!({ "code": 20_429 }).to_string());
    throttled.headers.push(("retry-after".to_owned(), "Thu, 01 Jan 2026 00:00:30 GMT".to_owned()));
    let host = FakeHost::new().always(throttled);
    let twilio = open(host.clone(), config());
    assert_eq!(twilio.deliver(&message()).unwrap_err().retry_after_ms, Some(30_000));
    host.advance(Duration::from_secs(20));
    assert_eq!(twilio.deliver(&message()).unwrap_err().retry_after_ms, Some(10_000));
}

/// Every error of Twilio's, with its own words that hold the number: ours hold neither it nor the code nor the token.
#[test]
fn no_error_tells_what_was_sent() {
    let codes = include_str!("../../errors.tsv").lines().skip(1).filter_map(|line| line.split('\t').next());
    for code in codes {
        let code: u32 = code.parse().unwrap();
        let body = json!({ "code": code, "message": format!("{NUMBER} 493817 {TOKEN}"), "status": 400 });
        let host = FakeHost::new().always(HttpResponse::new(400, body.to_string()));
        let error = open(host, config()).deliver(&message()).unwrap_err();
        assert_eq!(error.code, Some(code.to_string()));
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("7700900") && !shown.contains("493817") && !shown.contains(TOKEN), "{shown}");
    }
}
