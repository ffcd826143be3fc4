//! Much at one moment over HTTP, many rounds: what is exact stays exact.

use super::{ADA, configuration, wrong};
use harness::{Answer, World};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

const ROUNDS: usize = 20;
const AT_ONCE: usize = 64;

/// A world in which one recipient may be asked and guessed at round after round.
async fn unlimited() -> World {
    let limits = ["sends_per_recipient", "reads_per_verification", "failed_checks", "failed_checks_in_a_row"];
    let limits = limits.map(|limit| format!("{limit} = \"off\"")).join("\n");
    World::start(&format!("{}\n[limits]\n{limits}\n", configuration("thread", ""))).await
}

/// Sends as many checks of each code as there are in `codes`, all at one moment.
async fn checks(world: &World, path: &str, codes: impl Iterator<Item = String>) -> Vec<Answer> {
    let mut asked = JoinSet::new();
    for code in codes {
        let check = world.request(Method::POST, &format!("{path}/checks")).json(&json!({ "code": code }));
        asked.spawn(check.send());
    }
    let mut answers = Vec::new();
    for response in asked.join_all().await.into_iter().flatten() {
        answers.push(world.hear(response).await);
    }
    assert_eq!(answers.len(), AT_ONCE, "every check is answered");
    answers
}

fn approvals(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.body.get("valid").is_some_and(|valid| valid == true)).count()
}

/// T44, T46, T50: of 64 right codes one approves, and the others are told that it was approved.
#[tokio::test(flavor = "multi_thread")]
async fn of_64_right_codes_at_once_exactly_one_approves_in_every_round() {
    let world = unlimited().await;
    for _ in 0..ROUNDS {
        let start = world.begin(&json!({ "to": ADA })).await;
        let code = world.code_for(ADA);
        let answers = checks(&world, &start.path(), std::iter::repeat_n(code, AT_ONCE)).await;
        assert_eq!(approvals(&answers), 1);
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            refused.is_problem(409, "verification-approved");
        }
        assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), AT_ONCE - 1);
        assert_eq!(world.get(&start.path()).await.body["status"], "approved");
        assert_eq!(world.get(&start.path()).await.body["checks_left"], 4);
    }
    world.stop().await;
}

/// T45, T55, X14, X15: of 64 wrong codes exactly as many are judged as may be checked.
#[tokio::test(flavor = "multi_thread")]
async fn of_64_wrong_codes_at_once_exactly_five_are_judged_in_every_round() {
    let world = unlimited().await;
    for _ in 0..ROUNDS {
        let start = world.begin(&json!({ "to": ADA })).await;
        let code = world.code_for(ADA);
        let answers = checks(&world, &start.path(), std::iter::repeat_n(wrong(&code), AT_ONCE)).await;
        let mut left: Vec<_> =
            answers.iter().filter_map(|answer| answer.body["checks_left"].as_u64()).collect();
        left.sort_unstable();
        assert_eq!(left, [0, 1, 2, 3, 4]);
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            refused.is_problem(409, "verification-exhausted");
        }
        world.check(&start.path(), &code).await.is_problem(409, "verification-exhausted");
    }
    world.stop().await;
}

/// Right and wrong ones, a resend and a cancel at one moment: at most one approval, never more checks than there are,
/// and one end.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_comes_at_once_pending_is_left_once_in_every_round() {
    let world = unlimited().await;
    for round in 0..ROUNDS {
        let start = world.begin(&json!({ "to": ADA })).await;
        let code = world.code_for(ADA);
        let mixed = (0..AT_ONCE).map(|n| if n % 8 == round % 8 { code.clone() } else { wrong(&code) });
        let path = start.path();
        let cancel = async { if round % 2 == 0 { Some(world.delete(&path).await) } else { None } };
        let asked = json!({ "to": ADA });
        let (answers, canceled, again) =
            tokio::join!(checks(&world, &path, mixed), cancel, world.begin(&asked));
        let judged = answers.iter().filter(|answer| answer.status == 200).count();
        let approved = approvals(&answers);
        let gave_up = canceled.is_some_and(|answer| answer.status == 200);
        assert!(approved <= 1 && judged <= 5 && (approved == 0 || !gave_up), "{approved} {judged} {gave_up}");
        let status = world.get(&path).await.body["status"].clone();
        let expected = if approved == 1 {
            "approved"
        } else if gave_up {
            "canceled"
        } else {
            "exhausted"
        };
        assert_eq!(status, expected);
        assert!(again.status == 429 || again.body["id"] != start.body["id"], "{}", again.body);
        if again.status == 201 {
            assert_eq!(world.delete(&again.path()).await.status, 200);
        }
        world.clock.advance(Duration::from_mins(1));
    }
    world.stop().await;
}
