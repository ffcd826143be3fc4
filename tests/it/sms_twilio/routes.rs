//! Two accounts in one route: what goes on to the second one, and what does not.

use super::{BOTH, provider, started, stop, told};
use harness::{Twilio, World, twilio::Play};
use serde_json::json;
use std::time::Duration;

/// A world with a route of two providers, each of another Twilio.
async fn route(isolation: &str, first: &Twilio, second: &Twilio) -> World {
    let providers = provider("first", isolation, first, "") + &provider("second", isolation, second, "");
    started(&format!("{providers}[routes]\nsms = [\"first\", \"second\"]\n")).await
}

/// J9, J53: who is to blame decides: an account that may not send hands on, a person who may not be reached does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_account_goes_on_to_the_next_one_and_one_of_the_recipient_does_not() {
    for isolation in BOTH {
        let (first, second) = (Twilio::start().await, Twilio::start().await);
        let world = route(isolation, &first, &second).await;
        let mut handed_on = 0;
        for (place, (play, goes_on)) in [
            (Play::Refuse(401, 20_003), true),
            (Play::Refuse(400, 21_608), true),
            (Play::Refuse(400, 21_408), true),
            (Play::Refuse(400, 30_034), true),
            (Play::Refuse(400, 21_606), true),
            (Play::Refuse(400, 30_007), true),
            (Play::Throttle("7"), true),
            (Play::Refuse(503, 20_503), true),
            (Play::Refuse(500, 20_500), true),
            (Play::CutAfterReading, true),
            (Play::Refuse(400, 21_211), false),
            (Play::Refuse(400, 21_614), false),
            (Play::Refuse(400, 21_610), false),
        ]
        .into_iter()
        .enumerate()
        {
            let shown = format!("{isolation} {play:?}");
            first.plays(play);
            let number = format!("+4477009004{place:02}");
            let start = world.begin(&json!({ "to": number })).await;
            let deliveries = world.deliveries(&start.path()).await;
            assert_eq!(first.posted().len(), place + 1, "{shown}: the first is asked once");
            assert_eq!(deliveries.len(), if goes_on { 2 } else { 1 }, "{shown}");
            if goes_on {
                handed_on += 1;
                assert_eq!(told(&deliveries[1]), ("sent", None, None), "{shown}");
                assert_eq!(first.code_for(&number), second.code_for(&number), "{shown}: one code");
                let checked = world.check(&start.path(), &second.code_for(&number)).await;
                assert_eq!(checked.body["status"], "approved", "{shown}");
            }
            assert_eq!(second.posted().len(), handed_on, "{shown}");
            // Longer than the first asked to be left alone.
            world.clock.advance(Duration::from_secs(8));
        }
        for posted in second.posted() {
            world.keeps_secret(posted.form.get("To").unwrap());
        }
        stop(world, &first).await;
    }
}
