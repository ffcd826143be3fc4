//! Services: made, listed in pages, changed, removed; those of the file are only shown.

use super::{ACCOUNT, WEB, service, world};
use harness::World;
use reqwest::Method;
use serde_json::{Value, json};

/// T16, T21, T22: a Service is good as soon as it is made, and answers every field.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_answers_every_field_that_it_was_given() {
    let world = world().await;
    let made = world
        .submit(
            "/Services",
            &[
                ("FriendlyName", "My App"),
                ("CodeLength", "8"),
                ("LookupEnabled", "true"),
                ("DoNotShareWarningEnabled", "True"),
                ("Totp.Issuer", "Acme"),
                ("Totp.TimeStep", "45"),
                ("Whatsapp.From", "whatsapp:+15551230000"),
                ("Passkeys.RelyingParty.Origins", "https://a.example"),
                ("Passkeys.RelyingParty.Origins", "https://b.example"),
                ("Ttl", "300"),
                ("DoForceCheckOnce", "True"),
                ("Colour", "red"),
            ],
        )
        .await;
    let sid = made.text("sid").to_owned();
    assert!(sid.starts_with("VA") && sid.len() == 34, "{sid}");
    let base = format!("http://{}/v2/Services/{sid}", world.address());
    let expected = json!({
        "sid": sid, "account_sid": ACCOUNT, "friendly_name": "My App", "code_length": 8, "ttl": 300,
        "do_force_check_once": true, "lookup_enabled": true, "psd2_enabled": false, "skip_sms_to_landlines": false,
        "dtmf_input_required": true, "tts_name": null, "do_not_share_warning_enabled": true,
        "custom_code_enabled": false, "default_template_sid": null, "verify_event_subscription_enabled": false,
        "push": { "include_date": false, "apn_credential_sid": null, "fcm_credential_sid": null },
        "totp": { "issuer": "Acme", "time_step": 45, "code_length": 6, "skew": 1 },
        "whatsapp": { "msg_service_sid": null, "from": "whatsapp:+15551230000" },
        "passkeys": {
            "relying_party": { "id": null, "name": null, "origins": ["https://a.example", "https://b.example"] },
            "authenticator_attachment": null, "discoverable_credentials": null, "user_verification": null,
        },
        "date_created": "2026-01-02T03:04:05Z", "date_updated": "2026-01-02T03:04:05Z", "url": base,
        "links": {
            "verification_checks": format!("{base}/VerificationCheck"), "verifications": format!("{base}/Verifications"),
            "rate_limits": format!("{base}/RateLimits"), "entities": format!("{base}/Entities"),
            "messaging_configurations": format!("{base}/MessagingConfigurations"),
            "webhooks": format!("{base}/Webhooks"), "access_tokens": format!("{base}/AccessTokens"),
        },
    });
    assert_eq!(made.ok(201), &expected);
    let path = format!("/Services/{sid}");
    assert_eq!(world.look(&path).await.ok(200), &expected);

    world.clock.advance(std::time::Duration::from_mins(1));
    let changed = world.submit(&path, &[("FriendlyName", "Other"), ("CodeLength", "4")]).await;
    let mut after = expected.clone();
    after["friendly_name"] = json!("Other");
    after["code_length"] = json!(4);
    after["date_updated"] = json!("2026-01-02T03:05:05Z");
    assert_eq!(changed.ok(200), &after);

    let removed = world.tell(world.account(Method::DELETE, &path)).await;
    assert_eq!((removed.status, &removed.body), (204, &Value::Null));
    let message = world.look(&path).await.refuses(404, 20404).to_owned();
    assert_eq!(message, format!("The requested resource {path} was not found"));
    world.stop().await;
}

