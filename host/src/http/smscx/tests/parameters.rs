//! The parameters of a start, each with its code where it is wrong.

use super::*;

fn wanted(body: &Value, application: &Application) -> Result<Wanted, Refused> {
    Wanted::read(Fields::read(body.to_string().as_bytes()).unwrap(), application, &Templates::default())
}

fn wide() -> Application {
    Application { bounds: Bounds::default(), senders: vec!["Acme".to_owned()], ..narrow() }
}

/// X4, X7–X11, X14, X16, X17, X19, X20
#[test]
fn every_parameter_of_a_start_is_read() {
    let body = json!({
        "to": "06 12 42 41 00", "countryIso": "fr", "from": "Acme", "ttl": 300, "maxAttempts": 5, "pinType": "letters",
        "pinLength": 5, "trackId": "d4ccd6a8-b7cb-11ed-afa1-0242ac120002", "otpCallbackUrl": "https://example.com/otp",
        "template": "Your code {{pin}}", "template_fr": "Votre code {{pin}}", "template_de": "Ihr Code {{pin}}",
    });
    let read = wanted(&body, &wide()).unwrap();
    let shown = format!("{read:?}");
    assert!(shown.contains("d4ccd6a8") && !shown.contains("12424100") && !shown.contains("example.com"));
    let Wanted { number, track_id, wording, policy, callback } = read;
    assert_eq!((number.as_str(), wording.text.as_deref()), ("+33612424100", Some("Votre code {{pin}}")));
    assert_eq!(
        (wording.sender.as_deref(), callback.as_deref()),
        (Some("Acme"), Some("https://example.com/otp"))
    );
    assert_eq!(track_id.as_deref(), Some("d4ccd6a8-b7cb-11ed-afa1-0242ac120002"));
    assert_eq!((policy.length, policy.alphabet, policy.checks), (5, Alphabet::Letters, 5));
    assert_eq!(policy.lifetime, Duration::from_mins(5));
    // What is not said is as the application has it, and what is `null` is not said.
    let plain =
        wanted(&json!({ "phoneNumber": "+33612424100", "ttl": null, "from": null }), &wide()).unwrap();
    assert_eq!((plain.policy, plain.callback, plain.track_id), (wide().policy, None, None));
    assert!(plain.wording.is_empty());
    // The system's own sender takes the place of one that nobody approved.
    assert_eq!(
        wanted(&json!({ "to": "+33612424100", "from": "Bank" }), &wide()).unwrap().wording.sender,
        None
    );
}

/// X5, X11: by the number's country, then by its language.
#[test]
fn the_template_of_the_numbers_country_is_taken_and_no_pin_lives_longer_than_half_an_hour() {
    for (number, text) in [
        ("+33612424100", "fr"),
        ("+4366412345678", "de"),
        ("+447700900123", "en"),
        ("+46701234567", "se"),
        ("+34612345678", "all"),
    ] {
        let body = json!({
            "to": number, "template": "all {{pin}}", "template_fr": "fr {{pin}}", "template_de": "de {{pin}}",
            "template_en": "en {{pin}}", "template_se": "se {{pin}}",
        });
        let read = wanted(&body, &wide()).unwrap().wording.text.unwrap();
        assert_eq!(read, format!("{text} {{{{pin}}}}"), "{number}");
    }
    // Two letters that are a language are no country that does not speak it, here Swedish and Arabic.
    let languages = json!({ "to": "+50370123456", "template_sv": "sv {{pin}}", "template_ar": "ar {{pin}}" });
    assert_eq!(wanted(&languages, &wide()).unwrap().wording.text, None);
    let mut day = wide();
    day.policy.lifetime = Duration::from_hours(24);
    let policy = wanted(&json!({ "to": "+33612424100" }), &day).unwrap().policy;
    assert_eq!(policy.lifetime, Duration::from_mins(30));
}

