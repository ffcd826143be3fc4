//! `amount` and `payee`: a code that approves one payment and no other (PSD2, Delegated Regulation (EU) 2018/389).

use super::{ADA, BOTH, configuration, world};
use harness::World;
use serde_json::json;
use std::time::Duration;

/// H6: the payer reads amount and payee, and the approval names them.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_told_approved_and_shown_with_its_amount_and_its_payee() {
    for isolation in BOTH {
        let world = world(isolation).await;
        let asked = json!({ "to": ADA, "amount": "12.30 EUR", "payee": "Ada's Books" });
        let start = world.begin(&asked).await;
        assert_eq!(
            (&start.body["amount"], &start.body["payee"]),
            (&json!("12.30 EUR"), &json!("Ada's Books"))
        );
        let code = world.code_for(ADA);
        let text = format!("{code} is your Example code. Payment of 12.30 EUR to Ada's Books.");
        assert_eq!(world.messages()[0]["text"], text);
        let right = json!({ "code": code, "amount": "12.30 EUR", "payee": "Ada's Books" });
        let approved = world.post(&format!("{}/checks", start.path()), &right).await;
        approved.is(
            200,
            &json!({
                "id": start.body["id"], "status": "approved", "valid": true, "recipient": "+44•••••••123",
                "amount": "12.30 EUR", "payee": "Ada's Books", "approved_at": "2026-01-02T03:04:05Z",
            }),
        );
        let shown = world.get(&start.path()).await;
        assert_eq!(
            (&shown.body["amount"], &shown.body["payee"]),
            (&json!("12.30 EUR"), &json!("Ada's Books"))
        );
        world.stop().await;
    }
}

/// H6, article 4: each wrong element costs a check, and the answer does not tell which one was wrong.
#[tokio::test(flavor = "multi_thread")]
async fn whichever_element_is_wrong_the_answer_is_the_same() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": ADA, "amount": "12.30 EUR", "payee": "Ada" })).await;
    let code = world.code_for(ADA);
    let path = format!("{}/checks", start.path());
    let mut left = 5;
    for wrong in [
        json!({ "code": code, "amount": "12.31 EUR", "payee": "Ada" }),
        json!({ "code": code, "amount": "12.30 EUR", "payee": "Eve" }),
        json!({ "code": code, "amount": "12.30 EUR" }),
        json!({ "code": "wrong!", "amount": "12.30 EUR", "payee": "Ada" }),
        json!({ "code": code }),
    ] {
        left -= 1;
        let status = if left == 0 { "exhausted" } else { "pending" };
        let answer = json!({ "id": start.body["id"], "status": status, "valid": false, "checks_left": left });
        world.post(&path, &wrong).await.is(200, &answer);
    }
    world.stop().await;
}

/// The same payment again is a resend of the same code; another one has another code.
#[tokio::test(flavor = "multi_thread")]
async fn another_payment_takes_the_pending_ones_place() {
    let world = world("thread").await;
    let asked = |amount: &str| json!({ "to": ADA, "amount": amount, "payee": "Ada" });
    let first = world.begin(&asked("12.30 EUR")).await;
    let code = world.code_for(ADA);
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(world.begin(&asked("12.30 EUR")).await.body["id"], first.body["id"]);
    assert_eq!(world.code_for(ADA), code);
    let other = world.begin(&asked("12.31 EUR")).await;
    assert_ne!(other.body["id"], first.body["id"]);
    assert_ne!(world.code_for(ADA), code);
    assert_eq!(world.get(&first.path()).await.body["status"], "canceled");
    world.stop().await;
}

/// T42: WhatsApp's texts for codes say neither, so a payment goes by another method, or by none with the reason.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_not_sent_by_whatsapp() {
    let offered = "\"email:code\", \"sms:code\"";
    let configuration = configuration("process", "")
        .replace(offered, &format!("{offered}, \"whatsapp:code\""))
        .replace("preferred = \"sms:code\"", "preferred = \"whatsapp:code\"");
    let world = World::start(&configuration).await;
    let paid = json!({ "to": ADA, "amount": "12.30 EUR", "payee": "Ada" });
    assert_eq!(world.begin(&paid).await.body["method"], "sms:code");
    let asked = json!({ "to": ADA, "amount": "12.30 EUR", "payee": "Ada", "method": "whatsapp:code" });
    let refused = world.begin(&asked).await;
    refused.is_problem(422, "method-unavailable");
    assert_eq!(refused.body["unavailable"][0]["reason"], "payment_unsupported");
    let plain = world.begin(&json!({ "to": ADA, "purpose": "sign_in" })).await;
    assert_eq!(plain.body["method"], "whatsapp:code");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_text_says_amount_and_payee_where_it_wants_them() {
    let own = "\n[providers.dry_run.templates]\ngeneric = \"{amount} > {payee}: {payload}\"\n";
    let world = World::start(&(configuration("process", "") + own)).await;
    world.begin(&json!({ "to": ADA, "amount": "12.30 EUR", "payee": "{code} <b>" })).await;
    assert_eq!(world.messages()[0]["text"], format!("12.30 EUR > {{code}} <b>: {}", world.code_for(ADA)));
    world.stop().await;
}
