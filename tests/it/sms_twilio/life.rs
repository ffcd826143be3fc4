//! A code on its way: out of the host, into Twilio, back by the member.

use super::{ADA, BOTH, stop, world};
use harness::Twilio;
use serde_json::json;

/// J8, J26, J46, J50, J51, S1, S4, S6, L2: one request to the letter, and the code that stands in it approves.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_arrives_at_twilio_and_approves_its_verification() {
    for isolation in BOTH {
        let twilio = Twilio::start().await;
        let world = world(isolation, &twilio, "").await;
        let start = world.begin(&json!({ "to": ADA, "purpose": "sign_in" })).await;
        assert_eq!((start.status, &start.body["delivery"]["status"]), (201, &json!("sent")));

        let [posted] = twilio.posted().try_into().unwrap();
        assert_eq!(
            posted.line,
            format!("POST /2010-04-01/Accounts/{}/Messages.json HTTP/1.1", Twilio::ACCOUNT)
        );
        let code = twilio.code_for(ADA);
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{isolation}");
        let validity = posted.form.get("ValidityPeriod").unwrap();
        // By the clock of the world it is ten minutes; the machine's, which a process has, goes on meanwhile.
        let left: u32 = validity.parse().unwrap();
        assert!(left == 600 || isolation == "process" && (540..=601).contains(&left), "{left}");
        let sent = format!(
            "To=%2B447700900123&From=%2B15005550006&Body={code}+is+your+Example+sign-in+code.&\
             ValidityPeriod={validity}&RiskCheck=enable"
        );
        assert_eq!(posted.body, sent);

        let [delivery] = world.deliveries(&start.path()).await.try_into().unwrap();
        assert_eq!((&delivery["segments"], &delivery["encoding"]), (&json!(1), &json!("GSM-7")));
        let reference = delivery["reference"].as_str().unwrap();
        assert!(reference.starts_with("SM") && reference.len() == 34, "{reference}");
        assert_eq!(world.check(&start.path(), &code).await.body["status"], "approved");
        stop(world, &twilio).await;
    }
}

/// J11, J13, S3: the number is the member's own, of the field that the operator names, with the space around it dropped.
#[tokio::test(flavor = "multi_thread")]
async fn the_number_is_the_one_in_the_members_field() {
    let twilio = Twilio::start().await;
    let world = world("thread", &twilio, "member_phone_field = \"cell\"").await;
    let fields = json!({ "mobile": "+447700900999", "cell": " +447700900123\n" });
    let start = world.begin(&json!({ "member": { "id": "42", "fields": fields } })).await;
    assert_eq!(start.body["recipient"], "+44•••••••123");
    assert_eq!(twilio.posted()[0].form.get("To"), Some(ADA));
    stop(world, &twilio).await;
}

/// S10, S19, L10: a messaging service chooses its sender, and the parts are then counted here.
#[tokio::test(flavor = "multi_thread")]
async fn a_messaging_service_an_api_key_and_the_other_options_go_along() {
    let twilio = Twilio::start().await;
    let service = format!("MG{}", "0b".repeat(16));
    let own = format!(
        r#"
        from = "{service}"
        api_key_sid = "{}"
        api_key_secret = "{}"
        risk_check = "disable"
        status_callback = "https://example.com/status"
        "#,
        Twilio::KEY,
        Twilio::KEY_SECRET
    );
    let world = world("process", &twilio, &own).await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let [delivery] = world.deliveries(&start.path()).await.try_into().unwrap();
    assert_eq!((&delivery["status"], &delivery["segments"]), (&json!("sent"), &json!(1)));
    let form = twilio.posted()[0].form.clone();
    assert_eq!(form.get("MessagingServiceSid"), Some(service.as_str()));
    assert_eq!((form.get("From"), form.get("RiskCheck")), (None, Some("disable")));
    assert_eq!(form.get("StatusCallback"), Some("https://example.com/status"));
    stop(world, &twilio).await;
}

/// J54, S3: a number that is none never leaves the host.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_none_is_told_and_not_sent() {
    let twilio = Twilio::start().await;
    let world = world("thread", &twilio, "").await;
    for number in ["07700900123", "447700900123", "+44 7700 900123"] {
        let start = world.begin(&json!({ "member": { "fields": { "mobile": number } } })).await;
        start.is_problem(422, "method-unavailable");
        assert_eq!(start.body["unavailable"][0]["reason"], "invalid_address");
    }
    assert!(twilio.posted().is_empty());
    stop(world, &twilio).await;
}
