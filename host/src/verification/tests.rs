//! The rules of a verification's life as a table of (state, event) to state, and as properties.

use super::*;
use crate::{clock::millis, seal::Chance};
use proptest::prelude::*;

/// Ten minutes, three checks, two sends, 30 seconds apart.
pub(crate) fn policy() -> Policy {
    Policy { checks: 3, sends: 2, ..Policy::default() }
}

pub(crate) fn verification(policy: Policy, now: Timestamp) -> Verification {
    let chance = Chance::seeded(5);
    let draft = Draft {
        id: VerificationId::new(now, &chance),
        application: "web".to_owned(),
        purpose: "generic".to_owned(),
        locale: None,
        member_name: MemberName::new("Ada"),
        method: "sms:code".parse().unwrap(),
        channel: Channel::new("sms").unwrap(),
        recipient: Recipient::new("+447700900123"),
        person: "0".repeat(64),
        key: "k1".to_owned(),
        policy,
        own_code: None,
        payment: None,
        wording: Wording::default(),
        is_test: false,
        slot: "slot".to_owned(),
        member: None,
        notes: Notes::default(),
        webhook: None,
    };
    Verification::start(draft, DeliveryId::new(now, &chance), now)
}

pub(super) fn delivery() -> DeliveryId {
    DeliveryId::new(millis(0), &Chance::seeded(6))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Right,
    Wrong,
    Cancel,
    Resend,
    GiveBack,
    Wait(u16),
}

/// Applies an event; says `ok`, or why not.
fn apply(verification: &mut Verification, event: Act, now: &mut Timestamp) -> &'static str {
    match event {
        Act::Right => match verification.check(*now, |_| true) {
            Ok(Verdict::Right) => "right",
            Ok(Verdict::Wrong) => "wrong",
            Err(Ended(status)) => status.as_str(),
        },
        Act::Wrong => match verification.check(*now, |_| false) {
            Ok(Verdict::Right) => "right",
            Ok(Verdict::Wrong) => "wrong",
            Err(Ended(status)) => status.as_str(),
        },
        Act::Cancel => verification
            .cancel(*now)
            .map_or_else(|Ended(status)| status.as_str(), |ended| if ended { "ok" } else { "already" }),
        Act::Resend => match verification.resend(delivery(), *now) {
            Ok(()) => "ok",
            Err(ResendRefused::TooSoon { .. }) => "too soon",
            Err(ResendRefused::UsedUp { .. }) => "used up",
            Err(ResendRefused::Ended(Ended(status))) => status.as_str(),
        },
        Act::GiveBack => {
            if verification.give_back(true, *now) {
                "ok"
            } else {
                "kept"
            }
        }
        Act::Wait(seconds) => {
            *now = after(*now, Duration::from_secs(seconds.into()));
            "ok"
        }
    }
}

/// X12–X15
#[test]
fn each_event_leads_from_each_state_to_the_right_one() {
    use Act::{Cancel, GiveBack, Resend, Right, Wait, Wrong};
    use Status::{Approved, Canceled, Exhausted, Expired, Pending};
    let table: &[(&[Act], Act, &str, Status)] = &[
        (&[], Right, "right", Approved),
        (&[], Wrong, "wrong", Pending),
        (&[], Cancel, "ok", Canceled),
        (&[], Resend, "too soon", Pending),
        (&[Wait(30)], Resend, "ok", Pending),
        (&[Wait(29)], Resend, "too soon", Pending),
        (&[Wait(30), Resend, Wait(30)], Resend, "used up", Pending),
        (&[Wait(30), Resend, Wait(569)], Right, "right", Approved),
        (&[], GiveBack, "ok", Pending),
        (&[GiveBack], GiveBack, "kept", Pending),
        (&[GiveBack], Resend, "ok", Pending),
        (&[GiveBack, Resend], Resend, "too soon", Pending),
        (&[GiveBack, Resend, GiveBack, Resend], GiveBack, "kept", Pending),
        (&[Cancel], GiveBack, "kept", Canceled),
        (&[Wait(600)], GiveBack, "kept", Expired),
        (&[Wait(599)], Right, "right", Approved),
        (&[Wait(600)], Right, "expired", Expired),
        (&[Wait(600)], Wrong, "expired", Expired),
        (&[Wait(600)], Cancel, "expired", Expired),
        (&[Wait(600)], Resend, "expired", Expired),
        (&[Wrong], Right, "right", Approved),
        (&[Wrong, Wrong], Right, "right", Approved),
        (&[Wrong, Wrong], Wrong, "wrong", Exhausted),
        (&[Wrong, Wrong, Wrong], Right, "exhausted", Exhausted),
        (&[Wrong, Wrong, Wrong], Cancel, "exhausted", Exhausted),
        (&[Wrong, Wrong, Wrong, Wait(900)], Right, "exhausted", Exhausted),
        (&[Right], Right, "approved", Approved),
        (&[Right], Wrong, "approved", Approved),
        (&[Right], Cancel, "approved", Approved),
        (&[Right, Wait(900)], Resend, "approved", Approved),
        (&[Cancel], Right, "canceled", Canceled),
        (&[Cancel], Cancel, "already", Canceled),
        (&[Cancel, Wait(900)], Wrong, "canceled", Canceled),
    ];
    for (before, event, says, leads_to) in table {
        let mut now = millis(1_000_000);
        let mut verification = verification(policy(), now);
        for event in *before {
            apply(&mut verification, *event, &mut now);
        }
        assert_eq!(apply(&mut verification, *event, &mut now), *says, "{before:?} {event:?}");
        assert_eq!(verification.status(now), *leads_to, "{before:?} {event:?}");
    }
}

