//! The table: whole, in order, and every class of errors with the failure that makes the host do the right thing.

use super::{Code, TABLE, rows};
use provider_api::Failure;
use std::collections::BTreeSet;

/// Every code with the class it was sorted into: what went wrong, whoever is to act on it.
const CLASSES: &str = include_str!("../../error-classes.tsv");

/// The failure of a class, and the codes in it that are another one, because the host would do the wrong thing.
#[expect(clippy::match_same_arms, reason = "each arm has a reason of its own")]
fn failure_of(class: &str, code: u32) -> &'static str {
    match (class, code) {
        // The number is real: another channel reaches the person.
        ("recipient_invalid", 63_003 | 63_024) => "not_reachable",
        ("recipient_invalid", _) => "invalid_recipient",
        ("recipient_not_mobile" | "recipient_unreachable" | "temporarily_unreachable", _) => "not_reachable",
        ("unroutable", 63_036) => "not_reachable",
        ("opted_out", _) => "opted_out",
        // Another service may have the permission, the registration or the trust that this one lacks.
        ("blocked" | "geo_blocked" | "fraud_blocked" | "compliance" | "unroutable", _) => "blocked",
        // About this recipient or this message alone: the provider is right for others.
        ("config", 21_703) => "blocked",
        ("config", 21_266 | 21_606 | 21_624 | 30_010 | 30_012 | 30_013 | 30_042) => "rejected",
        ("trial", 30_044) => "rejected",
        ("account" | "auth" | "config" | "trial" | "not_found", _) => "misconfigured",
        ("content" | "template" | "filtered" | "request_bug" | "expired", _) => "rejected",
        ("throttled" | "quota" | "quota_daily" | "max_sends", _) => "throttled",
        // Surely not taken, or surely given up: it may be handed on without a second message arriving.
        ("transient", 20_503 | 30_017 | 63_009 | 63_010 | 63_012) => "unavailable",
        ("transient" | "unknown", _) => "unknown",
        // Of Twilio Verify, which this provider does not use.
        ("conflict" | "limit" | "max_checks" | "state" | "wrong_code", _) => "rejected",
        _ => panic!("the class `{class}` of {code} is not known"),
    }
}

fn explained(code: u32) -> provider_api::DeliveryError {
    Code::new(code.into()).unwrap().explain(400)
}

#[test]
fn every_class_of_errors_is_the_failure_that_makes_the_host_do_the_right_thing() {
    let classes: Vec<_> = CLASSES.lines().skip(1).filter_map(|line| line.split_once('\t')).collect();
    assert_eq!(classes.len(), 176);
    for (code, class) in classes {
        let error = explained(code.parse().unwrap());
        assert_eq!(error.failure.as_str(), failure_of(class, code.parse().unwrap()), "{code} is of {class}");
        assert_eq!(error.code.as_deref(), Some(code));
        assert!(!error.text.contains("twilio.com/docs"), "{code} is in the table");
    }
}

#[test]
fn the_table_is_in_order_and_each_row_says_in_plain_words_what_to_do() {
    let codes: Vec<u32> = rows().map(|(code, ..)| code.parse().unwrap()).collect();
    assert_eq!(codes.len(), TABLE.lines().count() - 1, "each line has three cells");
    assert!(codes.is_sorted(), "a code is found where it is looked for");
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "each code once");
    for (code, failure, text) in rows() {
        assert!(Failure::known().any(|known| known.as_str() == failure), "{code}: {failure}");
        assert!(
            (15..200).contains(&text.len()) && !text.ends_with('.') && !text.contains('\t'),
            "{code}: {text}"
        );
        assert!(!text.contains("broken") && failure != "broken", "{code}: no code is this library's fault");
    }
}

// J25, J27, J55, J56, S11
#[test]
fn the_errors_of_a_new_account_say_what_to_do() {
    for (code, failure, said) in [
        (21_608, Failure::Misconfigured, "Verified Caller IDs or upgrade"),
        (21_219, Failure::Misconfigured, "Verified Caller IDs or upgrade"),
        (21_408, Failure::Blocked, "Geo permissions"),
        (30_034, Failure::Blocked, "register brand and campaign and add the number, it cannot be bypassed"),
        (30_032, Failure::Blocked, "cannot be bypassed"),
        (21_649, Failure::Blocked, "cannot be bypassed"),
        (21_610, Failure::OptedOut, "only they can undo it, by texting START"),
        (21_211, Failure::InvalidRecipient, "digits only"),
        (20_003, Failure::Misconfigured, "`account_sid` and `auth_token`"),
    ] {
        let error = explained(code);
        assert_eq!(error.failure, failure, "{code}");
        assert!(error.text.contains(said), "{code}: {error}");
    }
}

// L24
#[test]
fn an_unknown_code_means_what_the_status_says_and_where_to_read_on() {
    for (status, failure) in [
        (200, Failure::Rejected),
        (302, Failure::Misconfigured),
        (400, Failure::Rejected),
        (401, Failure::Misconfigured),
        (404, Failure::Misconfigured),
        (409, Failure::Rejected),
        (429, Failure::Throttled),
        (500, Failure::Unknown),
        (502, Failure::Unknown),
        (503, Failure::Unavailable),
        (504, Failure::Unknown),
        (799, Failure::Unknown),
    ] {
        let error = Code::new(99_998).unwrap().explain(status);
        assert_eq!((error.failure, error.code.as_deref()), (failure, Some("99998")), "{status}");
        assert_eq!(error.text, "Twilio explains this error at https://www.twilio.com/docs/errors/99998");
    }
}

#[test]
fn a_number_that_is_no_code_is_none() {
    for number in [0, 7, 9_999, 100_000, 447_700_900_123, u64::MAX] {
        assert_eq!(Code::new(number), None, "{number}");
    }
}
