//! `[limits]` and `[applications.ID.limits]`.

use super::{GOOD_PROVIDER, read, told};
use crate::limit::{Rate, Rules};
use std::time::Duration;

const APPLICATION: &str = "[applications.web]\napi_keys = [{ env = \"KEY\" }]\nmethods = [\"sms:code\"]\n";

#[test]
fn each_bad_limit_is_told_exactly() {
    let hint = "hint: how often within which time: \"5 per 10m\"; \"off\" for no limit";
    let forms = "hint: each of them holds: [\"60 per 1m\", \"180 per 1h\"]; \"off\" for no limit";
    for (value, expected) in [
        (
            "sends_per_recipient = 5",
            format!("2:23: `A.sends_per_recipient` must be a rate, not a whole number\n{hint}"),
        ),
        ("failed_checks = \"often\"", format!("2:17: `A.failed_checks` is no rate\n{hint}")),
        ("failed_checks = \"5 in 10m\"", format!("2:17: `A.failed_checks` is no rate\n{hint}")),
        ("failed_checks = \"5 per\"", format!("2:17: `A.failed_checks` is no rate\n{hint}")),
        ("failed_checks = \"5 per 10m 1s\"", format!("2:17: `A.failed_checks` is no rate\n{hint}")),
        ("failed_checks = \"-5 per 10m\"", format!("2:17: `A.failed_checks` is no rate\n{hint}")),
        (
            "failed_checks = \"0 per 10m\"",
            "2:17: `A.failed_checks` must allow between 1 and 1000000000".to_owned(),
        ),
        ("failed_checks = \"5 per 10ms\"", "2:17: `A.failed_checks` must count over 1s to 31d".to_owned()),
        (
            "failed_checks = \"99999999999 per 32d\"",
            "2:17: `A.failed_checks` must allow between 1 and 1000000000\n\
             2:17: `A.failed_checks` must count over 1s to 31d"
                .to_owned(),
        ),
        (
            "failed_checks_in_a_row = 0",
            "2:26: `A.failed_checks_in_a_row` must be between 1 and 1000000".to_owned(),
        ),
        (
            "failed_checks_in_a_row = \"100\"",
            "2:26: `A.failed_checks_in_a_row` must be a whole number or \"off\"".to_owned(),
        ),
        (
            "reads_per_verification = []",
            format!("2:26: `A.reads_per_verification` is an empty list\n{forms}"),
        ),
        (
            "reads_per_verification = [\"off\", \"1 per 1m\", 1]",
            format!(
                "2:27: `A.reads_per_verification` has \"off\" beside others\n{forms}\n\
                 2:46: `A.reads_per_verification` must be a rate, not a whole number\n{forms}"
            ),
        ),
        (
            "sends_per_recipients = \"off\"",
            "2:1: unknown key `sends_per_recipients` in `A`\nhint: did you mean `sends_per_recipient`?"
                .to_owned(),
        ),
    ] {
        let expected = expected.replace("A.", "limits.").replace("`A`", "`limits`");
        assert_eq!(told(&format!("[limits]\n{value}\n")).join("\n"), expected, "{value}");
    }
    let own = told(&format!("{GOOD_PROVIDER}{APPLICATION}[applications.web.limits]\nfailed_checks = 1\n"));
    assert_eq!(
        own,
        [format!("8:17: `applications.web.limits.failed_checks` must be a rate, not a whole number\n{hint}")]
    );
}

/// S40–S42, T8, T54, T56: what is limited where nothing is said, and how an application says otherwise.
#[test]
fn an_application_has_the_common_limits_but_where_it_says_otherwise() {
    let minutes = Duration::from_mins;
    let limits = |text: &str| {
        let config = read(&format!("{GOOD_PROVIDER}{text}")).unwrap();
        (config.limits, config.applications["web"].limits.clone())
    };
    assert_eq!(limits(APPLICATION), (Rules::default(), Rules::default()));
    assert_eq!(read("").unwrap().limits, Rules::default());
    let common = "[limits]\nsends_per_recipient = \"3 per 1h30m\"\nsends_per_client_ip = \"off\"\n\
                  reads_per_verification = \"1 per 1m\"\nfailed_checks_in_a_row = \"off\"\nmembers = 5\n";
    let own = "[applications.web.limits]\nsends_per_client_ip = \"7 per 1m\"\nsends_per_api_key = \"9 per 1m\"\n\
               sends_per_application = \"8 per 1m\"\nreads_per_verification = \"off\"\n";
    let (common, own) = limits(&format!("{common}{APPLICATION}{own}"));
    let mut expected = Rules {
        sends_per_recipient: Some(Rate::new(3, minutes(90))),
        sends_per_client_ip: None,
        reads_per_verification: vec![Rate::new(1, minutes(1))],
        ..Rules::default()
    };
    expected.guessing.failed_in_a_row = None;
    expected.members = Some(5);
    assert_eq!(common, expected);
    expected.sends_per_client_ip = Some(Rate::new(7, minutes(1)));
    expected.sends_per_application = Some(Rate::new(8, minutes(1)));
    expected.sends_per_api_key = Some(Rate::new(9, minutes(1)));
    expected.reads_per_verification = Vec::new();
    assert_eq!(own, expected);
}
