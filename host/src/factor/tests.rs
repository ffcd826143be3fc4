//! What holds of a factor and its challenges, whatever is asked in whatever order and whatever the clock does.

use super::{entity::tests::entity, *};
use crate::{
    clock::millis,
    limit::Rate,
    seal::{ChallengeId, CodeHash},
};
use proptest::prelude::*;

const NOW: i64 = 1_700_000_000_000;

/// However many wrong answers.
const OPEN: Guessing = Guessing { failed_checks: None, failed_in_a_row: None };

fn secret() -> SharedSecret {
    SharedSecret::of(b"12345678901234567890")
}

fn factor() -> Factor {
    let chance = Chance::seeded(1);
    let keys = Keys::ephemeral(&chance).unwrap();
    let id = FactorId::new(millis(NOW), &chance);
    let sealed = keys.seal_secret(&id, &secret(), &chance);
    let name = FactorName::try_from("phone".to_owned()).unwrap();
    let new = NewFactor { name, totp: Totp::default(), secret: None, metadata: None };
    Factor::new(id, &entity(), new, sealed, millis(NOW))
}

/// A factor that was verified with the code of a minute before.
fn verified() -> Factor {
    let mut factor = factor();
    let before = millis(NOW - 60_000);
    assert_eq!(factor.verify(&secret(), &code(before), before), Ok(true));
    factor
}

fn code(time: Timestamp) -> Typed {
    Totp::default().code_at(&secret(), time)
}

/// Letters, which no code holds.
fn wrong() -> Typed {
    Typed::read("wrong!").unwrap()
}

fn challenge(factor: &mut Factor, now: Timestamp) -> Challenge {
    factor.admit(OPEN, now).unwrap();
    Challenge::new(ChallengeId::new(now, &Chance::system()), factor, NewChallenge::default(), now).unwrap()
}

#[test]
fn a_right_code_verifies_a_factor_and_is_good_for_nothing_more() {
    let (mut factor, now) = (factor(), millis(NOW));
    assert_eq!(factor.admit(OPEN, now), Err(ChallengeRefused::Unverified));
    assert_eq!(factor.verify(&secret(), &wrong(), now), Ok(false));
    assert_eq!(factor.verify(&secret(), &code(now), now), Ok(true));
    assert_eq!((factor.status(), factor.keep_until()), (FactorStatus::Verified, Timestamp::MAX));
    assert_eq!(factor.verify(&secret(), &code(now), now), Err(VerifyRefused::Verified));
    let mut challenge = challenge(&mut factor, now);
    assert_eq!(
        challenge.answer(&mut factor, &secret(), &code(now), OPEN, now),
        Ok(false),
        "its step is spent"
    );
    let later = after(now, Duration::from_secs(30));
    assert_eq!(challenge.answer(&mut factor, &secret(), &code(later), OPEN, later), Ok(true));
    assert_eq!((challenge.status(later), challenge.responded_at), (ChallengeStatus::Approved, Some(later)));
}

#[test]
fn five_wrong_codes_leave_a_factor_unverified_for_ever() {
    let (mut factor, now) = (factor(), millis(NOW));
    for _ in 0..TRIES {
        assert_eq!(factor.verify(&secret(), &wrong(), now), Ok(false));
    }
    assert_eq!(factor.verify(&secret(), &code(now), now), Err(VerifyRefused::Spent));
    assert_eq!(factor.keep_until(), after(now, UNVERIFIED), "and it is forgotten");
}

#[test]
fn five_wrong_answers_deny_a_challenge_and_what_is_over_stays_so() {
    let (mut factor, now) = (verified(), millis(NOW));
    let mut denied = challenge(&mut factor, now);
    for left in (0..ANSWERS_OF_ONE).rev() {
        assert_eq!(denied.answer(&mut factor, &secret(), &wrong(), OPEN, now), Ok(false));
        let status = if left == 0 { ChallengeStatus::Denied } else { ChallengeStatus::Pending };
        assert_eq!(denied.status(now), status);
    }
    let mut approved = challenge(&mut factor, now);
    assert_eq!(approved.answer(&mut factor, &secret(), &code(now), OPEN, now), Ok(true));
    let (late, later) = (after(now, Duration::from_mins(5)), after(now, Duration::from_secs(299)));
    let mut expired = challenge(&mut factor, now);
    assert_eq!(expired.status(later), ChallengeStatus::Pending);
    for (mut challenge, status) in [
        (denied, ChallengeStatus::Denied),
        (approved, ChallengeStatus::Approved),
        (expired.clone(), ChallengeStatus::Expired),
    ] {
        let before = (challenge.clone(), factor.clone());
        let answered = challenge.answer(&mut factor, &secret(), &code(late), OPEN, late);
        assert_eq!(answered, Err(AnswerRefused::Ended(status)));
        assert_eq!((challenge, factor.clone()), before, "nothing is changed");
    }
    assert_eq!(expired.answer(&mut factor, &secret(), &code(later), OPEN, later), Ok(true));
}

