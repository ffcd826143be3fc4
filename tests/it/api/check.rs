//! `POST /v1/verifications/{id}/checks`: right, wrong, used up, too late, and all at once.

use super::{ADA, BOTH, world, wrong};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

/// X34: the answer says what became of the verification.
#[tokio::test(flavor = "multi_thread")]
async fn the_right_code_approves_once() {
    for isolation in BOTH {
        let world = world(isolation).await;
        let start = world.begin(&json!({ "to": ADA })).await;
        let code = world.code_for(ADA);
        world.clock.advance(Duration::from_secs(9));
        world.check(&start.path(), &code).await.is(
            200,
            &json!({
                "id": start.body["id"], "status": "approved", "valid": true, "recipient": "+44•••••••123",
                "approved_at": "2026-01-02T03:04:14Z",
            }),
        );
        let again = world.check(&start.path(), &code).await;
        assert_eq!(
            again.is_problem(409, "verification-approved"),
            "the verification was approved before: a code is good once"
        );
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_says_what_is_left_until_none_is() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let code = world.code_for(ADA);
    for left in (1..=4).rev() {
        let pending =
            json!({ "id": start.body["id"], "status": "pending", "valid": false, "checks_left": left });
        world.check(&start.path(), &wrong(&code)).await.is(200, &pending);
    }
    let spent = json!({ "id": start.body["id"], "status": "exhausted", "valid": false, "checks_left": 0 });
    world.check(&start.path(), &wrong(&code)).await.is(200, &spent);
    let late = world.check(&start.path(), &code).await;
    assert_eq!(
        late.is_problem(409, "verification-exhausted"),
        "every check of the verification was spent: start another"
    );
    world.stop().await;
}

/// T7, T57: 600 s where nothing is said; the problem of the design, to the letter.
#[tokio::test(flavor = "multi_thread")]
async fn an_expired_verification_cannot_be_approved() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let code = world.code_for(ADA);
    world.clock.advance(Duration::from_millis(599_999));
    assert_eq!(world.get(&start.path()).await.body["status"], "pending");
    world.clock.advance(Duration::from_millis(1));
    let late = world.check(&start.path(), &code).await;
    late.is_problem(409, "verification-expired");
    assert_eq!(
        late.body,
        json!({
            "type": "https://passrelay.dev/problems/verification-expired", "title": "verification expired",
            "status": 409, "detail": "the time of the verification ran out: start another",
        })
    );
    assert_eq!(world.get(&start.path()).await.body["status"], "expired");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_right_checks_at_once_exactly_one_approves() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let (path, code) = (format!("{}/checks", start.path()), world.code_for(ADA));
    let mut checks = JoinSet::new();
    for _ in 0..64 {
        checks.spawn(world.request(Method::POST, &path).json(&json!({ "code": code })).send());
    }
    let (mut approved, mut refused) = (0, 0);
    for response in checks.join_all().await {
        let answer = world.hear(response.unwrap()).await;
        if answer.status == 200 {
            assert_eq!(answer.body["valid"], true);
            approved += 1;
        } else {
            answer.is_problem(409, "verification-approved");
            refused += 1;
        }
    }
    assert_eq!((approved, refused), (1, 63));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_wrong_checks_at_once_no_more_are_compared_than_are_allowed() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let (path, code) = (format!("{}/checks", start.path()), wrong(&world.code_for(ADA)));
    let mut checks = JoinSet::new();
    for _ in 0..32 {
        checks.spawn(world.request(Method::POST, &path).json(&json!({ "code": code })).send());
    }
    let mut compared = 0;
    for response in checks.join_all().await {
        compared += u32::from(world.hear(response.unwrap()).await.status == 200);
    }
    assert_eq!(compared, 5);
    assert_eq!(world.get(&start.path()).await.body["status"], "exhausted");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_right_however_its_digits_were_typed() {
    let full_width = |code: &str| code.replace(|c: char| c.is_ascii_digit(), "\u{0}").len() == code.len();
    let moved = |code: &str, zero: u32| -> String {
        code.chars().filter_map(|c| char::from_u32(zero + c.to_digit(10)?)).collect()
    };
    let world = world("thread").await;
    for number in 0..6 {
        let to = format!("+44770090010{number}");
        let start = world.begin(&json!({ "to": to })).await;
        let code = world.code_for(&to);
        assert!(full_width(&code));
        let (left, right) = code.split_at(3);
        let typed = match number {
            0 => format!("{left} {right}"),
            1 => format!(" {left}-{right}\n"),
            2 => moved(&code, 0xff10),
            3 => moved(&code, 0x660),
            4 => format!("\u{202a}{left}\u{a0}{right}\u{202c}"),
            _ => format!("{left}\u{2013}{right}\u{200b}"),
        };
        assert_eq!(world.check(&start.path(), &typed).await.body["valid"], true, "{typed:?}");
    }
    world.stop().await;
}