#[tokio::test]
async fn every_wrong_parameter_has_its_code() {
    let number = json!("+33612424100");
    let many: Vec<(String, Value)> = ('a'..='z')
        .chain('a'..='z')
        .enumerate()
        .map(|(place, c)| (format!("template_{}{c}", if place < 26 { 'a' } else { 'b' }), json!("{{pin}}")))
        .collect();
    let many = Value::Object([("to".to_owned(), number.clone())].into_iter().chain(many).collect());
    for (body, code) in [
        (json!({}), 2001),
        (json!({ "phoneNumber": "" }), 2001),
        (json!({ "phoneNumber": 33_612_424_100_u64 }), 2001),
        (json!({ "phoneNumber": number, "to": number }), 2001),
        (json!({ "to": "0612424100" }), 2002),
        (json!({ "to": "0612424100", "countryIso": "" }), 2002),
        (json!({ "to": "07700900123", "countryIso": "UK" }), 2003),
        (json!({ "to": "07700900123", "countryIso": 44 }), 2003),
        (json!({ "to": number, "from": "" }), 2004),
        (json!({ "to": number, "from": 5 }), 2004),
        (json!({ "to": number, "from": "ab" }), 2005),
        (json!({ "to": number, "from": "x".repeat(16) }), 2005),
        (json!({ "to": number, "template": "" }), 2006),
        (json!({ "to": number, "template": "no pin" }), 2006),
        (json!({ "to": number, "template": 1 }), 2006),
        (json!({ "to": number, "template_de": "no pin" }), 2006),
        (json!({ "to": number, "template": format!("{{{{pin}}}}{}", "x".repeat(1600)) }), 2006),
        (many, 2006),
        (json!({ "to": number, "ttl": "300" }), 2007),
        (json!({ "to": number, "ttl": 300.5 }), 2007),
        (json!({ "to": number, "ttl": 59 }), 2008),
        (json!({ "to": number, "ttl": 1801 }), 2009),
        (json!({ "to": number, "ttl": u64::MAX }), 2009),
        (json!({ "to": number, "maxAttempts": true }), 2010),
        (json!({ "to": number, "maxAttempts": 0 }), 2011),
        (json!({ "to": number, "maxAttempts": -1 }), 2011),
        (json!({ "to": number, "maxAttempts": 11 }), 2012),
        (json!({ "to": number, "pinType": "" }), 2013),
        (json!({ "to": number, "pinType": "hex" }), 2014),
        (json!({ "to": number, "pinType": 1 }), 2014),
        (json!({ "to": number, "pinLength": "5" }), 2015),
        (json!({ "to": number, "pinLength": 3 }), 2016),
        (json!({ "to": number, "pinLength": 11 }), 2017),
        (json!({ "to": number, "trackId": "1" }), 2018),
        (json!({ "to": number, "trackId": "019b7c2f-8d60-7000-9a3f-2b1c4d5e6f70" }), 2018),
        (json!({ "to": number, "trackId": "00000000-0000-0000-0000-000000000000" }), 2018),
        (json!({ "to": number, "otpCallbackUrl": "example.com" }), 2019),
        (json!({ "to": number, "otpCallbackUrl": "" }), 2019),
        (json!({ "to": "+0612424100" }), 2020),
        (json!({ "to": "1", "countryIso": "FR" }), 2020),
        (json!({ "to": "ada@example.com", "countryIso": "FR" }), 2020),
        (json!({ "to": number, "idempotencyId": "x" }), 400),
    ] {
        let told = wanted(&body, &wide()).unwrap_err().into_response();
        assert_eq!(told.status(), StatusCode::BAD_REQUEST);
        let told = to_bytes(told.into_body(), usize::MAX).await.unwrap();
        let told: Value = serde_json::from_slice(&told).unwrap();
        assert_eq!(told["error"]["code"], code, "{body}: {told}");
    }
    // The operator's own bounds are narrower.
    for (body, code) in [
        (json!({ "to": number, "pinLength": 5 }), 2016),
        (json!({ "to": number, "pinLength": 9 }), 2017),
        (json!({ "to": number, "pinType": "alphanumeric" }), 2014),
        (json!({ "to": number, "maxAttempts": 1 }), 2011),
        (json!({ "to": number, "maxAttempts": 6 }), 2012),
        (json!({ "to": number, "ttl": 60 }), 2008),
    ] {
        let told = wanted(&body, &narrow()).unwrap_err().into_response();
        let told = to_bytes(told.into_body(), usize::MAX).await.unwrap();
        let told: Value = serde_json::from_slice(&told).unwrap();
        assert_eq!(told["error"]["code"], code, "{body}: {told}");
        assert!(told["error"]["message"].as_str().unwrap().contains("`applications.web.bounds."), "{told}");
    }
}

/// Compiling is the dearest part of a request that no limit has seen yet.
#[test]
fn only_the_template_that_is_sent_is_compiled() {
    let body = json!({
        "to": "+33612424100", "template_fr": "fr {{pin}}", "template_de": "{{ nothing }}", "template": "{{",
    });
    let read = wanted(&body, &wide()).unwrap();
    assert_eq!(read.wording.text.as_deref(), Some("fr {{pin}}"));
    let told = wanted(&json!({ "to": "+33612424100", "template_fr": "{{ nothing }}" }), &wide());
    assert!(told.is_err());
}

proptest! {
    /// Whatever a stranger sends is read or refused, and what is read is within the bounds.
    #[test]
    fn no_request_is_too_strange(
        number in "(\\+?[0-9 ]{0,16}|\\PC{0,20})",
        country in proptest::option::of("[A-Za-z]{0,3}"),
        name in "(ttl|maxAttempts|pinLength|pinType|from|template|template_[a-z]{2}|trackId|otpCallbackUrl|\\PC{0,8})",
        value in prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,40}".prop_map(Value::from),
            "[ -~]{0,10}\\{\\{pin\\}\\}".prop_map(Value::from),
            Just(Value::Null),
            Just(json!([{}])),
        ],
    ) {
        let body = json!({ "phoneNumber": number, "countryIso": country, name: value });
        if let Ok(read) = wanted(&body, &wide()) {
            prop_assert!(read.number.starts_with('+'));
            prop_assert!((60..=1800).contains(&read.policy.lifetime.as_secs()));
            prop_assert!((1..=10).contains(&read.policy.checks) && (4..=10).contains(&read.policy.length));
        }
    }

    #[test]
    fn no_form_is_too_strange(form in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _read = Asked::read(&form);
        let _fields = Fields::read(&form);
    }
}