const ANSWERS_OF_ONE: u8 = 5;

#[test]
fn a_challenge_ends_within_an_hour() {
    let (factor, now) = (verified(), millis(NOW));
    let ending = |at: i64| {
        let new = NewChallenge { expires_at: Some(millis(NOW + at)), ..NewChallenge::default() };
        Challenge::new(ChallengeId::new(now, &Chance::seeded(1)), &factor, new, now)
    };
    for (at, fits) in [(0, false), (-1, false), (1, true), (3_600_000, true), (3_600_001, false)] {
        assert_eq!(ending(at).is_ok(), fits, "{at}");
    }
    let usual = challenge(&mut verified(), now);
    assert_eq!(usual.expires_at, after(now, Duration::from_mins(5)));
}

#[test]
fn a_code_is_right_within_the_skew_and_no_further() {
    let now = millis(NOW);
    for skew in 0..=2 {
        let totp = Totp::default().with_skew(skew).unwrap();
        for steps in -4..=4 {
            let mut factor = factor();
            factor.totp = totp;
            let typed = code(millis(NOW + steps * 30_000));
            assert_eq!(factor.verify(&secret(), &typed, now), Ok(steps.abs() <= skew), "{steps} of {skew}");
        }
    }
}

#[test]
fn a_code_of_an_earlier_step_is_refused_once_a_later_one_was_accepted() {
    let (mut factor, now) = (verified(), millis(NOW));
    let ahead = code(after(now, Duration::from_secs(30)));
    let mut one = challenge(&mut factor, now);
    assert_eq!(one.answer(&mut factor, &secret(), &ahead, OPEN, now), Ok(true));
    let mut other = challenge(&mut factor, now);
    assert_eq!(other.answer(&mut factor, &secret(), &code(now), OPEN, now), Ok(false));
    assert_eq!(other.answer(&mut factor, &secret(), &ahead, OPEN, now), Ok(false));
    // A clock that is set back makes no code good again, and one that goes on does not either.
    for minutes in [1, 2, 60] {
        let earlier = millis(NOW - minutes * 60_000);
        let mut challenge = challenge(&mut factor, earlier);
        for typed in [code(earlier), code(now), ahead.clone()] {
            assert_eq!(challenge.answer(&mut factor, &secret(), &typed, OPEN, earlier), Ok(false));
        }
    }
    let later = after(now, Duration::from_mins(1));
    assert_eq!(
        challenge(&mut factor, later).answer(&mut factor, &secret(), &code(later), OPEN, later),
        Ok(true)
    );
}

/// RFC 4226 section 7.3, NIST SP 800-63B 5.2.2
#[test]
fn so_many_wrong_codes_in_a_row_lock_a_factor_and_a_right_one_begins_anew() {
    let (mut factor, now) = (verified(), millis(NOW));
    let most = Guessing { failed_in_a_row: Some(7), ..OPEN };
    let answer = |factor: &mut Factor, times: u32| {
        for _ in 0..times {
            let mut challenge = challenge(factor, now);
            assert_eq!(challenge.answer(factor, &secret(), &wrong(), most, now), Ok(false));
        }
    };
    answer(&mut factor, 6);
    let mut right = challenge(&mut factor, now);
    assert_eq!(right.answer(&mut factor, &secret(), &code(now), most, now), Ok(true));
    let mut asked_before = challenge(&mut factor, now);
    answer(&mut factor, 7);
    assert_eq!(factor.admit(most, now), Err(ChallengeRefused::Locked));
    let later = after(now, Duration::from_mins(1));
    let right = asked_before.answer(&mut factor, &secret(), &code(later), most, later);
    assert_eq!(right, Err(AnswerRefused::Locked));
    assert_eq!(factor.admit(OPEN, now), Ok(()), "where the application has no such limit");
}

/// RFC 4226 section 7.3, NIST SP 800-63B 5.2.2
#[test]
fn so_many_wrong_codes_within_a_time_hold_the_next_back_whatever_is_challenged() {
    let (mut factor, now) = (verified(), millis(NOW));
    let hour = Duration::from_hours(1);
    let rules = Guessing { failed_checks: Some(Rate::new(7, hour)), ..OPEN };
    for count in 0..7 {
        if count == 3 {
            let mut right = challenge(&mut factor, now);
            assert_eq!(right.answer(&mut factor, &secret(), &code(now), rules, now), Ok(true));
        }
        let mut one = challenge(&mut factor, now);
        assert_eq!(one.answer(&mut factor, &secret(), &wrong(), rules, now), Ok(false));
    }
    let later = after(now, Duration::from_mins(10));
    let mut held = challenge(&mut factor, later);
    let before = (held.clone(), factor.clone());
    let answered = held.answer(&mut factor, &secret(), &code(later), rules, later);
    assert_eq!(answered, Err(AnswerRefused::TooMany(Duration::from_mins(50))));
    assert_eq!((held, factor.clone()), before, "nothing is changed");
    let free = after(now, hour);
    let mut right = challenge(&mut factor, free);
    assert_eq!(right.answer(&mut factor, &secret(), &code(free), rules, free), Ok(true));
}

