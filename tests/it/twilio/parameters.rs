//! Every parameter of a start: what it does, and what is told where it may not be there.

use super::{ADA, check, code, delivered, service, world};
use serde_json::{Value, json};

/// What the SDKs send when they send everything.
#[tokio::test(flavor = "multi_thread")]
async fn everything_that_has_a_meaning_may_be_said_at_once() {
    let world = world().await;
    let service = service(&world, &[("CustomCodeEnabled", "true"), ("CodeLength", "8")]).await;
    let tags = json!({ "team": "blue", "order": "4711" }).to_string();
    let form = [
        ("To", ADA),
        ("Channel", "sms"),
        ("CustomFriendlyName", "Other Brand"),
        ("Locale", "de"),
        ("CustomCode", "12345678"),
        ("DeviceIp", "192.0.2.7"),
        ("RiskCheck", "disable"),
        ("Tags", tags.as_str()),
        ("SomethingNew", "x"),
    ];
    world.submit(&format!("{service}/Verifications"), &form).await.ok(201);
    assert_eq!(code(&world).await, "12345678");
    let message = world.messages().remove(0);
    assert_eq!((&message["locale"], &message["purpose"]), (&json!("de"), &json!("generic")));
    assert!(message["text"].as_str().unwrap().contains("Other Brand"), "{message}");
    assert_eq!(check(&world, &service, "12345678").await.ok(200)["valid"], true);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_may_not_be_there_is_told_with_its_code() {
    let world = world().await;
    let path = format!("{}/Verifications", service(&world, &[]).await);
    let tags = |count: usize| -> String {
        let tags: serde_json::Map<String, Value> =
            (0..count).map(|at| (at.to_string(), json!("x"))).collect();
        Value::Object(tags).to_string()
    };
    let long = json!({ "x": "y".repeat(129) }).to_string();
    let many = tags(11);
    for (channel, name, text, status, code) in [
        ("sms", "CustomCode", "123456", 403, 60204),
        ("sms", "Amount", "12.30 EUR", 400, 60206),
        ("sms", "Payee", "Ada", 400, 60206),
        ("email", "AppHash", "AbCdEfGhIj0", 400, 60602),
        ("sms", "AppHash", "short", 400, 60200),
        ("sms", "AppHash", "{{ code }}!", 400, 60200),
        ("sms", "Locale", "?", 400, 60200),
        ("sms", "DeviceIp", "here", 400, 60200),
        ("sms", "RiskCheck", "perhaps", 400, 60200),
        ("sms", "Tags", "[]", 400, 60200),
        ("sms", "Tags", "{\"a\": 1}", 400, 60200),
        ("sms", "Tags", many.as_str(), 400, 60200),
        ("sms", "Tags", long.as_str(), 400, 60200),
        ("sms", "RateLimits", "[?]", 400, 60200),
        ("sms", "ChannelConfiguration", "{?}", 400, 60200),
        ("sms", "TemplateSid", "HJ0123456789abcdef0123456789abcdef", 400, 60228),
        ("call", "TemplateSid", "HJ0123456789abcdef0123456789abcdef", 400, 60408),
        ("call", "SendDigits", "1234", 403, 60204),
    ] {
        let to = if channel == "email" { "ada@example.com" } else { ADA };
        let refused = world.submit(&path, &[("To", to), ("Channel", channel), (name, text)]).await;
        let told = refused.refuses(status, code);
        assert!(!told.contains(text), "no value is repeated: {told}");
    }
    world.stop().await;
}

/// `DoNotShareWarningEnabled`: in the member's language, on SMS only.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_warns_says_so_in_each_sms() {
    let world = world().await;
    let path = format!("{}/Verifications", service(&world, &[("DoNotShareWarningEnabled", "true")]).await);
    world.submit(&path, &[("To", ADA), ("Channel", "sms")]).await.ok(201);
    let code = code(&world).await;
    let text = world.messages()[0]["text"].as_str().unwrap().to_owned();
    assert_eq!(text, format!("{code} is your My App code. Do not share it with anybody."));
    world.submit(&path, &[("To", "ada@example.com"), ("Channel", "email")]).await.ok(201);
    delivered(&world, 2).await;
    let mail = world.messages().last().unwrap()["text"].as_str().unwrap().to_owned();
    assert!(!mail.contains("Do not share it"), "{mail}");
    world.stop().await;
}

/// An Android app finds the code by the mark before it and the hash behind it.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_hash_stands_where_the_app_looks_for_it() {
    let world = world().await;
    let path = format!("{}/Verifications", service(&world, &[]).await);
    world.submit(&path, &[("To", ADA), ("Channel", "sms"), ("AppHash", "FA+9qCX9VSu")]).await.ok(201);
    let code = code(&world).await;
    let text = world.messages()[0]["text"].as_str().unwrap().to_owned();
    assert_eq!(text, format!("<#> {code} is your My App code.\nFA+9qCX9VSu"));
    world.stop().await;
}

/// PSD2: both parts at the start and at the check, no call, no WhatsApp.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_for_payments_binds_the_code_to_amount_and_payee() {
    let world = world().await;
    let service = service(&world, &[("Psd2Enabled", "true")]).await;
    let path = format!("{service}/Verifications");
    world.submit(&path, &[("To", ADA), ("Channel", "sms")]).await.refuses(400, 60206);
    let paid = [("Amount", "12.30 EUR"), ("Payee", "Ada's Books")];
    let on = |channel| [&[("To", ADA), ("Channel", channel)][..], &paid].concat();
    world.submit(&path, &on("call")).await.refuses(400, 60214);
    world.submit(&path, &on("whatsapp")).await.refuses(400, 60223);
    // By no other word either: `auto` has no way but a call here.
    let calls = "[applications.calls]\nmethods = [\"call:code\"]\napi_keys = [\"key-of-calls-012345678\"]\n";
    let calls = format!("{}\n{calls}service_sid = \"VA{}\"\n", super::configuration(""), "2".repeat(32));
    let other = harness::World::start(&calls).await;
    let to_calls = format!("/Services/VA{}/Verifications", "2".repeat(32));
    other.submit(&to_calls, &on("auto")).await.refuses(400, 60550);
    other.submit(&to_calls, &[("To", ADA), ("Channel", "auto")]).await.ok(201);
    other.stop().await;
    let started = world.submit(&path, &on("sms")).await;
    assert_eq!(
        (started.ok(201)["amount"].as_str(), started.text("payee")),
        (Some("12.30 EUR"), "Ada's Books")
    );
    delivered(&world, 1).await;
    let code = world.code_for(ADA);
    assert_eq!(check(&world, &service, &code).await.ok(200)["valid"], false, "without amount and payee");
    let half = [("To", ADA), ("Code", code.as_str()), ("Amount", "12.30 EUR")];
    world.submit(&format!("{service}/VerificationCheck"), &half).await.refuses(400, 60206);
    let form = [&[("To", ADA), ("Code", code.as_str())][..], &paid].concat();
    let checked = world.submit(&format!("{service}/VerificationCheck"), &form).await;
    assert_eq!(
        (checked.ok(200)["status"].as_str(), checked.text("payee")),
        (Some("approved"), "Ada's Books")
    );
    world.stop().await;
}
