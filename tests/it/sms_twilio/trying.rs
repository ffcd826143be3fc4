//! `passrelay providers test`: a Test of the provider, simulated or real, as the operator says.

use super::{ADA, BOTH, provider};
use harness::{Console, Told, Twilio, twilio::Play};

/// Runs a Test against this Twilio. It is another process, so this thread may wait for it.
fn test(isolation: &str, twilio: &Twilio, own: &str) -> Told {
    let console = Console::with(&["sms_twilio"]);
    console.write("passrelay.toml", &provider("sms_twilio", isolation, twilio, own));
    let told = console.run(&format!("providers test sms_twilio --to {ADA}"));
    for secret in [Twilio::TOKEN, "Basic "] {
        assert!(!told.out.contains(secret) && !told.err.contains(secret), "{told:?}");
    }
    told
}

/// The lines of what is shown last: the request.
fn preview(told: &Told) -> Vec<String> {
    let (_, lines) = told.out.split_once("preview").unwrap();
    lines.lines().map(|line| line.trim().to_owned()).collect()
}

/// J39, J45, J46, J47: with dry-run nothing is sent, without it one message is; which of the two it was is said, and
/// what is shown is what is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_sends_unless_dry_run_says_otherwise() {
    for isolation in BOTH {
        let twilio = Twilio::start().await;
        let told = test(isolation, &twilio, "dry_run_in_test = true");
        assert_eq!((told.code, twilio.posted().len()), (0, 0), "{isolation} {told:?}");
        assert!(told.out.starts_with("simulated: nothing was sent by `sms_twilio` to "), "{told:?}");
        let simulated = preview(&told);
        let told = test(isolation, &twilio, "dry_run_in_test = false");
        assert_eq!((told.code, twilio.posted().len()), (0, 1), "{isolation} {told:?}");
        assert!(told.out.starts_with("handed over by `sms_twilio` to "), "{told:?}");
        let posted = twilio.posted().remove(0);
        let mut expected = vec![format!("POST {}{}", twilio.url(), posted.line.split(' ').nth(1).unwrap())];
        for name in ["To", "From", "Body", "ValidityPeriod", "RiskCheck"] {
            let value =
                posted.form.get(name).unwrap().replace(ADA, "+44•••••••123").replace("123456", "••••••");
            expected.push(format!("{name}: {value}"));
        }
        assert_eq!(preview(&told), expected);
        // What is left of the code's life is each Test's own.
        let lasting = |lines: Vec<String>| -> Vec<String> {
            lines.into_iter().filter(|line| !line.starts_with("ValidityPeriod: ")).collect()
        };
        assert_eq!(lasting(simulated), lasting(expected));
        assert_eq!(posted.form.get("To"), Some(ADA));
    }
}

/// J55, J57: a Test that Twilio refuses says why, with Twilio's code.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_twilio_refuses_says_what_to_do() {
    let twilio = Twilio::start().await;
    twilio.plays(Play::Refuse(400, 21_608));
    let told = test("process", &twilio, "");
    assert_ne!(told.code, 0, "{told:?}");
    let all = told.out + &told.err;
    assert!(all.contains("21608") && all.contains("Verified Caller IDs"), "{all}");
}