#[test]
fn a_spent_step_stays_spent_when_time_is_divided_otherwise() {
    for (from, to) in [(30, 20), (30, 60), (60, 20), (20, 45)] {
        for second in 0..180 {
            let now = millis(NOW + second * 1_000);
            let mut factor = factor();
            factor.set_totp(Totp::default().with_step(from).unwrap());
            let typed = factor.totp.code_at(&secret(), now);
            assert_eq!(factor.verify(&secret(), &typed, now), Ok(true));
            factor.set_totp(Totp::default().with_step(to).unwrap().with_skew(0).unwrap());
            let typed = factor.totp.code_at(&secret(), now);
            let mut challenge = challenge(&mut factor, now);
            assert_eq!(challenge.answer(&mut factor, &secret(), &typed, OPEN, now), Ok(false), "{from} {to}");
            let later = after(now, Duration::from_mins(2));
            let typed = factor.totp.code_at(&secret(), later);
            assert_eq!(challenge.answer(&mut factor, &secret(), &typed, OPEN, later), Ok(true));
        }
    }
}

#[test]
fn a_factor_shows_nothing_secret_and_opens_its_own_secret_only() {
    let chance = Chance::seeded(1);
    let keys = Keys::ephemeral(&chance).unwrap();
    let mut factor = factor();
    assert_eq!(factor.secret(&keys), Ok(secret()));
    let before = factor.secret.clone();
    factor.seal_anew(&keys, &Chance::system()).unwrap();
    assert_ne!(factor.secret, before);
    assert_eq!(factor.secret(&keys), Ok(secret()));
    let shown = format!("{factor:?}{}", serde_json::to_string(&factor).unwrap());
    for secret in ["GEZDGNBV", "1234567890", "31323334"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!format!("{factor:?}").contains("phone"));
}

#[test]
fn a_factors_name_is_short_and_steers_no_terminal() {
    for (name, is_one) in [
        ("Ada's phone", true),
        ("", false),
        (&"\u{e9}".repeat(64), true),
        (&"x".repeat(65), false),
        ("a\u{1b}[2J", false),
    ] {
        assert_eq!(FactorName::try_from(name.to_owned()).is_ok(), is_one, "{name}");
    }
}

proptest! {
    /// Whatever codes come in whatever order, with whatever clock: no step is accepted twice, and none after a later one.
    #[test]
    fn accepted_steps_only_grow(
        asked in prop::collection::vec((-20i64..20, -3i64..4), 1..120), skew in 0i64..=2,
        hash in prop::sample::select(vec![CodeHash::Sha1, CodeHash::Sha256, CodeHash::Sha512]),
    ) {
        let mut factor = factor();
        factor.totp = Totp::default().with_hash(hash).with_skew(skew).unwrap();
        let mut accepted: Vec<i64> = Vec::new();
        for (clock, typed) in asked {
            let now = millis(NOW + clock * 15_000);
            let step = (NOW + clock * 15_000) / 30_000 + typed;
            let typed = factor.totp.code_at(&secret(), millis(step * 30_000));
            if factor.accept(&secret(), &typed, now) {
                prop_assert!(accepted.last().is_none_or(|last| step > *last), "{step} after {accepted:?}");
                prop_assert!((step - now.as_second().div_euclid(30)).abs() <= skew);
                accepted.push(step);
            }
        }
    }

    /// No answer is judged beyond the fifth, and at most one approves.
    #[test]
    fn a_challenge_is_approved_once_and_judged_five_times(
        answers in prop::collection::vec((any::<bool>(), 0u64..90), 1..20),
    ) {
        let (mut factor, mut now) = (verified(), millis(NOW));
        let mut challenge = challenge(&mut factor, now);
        let (mut judged, mut approved) = (0, 0);
        for (is_right, seconds) in answers {
            now = after(now, Duration::from_secs(seconds));
            let typed = if is_right { code(now) } else { wrong() };
            let before = challenge.status(now);
            match challenge.answer(&mut factor, &secret(), &typed, OPEN, now) {
                Ok(right) => {
                    judged += 1;
                    approved += u8::from(right);
                    prop_assert_eq!(before, ChallengeStatus::Pending);
                }
                Err(refused) => prop_assert_eq!(refused, AnswerRefused::Ended(before)),
            }
        }
        prop_assert!(judged <= 5 && approved <= 1);
    }
}