#[test]
fn the_count_is_spent_before_the_comparison() {
    let now = millis(0);
    let mut verification = verification(policy(), now);
    verification
        .check(now, |at_comparison| {
            assert_eq!(at_comparison.checks_left, 2);
            false
        })
        .unwrap();
}

#[test]
fn an_expired_verification_cannot_be_approved() {
    let mut verification = verification(policy(), millis(0));
    let end = verification.expires_at;
    let compared = verification.check(end, |_| panic!("compared"));
    assert_eq!(compared, Err(Ended(Status::Expired)));
    assert_eq!(verification.checks_left, 3);
    assert_eq!(verification.ended_at(end), Some(end));
}

#[test]
fn who_resends_too_often_is_told_how_long_to_wait() {
    let now = millis(0);
    let mut verification = verification(policy(), now);
    let at = |seconds| after(now, Duration::from_secs(seconds));
    let wait = Duration::from_secs(20);
    assert_eq!(verification.resend(delivery(), at(10)), Err(ResendRefused::TooSoon { wait }));
    assert_eq!(verification.resend(delivery(), at(30)), Ok(()));
    let wait = Duration::from_secs(500);
    assert_eq!(verification.resend(delivery(), at(100)), Err(ResendRefused::UsedUp { wait }));
}

#[test]
fn a_resend_carries_the_same_code_unless_the_policy_asks_for_a_fresh_one() {
    for (fresh, generation) in [(false, 0), (true, 1)] {
        let mut verification = verification(Policy { fresh_code_on_resend: fresh, ..policy() }, millis(0));
        verification.resend(delivery(), verification.resend_after).unwrap();
        assert_eq!(verification.generation, generation);
        assert_eq!(verification.deliveries.len(), 2);
    }
}

#[test]
fn a_verification_is_shown_without_its_recipient_and_stored_with_it() {
    let verification = verification(policy(), millis(0));
    assert!(!format!("{verification:?}").contains("7700900"));
    let stored = serde_json::to_string(&verification).unwrap();
    assert_eq!(serde_json::from_str::<Verification>(&stored).unwrap(), verification);
}

fn event() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::Right),
        6 => Just(Act::Wrong),
        1 => Just(Act::Cancel),
        3 => Just(Act::Resend),
        2 => Just(Act::GiveBack),
        4 => (0u16..200).prop_map(Act::Wait),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_it_is_approved_once_at_most_and_checked_as_often_as_allowed(
        events in prop::collection::vec(event(), 0..60),
        checks in 1u8..=10,
        sends in 1u8..=10,
    ) {
        let mut now = millis(0);
        let mut verification = verification(Policy { checks, sends, ..Policy::default() }, now);
        let (mut checked, mut sent, mut returned, mut approved, mut over) = (0, 1, 0, 0, false);
        for event in events {
            let said = apply(&mut verification, event, &mut now);
            if matches!(said, "right" | "wrong") {
                prop_assert!(!over, "checked after the end");
                prop_assert!(now < verification.expires_at);
                checked += 1;
            }
            approved += u8::from(said == "right");
            sent += u8::from(event == Act::Resend && said == "ok");
            returned += u8::from(event == Act::GiveBack && said == "ok");
            prop_assert!(returned <= sent && verification.sends_left <= sends, "more than was taken");
            let ended = !verification.is_pending(now);
            prop_assert!(ended || !over, "came back to life");
            over = ended;
        }
        prop_assert!(approved <= 1 && checked <= checks && sent <= sends + returned && returned <= sends);
        prop_assert_eq!(verification.checks_left, checks - checked);
        prop_assert_eq!(verification.sends_left, sends + returned - sent);
        prop_assert_eq!(verification.deliveries.len(), usize::from(sent));
        prop_assert_eq!(verification.status(now) == Status::Approved, approved == 1);
    }
}
