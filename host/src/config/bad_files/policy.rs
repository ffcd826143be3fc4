//! `[code]`, `[applications.ID.code]`, `bounds` and `test_recipients`.

use super::{GOOD_PROVIDER, read, told};
use crate::application::{Alphabet, Bounds};
use provider_api::Recipient;
use std::time::Duration;

fn with(server: &str, body: &str) -> String {
    let web = "[applications.web]\napi_keys = [{ env = \"KEY\" }]\nmethods = [\"sms:code\"]\n";
    format!("{server}{GOOD_PROVIDER}{web}{body}")
}

/// S26: how codes are made is said once for every application; each may say otherwise, by the key.
#[test]
fn codes_are_made_as_the_server_says_where_an_application_says_nothing() {
    let server = "[code]\nlength = 8\nalphabet = \"letters\"\nlifetime = \"5m\"\n";
    let all = read(&with(server, "")).unwrap();
    let policy = &all.applications["web"].policy;
    assert_eq!((policy.length, policy.alphabet, policy.checks), (8, Alphabet::Letters, 5));
    assert_eq!((&all.code, policy.lifetime), (policy, Duration::from_mins(5)));
    let own = read(&with(server, "code = { length = 6 }\n")).unwrap();
    let policy = &own.applications["web"].policy;
    assert_eq!((policy.length, policy.alphabet), (6, Alphabet::Letters));

    let narrow = told(&with(server, "bounds = { length = { most = 7 } }\n"));
    assert!(narrow[0].contains("lacks `length`, and its default of 8 is out of"), "{narrow:?}");
    let bad = told(&with("[code]\nlength = 3\nlenght = 4\n", ""));
    assert!(bad[0].contains("`code.length` must be between 4 and 10"), "{bad:?}");
    assert!(bad[1].contains("unknown key `lenght` in `code`\nhint: did you mean `length`?"), "{bad:?}");
}

#[test]
fn bounds_are_read_and_each_bad_one_is_told_exactly() {
    let good = "bounds = { length = { least = 6, most = 8 }, lifetime = { most = \"30m\" }, checks = { least = 2 }, \
                alphabets = [\"numeric\"] }\n";
    let config = read(&with("", good)).unwrap();
    let minute = Duration::from_mins(1);
    let expected = Bounds {
        length: 6..=8,
        lifetime: minute..=minute * 30,
        checks: 2..=10,
        alphabets: vec![Alphabet::Numeric],
        ..Bounds::default()
    };
    assert_eq!(config.applications["web"].bounds, expected);
    let bad = "bounds = { length = { least = 3 }, lifetime = { least = \"1h\", most = \"5m\" }, sends = { mots = 3 }, \
               checks = 5, alphabets = [] }\n";
    let bad = told(&with("", bad));
    let expected = [
        "`applications.web.bounds.length.least` must be between 4 and 10",
        "`applications.web.bounds.lifetime` has a `least` that is more than its `most`",
        "unknown key `mots` in `applications.web.bounds.sends`\nhint: did you mean `most`?",
        "`applications.web.bounds.checks` must be a table, not a whole number\n\
         hint: write it as `[applications.web.bounds.checks]`",
        "`applications.web.bounds.alphabets` is an empty list\nhint: for example alphabets = [\"numeric\"]",
    ];
    let bad: Vec<&str> = bad.iter().filter_map(|told| told.split_once(": ")).map(|(_, told)| told).collect();
    assert_eq!(bad, expected);
}

#[test]
fn a_policy_out_of_its_own_bounds_is_told_whether_it_was_written_or_not() {
    let body = "code = { alphabet = \"letters\", checks = 9 }\n\
                bounds = { length = { least = 7 }, checks = { most = 5 }, alphabets = [\"numeric\"] }\n";
    let told = told(&with("", body));
    let told: Vec<&str> =
        told.iter().filter_map(|told| told.split_once(": ")).map(|(_, told)| told).collect();
    assert_eq!(
        told,
        [
            "`applications.web.code` lacks `length`, and its default of 6 is out of this application's `bounds`\n\
             hint: say `length` in `applications.web.code`, or widen the bounds",
            "`applications.web.code.alphabet` is none of this application's `bounds.alphabets`",
            "`applications.web.code.checks` must be between 1 and 5",
        ]
    );
}

#[test]
fn test_recipients_are_a_mistake_unless_the_server_allows_them() {
    let body = "test_recipients = { \"+15005550006\" = \"123456\", \"Ada@example.com\" = \"ab-12\" }\n";
    let refused = told(&with("", body));
    assert_eq!(refused.len(), 1);
    assert!(refused[0].contains("allow_test_recipients = true"), "{refused:?}");
    assert!(!refused[0].contains("500555") && !refused[0].contains("123456"), "{refused:?}");
    let allowed = "[server]\nallow_test_recipients = true\n";
    let config = read(&with(allowed, body)).unwrap();
    let recipients = &config.applications["web"].test_recipients;
    assert_eq!(recipients.code(&Recipient::new("+15005550006")).unwrap().expose(), "123456");
    assert_eq!(recipients.code(&Recipient::new("ada@example.com")).unwrap().expose(), "AB12");
    let bad = "test_recipients = { \"7700900123\" = \"123456\", \"+447700900124\" = \"987\", \"+447700900125\" = 1 }\n";
    let bad = told(&with(allowed, bad));
    assert_eq!(bad.len(), 3, "{bad:?}");
    assert!(bad.iter().all(|told| !told.contains("7700900") && !told.contains("987")), "{bad:?}");
}
