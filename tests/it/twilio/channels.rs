//! Channels by Twilio's names.

use super::{ADA, configuration, service, world};
use harness::World;
use serde_json::json;

/// T3, T31-T37: one way to ask for every channel.
#[tokio::test(flavor = "multi_thread")]
async fn each_channel_is_asked_for_by_its_name_alone() {
    let world = world().await;
    let path = format!("{}/Verifications", service(&world, &[]).await);
    for (at, (asked, told, carried)) in [
        ("sms", "sms", "sms"),
        ("call", "call", "call"),
        ("voice", "voice", "call"),
        ("whatsapp", "whatsapp", "whatsapp"),
        ("rcs", "rcs", "rcs"),
        ("auto", "sms", "sms"),
    ]
    .into_iter()
    .enumerate()
    {
        let to = format!("+44770090010{at}");
        let started = world.submit(&path, &[("To", &to), ("Channel", asked)]).await;
        assert_eq!(started.ok(201)["channel"], told, "{asked}");
        super::delivered(&world, at + 1).await;
        assert_eq!(world.messages().last().unwrap()["channel"], carried);
    }
    let mail = world.submit(&path, &[("To", "a+b@example.com"), ("Channel", "email")]).await;
    assert_eq!((mail.ok(201)["channel"].as_str(), mail.text("to")), (Some("email"), "a+b@example.com"));
    let auto = world.submit(&path, &[("To", "c@example.com"), ("Channel", "auto")]).await;
    assert_eq!(auto.ok(201)["channel"], "email");
    world.stop().await;
}

/// T36: both shapes of `ChannelConfiguration`, and SMS where WhatsApp does not reach.
#[tokio::test(flavor = "multi_thread")]
async fn sms_takes_the_place_of_a_whatsapp_that_does_not_reach() {
    // An application of the file has neither WhatsApp nor calls.
    let world = world().await;
    let path = format!("/Services/{}/Verifications", super::WEB);
    let both = json!({ "whatsapp": { "enabled": true }, "sms": { "enabled": true } }).to_string();
    let form = [("To", ADA), ("Channel", "whatsapp"), ("ChannelConfiguration", both.as_str())];
    assert_eq!(world.submit(&path, &form).await.ok(201)["channel"], "sms");
    world.submit(&path, &[("To", "+447700900124"), ("Channel", "whatsapp")]).await.refuses(400, 60223);
    let mail =
        json!({ "template_id": "d-1", "from": "a@example.com", "substitutions": { "x": 1 } }).to_string();
    let form = [("To", "a@example.com"), ("Channel", "email"), ("ChannelConfiguration", mail.as_str())];
    world.submit(&path, &form).await.ok(201);
    world.stop().await;
}

/// T38, T39, T58, T62
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_not_there_is_told_with_twilios_code() {
    let text = configuration("").replace("\"sms:code\", \"email:code\"", "\"sms:code\"");
    let world = World::start(&text).await;
    let path = format!("/Services/{}/Verifications", super::WEB);
    for (to, channel, status, code) in [
        ("a@example.com", "email", 400, 60217),
        (ADA, "call", 400, 60223),
        (ADA, "sna", 400, 60550),
        (ADA, "pigeon", 400, 60200),
        (ADA, "", 400, 60200),
        ("a@example.com", "auto", 400, 60550),
        ("07700900123", "sms", 400, 60200),
        ("a@example.com", "sms", 400, 60200),
        ("", "sms", 400, 60200),
    ] {
        world.submit(&path, &[("To", to), ("Channel", channel)]).await.refuses(status, code);
    }
    assert!(world.messages().is_empty());
    world.stop().await;
}

/// A method that names a provider is the one of the channel that the provider carries.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_names_a_provider_goes_by_its_channel() {
    let text = configuration("").replace("\"sms:code\", \"email:code\"", "\"dry_run:code\"");
    let world = World::start(&text).await;
    let path = format!("/Services/{}/Verifications", super::WEB);
    let mail = [("To", "ada@example.com"), ("Channel", "email")];
    assert_eq!(world.submit(&path, &mail).await.ok(201)["channel"], "email");
    super::delivered(&world, 1).await;
    assert_eq!(world.messages()[0]["channel"], "email");
    let auto = [("To", "bob@example.com"), ("Channel", "auto")];
    assert_eq!(world.submit(&path, &auto).await.ok(201)["channel"], "email");
    world.submit(&path, &[("To", ADA), ("Channel", "sms")]).await.refuses(400, 60223);
    world.stop().await;
}