/// T23, T26, T28
#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_cannot_be_is_refused_by_the_parameters_name() {
    let world = world().await;
    for (form, name) in [
        (vec![], "FriendlyName"),
        (vec![("FriendlyName", "")], "FriendlyName"),
        (vec![("FriendlyName", "App 12345")], "FriendlyName"),
        (vec![("FriendlyName", "An application with too long a name")], "FriendlyName"),
        (vec![("FriendlyName", "A"), ("CodeLength", "3")], "CodeLength"),
        (vec![("FriendlyName", "A"), ("CodeLength", "11")], "CodeLength"),
        (vec![("FriendlyName", "A"), ("CodeLength", "six")], "CodeLength"),
        (vec![("FriendlyName", "A"), ("Ttl", "59")], "Ttl"),
        (vec![("FriendlyName", "A"), ("Ttl", "86401")], "Ttl"),
        (vec![("FriendlyName", "A"), ("LookupEnabled", "yes")], "LookupEnabled"),
        (vec![("FriendlyName", "A"), ("FriendlyName", "B")], "FriendlyName"),
        (vec![("FriendlyName", "A"), ("Totp.TimeStep", "5")], "Totp.TimeStep"),
    ] {
        let refused = world.submit("/Services", &form).await;
        assert!(refused.refuses(400, 60200).contains(&format!("`{name}`")), "{form:?}: {}", refused.body);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_lead_from_one_to_the_next_by_absolute_addresses_until_the_last() {
    let world = world().await;
    let mut sids = vec![WEB.to_owned()];
    for _ in 0..4 {
        sids.push(service(&world, &[]).await.trim_start_matches("/Services/").to_owned());
    }
    let mut found: Vec<String> = Vec::new();
    let first = format!("http://{}/v2/Services?PageSize=2", world.address());
    let mut next = Some(first);
    let mut pages = 0;
    while let Some(url) = next {
        let path = url.strip_prefix(&format!("http://{}/v2", world.address())).unwrap().to_owned();
        let page = world.look(&path).await;
        let services = page.ok(200)["services"].as_array().unwrap().clone();
        found.extend(services.iter().map(|service| service["sid"].as_str().unwrap().to_owned()));
        let meta = &page.body["meta"];
        assert_eq!(
            (&meta["key"], &meta["page"], &meta["page_size"]),
            (&json!("services"), &json!(pages), &json!(2))
        );
        next = meta["next_page_url"].as_str().map(str::to_owned);
        pages += 1;
    }
    found.sort();
    sids.sort();
    assert_eq!((pages, found), (3, sids));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_of_the_file_is_a_service_and_is_changed_in_the_file() {
    let world = world().await;
    let path = format!("/Services/{WEB}");
    let shown = world.look(&path).await;
    assert_eq!((shown.text("friendly_name"), &shown.body["date_created"]), ("web", &Value::Null));
    let refused = world.submit(&path, &[("FriendlyName", "Other")]).await;
    assert!(refused.refuses(403, 20403).contains("configuration file"));
    world.tell(world.account(Method::DELETE, &path)).await.refuses(403, 20403);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_address_goes_before_the_hosts_own_name() {
    let text = super::configuration("");
    let text = format!("public_url = \"https://otp.example.com/\"\n{text}");
    let world = World::start(&text).await;
    let page = world.look("/Services").await;
    let url = page.ok(200)["services"][0]["url"].as_str().unwrap();
    assert_eq!(url, format!("https://otp.example.com/v2/Services/{WEB}"));
    world.stop().await;
}

/// A change through Twilio's contract gives no channel back that the native API took away.
#[tokio::test(flavor = "multi_thread")]
async fn no_change_touches_the_methods_of_an_application() {
    let world = world().await;
    let native =
        json!({ "id": "shop", "methods": ["sms:code"], "service_sid": format!("VA{}", "1".repeat(32)) });
    let made = world.ask(world.operate(Method::POST, "/v1/applications").json(&native)).await;
    assert_eq!(made.status, 201);
    let methods = async |id: &str| {
        let shown = world.ask(world.operate(Method::GET, &format!("/v1/applications/{id}"))).await;
        shown.body["methods"].clone()
    };
    let shop = format!("/Services/VA{}", "1".repeat(32));
    for name in ["Shop", "The Shop"] {
        world.submit(&shop, &[("FriendlyName", name)]).await.ok(200);
        assert_eq!(methods("shop").await, json!(["sms:code"]));
        // It stays one that the native API made.
        let limits = format!("{shop}/RateLimits");
        world.submit(&limits, &[("UniqueName", "x")]).await.refuses(403, 60204);
    }

    let ours = service(&world, &[]).await;
    let listed = world.ask(world.operate(Method::GET, "/v1/applications")).await;
    let all = listed.body["applications"].as_array().unwrap();
    let id = all.iter().find_map(|one| one["id"].as_str().filter(|id| id.starts_with("service_")));
    let id = id.unwrap().to_owned();
    assert!(methods(&id).await.as_array().unwrap().len() > 1);
    let fewer = json!({ "methods": ["sms:code"] });
    let path = format!("/v1/applications/{id}");
    assert_eq!(world.ask(world.operate(Method::PUT, &path).json(&fewer)).await.status, 200);
    world.submit(&ours, &[("FriendlyName", "Other")]).await.ok(200);
    let limits = format!("{ours}/RateLimits");
    let limit = world.submit(&limits, &[("UniqueName", "x")]).await;
    limit.ok(201);
    let buckets = format!("{limits}/{}/Buckets", limit.text("sid"));
    world.submit(&buckets, &[("Max", "1"), ("Interval", "60")]).await.ok(201);
    assert_eq!(methods(&id).await, json!(["sms:code"]));
    world.stop().await;
}

/// Whoever removes each Service while going through the pages reaches the last.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_behind_what_was_removed() {
    let world = world().await;
    for _ in 0..3 {
        service(&world, &[]).await;
    }
    let (mut next, mut seen) = (Some("/Services?PageSize=1".to_owned()), 0);
    while let Some(path) = next {
        let page = world.look(&path).await;
        let sid = page.ok(200)["services"][0]["sid"].as_str().unwrap();
        if sid != WEB {
            let path = format!("/Services/{sid}");
            assert_eq!(world.tell(world.account(Method::DELETE, &path)).await.status, 204);
        }
        seen += 1;
        let url = page.body["meta"]["next_page_url"].as_str();
        next = url.map(|url| url.split_once("/v2").unwrap().1.to_owned());
    }
    assert_eq!(seen, 4);
    world.look("/Services?PageToken=gone").await.refuses(400, 60200);
    world.stop().await;
}
