//! Lookup v2: what a number's plan says, and nothing that only a carrier knows.

use super::{ADA, code, service, world};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_told_with_its_formats_and_country_and_a_bad_one_with_its_flaw() {
    let world = world().await;
    let found = world
        .look("/PhoneNumbers/+447400123456?Fields=line_type_intelligence%2Csim_swap&CountryCode=US")
        .await;
    let mut expected = json!({
        "calling_country_code": "44", "country_code": "GB", "phone_number": "+447400123456",
        "national_format": "07400 123456", "valid": true, "validation_errors": [],
        "url": format!("http://{}/v2/PhoneNumbers/+447400123456", world.address()),
    });
    for field in [
        "caller_name",
        "sim_swap",
        "call_forwarding",
        "line_status",
        "line_type_intelligence",
        "identity_match",
        "reassigned_number",
        "sms_pumping_risk",
        "phone_number_quality_score",
        "pre_fill",
    ] {
        expected[field] = Value::Null;
    }
    assert_eq!(found.ok(200), &expected);
    let national = world.look("/PhoneNumbers/07400123456?CountryCode=GB").await;
    assert_eq!(national.ok(200)["phone_number"], "+447400123456");
    for (number, flaw) in [
        ("+44740", "TOO_SHORT"),
        ("+4474001234567890", "TOO_LONG"),
        ("+999123456789", "INVALID_COUNTRY_CODE"),
        ("hello", "NOT_A_NUMBER"),
        ("+447700900123", "INVALID_BUT_POSSIBLE"),
    ] {
        let found = world.look(&format!("/PhoneNumbers/{number}")).await;
        let told = (&found.ok(200)["valid"], &found.body["validation_errors"]);
        assert_eq!(told, (&json!(false), &json!([flaw])), "{number}");
    }
    world.look("/PhoneNumbers/+447400123456?Fields=horoscope").await.refuses(400, 60200);
    world.look("/PhoneNumbers/+447400123456?CountryCode=gb").await.refuses(400, 60200);
    world.look("/PhoneNumbers/").await.refuses(404, 20404);
    world.stop().await;
}

/// T24
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_looks_numbers_up_sends_to_none_that_no_country_has() {
    let world = world().await;
    let form = [("LookupEnabled", "true"), ("SkipSmsToLandlines", "true")];
    let path = format!("{}/Verifications", service(&world, &form).await);
    world.submit(&path, &[("To", ADA), ("Channel", "sms")]).await.refuses(400, 60200);
    let landline = [("To", "+442079460018"), ("Channel", "sms")];
    world.submit(&path, &landline).await.refuses(403, 60205);
    world.submit(&path, &[("To", "+442079460018"), ("Channel", "call")]).await.ok(201);
    // Whichever way the caller's word led there.
    let auto = world.submit(&path, &[("To", "+442079460019"), ("Channel", "auto")]).await;
    assert_eq!(auto.ok(201)["channel"], "call");
    let off = json!({ "whatsapp": { "enabled": false }, "sms": { "enabled": true } }).to_string();
    let whatsapp = [("To", "+442079460017"), ("Channel", "whatsapp"), ("ChannelConfiguration", &off)];
    world.submit(&path, &whatsapp).await.refuses(403, 60205);
    let mobile = world.submit(&path, &[("To", "+447400123456"), ("Channel", "sms")]).await;
    assert_eq!(mobile.ok(201)["lookup"]["carrier"]["type"], "mobile");
    super::delivered(&world, 3).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_sends_wherever_it_is_told_to() {
    let world = world().await;
    let service = service(&world, &[]).await;
    super::started(&world, &service).await;
    code(&world).await;
    world.stop().await;
}
