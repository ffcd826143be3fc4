//! Authenticator apps over a real ledger: each step is good once, however much comes at one moment, and what belongs to one
//! entity is nothing to another.

use super::*;
use crate::{
    factor::{
        AnswerRefused, ChallengeRefused, ChallengeStatus, FactorName, FactorStatus, Identity, NewChallenge,
        NewFactor, Totp, VerifyRefused,
    },
    limit::{Guessing, Standing},
    seal::{ChallengeId, FactorId, SharedSecret},
};
use proptest::prelude::*;

pub(super) fn identity(name: &str) -> Identity {
    Identity::try_from(name.to_owned()).unwrap()
}

fn named(name: &str) -> FactorName {
    FactorName::try_from(name.to_owned()).unwrap()
}

pub(super) fn new_factor() -> NewFactor {
    NewFactor { name: named("phone"), totp: Totp::default(), secret: None, metadata: None }
}

fn wrong() -> Option<Typed> {
    Some(Typed::read("wrong!").unwrap())
}

/// What these come to, asked at one moment and in this order.
async fn at_once<T: Send + 'static>(
    jobs: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let asked: Vec<_> = jobs.map(tokio::spawn).collect();
    let mut done = Vec::new();
    for job in asked {
        done.push(job.await.unwrap());
    }
    done
}

/// A verified factor of an entity, and its secret.
#[derive(Clone)]
pub(super) struct App {
    pub(super) id: FactorId,
    pub(super) secret: SharedSecret,
}

impl House {
    /// The code that an app shows this many steps from now.
    pub(super) fn shown(&self, secret: &SharedSecret, steps: i64) -> Typed {
        let now = self.hand.clock().now().as_millisecond();
        Totp::default().code_at(secret, millis(now + steps * 30_000))
    }

    pub(super) async fn app(&self, who: &str) -> App {
        let made = self.verifier.make_factor(&self.web, identity(who), new_factor()).await.unwrap();
        let typed = Some(self.shown(&made.secret, -1));
        let change = Change { typed, ..Change::default() };
        let factor =
            self.verifier.change_factor(&self.web, &identity(who), made.factor.id, change).await.unwrap();
        assert_eq!(factor.status(), FactorStatus::Verified);
        App { id: factor.id, secret: made.secret }
    }

    pub(super) async fn challenge(
        &self,
        who: &str,
        app: &App,
        typed: Option<Typed>,
    ) -> Result<Asked, FactorError> {
        let new = NewChallenge::default();
        self.verifier.challenge(&self.web, &identity(who), app.id.clone(), new, typed).await
    }

    /// Where the challenge stands after the code of this many steps from now.
    pub(super) async fn proves(&self, who: &str, app: &App, steps: i64) -> ChallengeStatus {
        let typed = Some(self.shown(&app.secret, steps));
        let asked = self.challenge(who, app, typed).await.unwrap();
        asked.challenge.status(asked.at)
    }

    async fn answer(
        &self,
        who: &str,
        id: &ChallengeId,
        typed: Option<Typed>,
    ) -> Result<ChallengeStatus, FactorError> {
        let answered =
            self.verifier.answer_challenge(&self.web, &identity(who), id.clone(), typed, None).await?;
        Ok(answered.challenge.status(answered.at))
    }
}

/// T4
#[tokio::test]
async fn an_app_is_enrolled_verified_and_asked() {
    let house = house();
    let made = house.verifier.make_factor(&house.web, identity("user-0001"), new_factor()).await.unwrap();
    let id = made.factor.id.clone();
    let unverified = App { id: id.clone(), secret: made.secret.clone() };
    let refused = house.challenge("user-0001", &unverified, None).await.unwrap_err();
    assert!(matches!(refused, FactorError::Challenge(ChallengeRefused::Unverified)));

    let change = |typed| Change { name: Some(named("other")), typed, ..Change::default() };
    let verify = async |typed| {
        house.verifier.change_factor(&house.web, &identity("user-0001"), id.clone(), change(typed)).await
    };
    assert!(matches!(verify(wrong()).await, Err(FactorError::Wrong)));
    let kept = house.verifier.factor(&house.web, &identity("user-0001"), id.clone()).await.unwrap();
    assert_eq!(kept.name.as_str(), "phone", "with a wrong code nothing else changes");
    let right = Some(house.shown(&made.secret, 0));
    assert_eq!(verify(right.clone()).await.unwrap().name.as_str(), "other");
    assert!(matches!(verify(right).await, Err(FactorError::Verify(VerifyRefused::Verified))));

    assert_eq!(house.proves("user-0001", &unverified, 0).await, ChallengeStatus::Pending, "it is spent");
    house.hand.advance(Duration::from_secs(30));
    assert_eq!(house.proves("user-0001", &unverified, 0).await, ChallengeStatus::Approved);
    let asked = house.challenge("user-0001", &unverified, None).await.unwrap().challenge;
    house.hand.advance(Duration::from_secs(30));
    let typed = Some(house.shown(&made.secret, 0));
    assert_eq!(house.answer("user-0001", &asked.id, typed.clone()).await.unwrap(), ChallengeStatus::Approved);
    let again = house.answer("user-0001", &asked.id, typed).await.unwrap_err();
    let ended = AnswerRefused::Ended(ChallengeStatus::Approved);
    assert!(matches!(again, FactorError::Answer(refused) if refused == ended));
}

#[tokio::test]
async fn five_wrong_codes_leave_a_factor_unverified() {
    let house = house();
    let made = house.verifier.make_factor(&house.web, identity("user-0001"), new_factor()).await.unwrap();
    let verify = async |typed| {
        let change = Change { typed, ..Change::default() };
        let who = identity("user-0001");
        house.verifier.change_factor(&house.web, &who, made.factor.id.clone(), change).await
    };
    for _ in 0..5 {
        assert!(matches!(verify(wrong()).await, Err(FactorError::Wrong)));
    }
    let right = Some(house.shown(&made.secret, 0));
    assert!(matches!(verify(right).await, Err(FactorError::Verify(VerifyRefused::Spent))));
}

#[tokio::test]
async fn of_64_challenges_with_one_code_at_the_same_moment_exactly_one_is_approved() {
    let house = Arc::new(house());
    let app = house.app("user-0001").await;
    let ask = |_| {
        let (house, app) = (Arc::clone(&house), app.clone());
        async move { house.challenge("user-0001", &app, Some(house.shown(&app.secret, 0))).await }
    };
    let told = at_once((0..64).map(ask)).await;
    let (asked, refused): (Vec<_>, Vec<_>) = told.into_iter().partition(Result::is_ok);
    let approved =
        asked.into_iter().flatten().filter(|it| it.challenge.status(it.at) == ChallengeStatus::Approved);
    assert_eq!(approved.count(), 1);
    assert_eq!(refused.len(), 14, "fifty an hour");
    for error in refused {
        assert!(matches!(error, Err(FactorError::Challenge(ChallengeRefused::TooMany(_)))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_answers_with_one_code_at_the_same_moment_exactly_one_approves() {
    let house = Arc::new(house());
    let app = house.app("user-0001").await;
    let mut ids = Vec::new();
    for _ in 0..16 {
        ids.push(house.challenge("user-0001", &app, None).await.unwrap().challenge.id);
    }
    let answer = |n: usize| {
        let (house, id, typed) = (Arc::clone(&house), ids[n % 16].clone(), house.shown(&app.secret, 0));
        async move { house.answer("user-0001", &id, Some(typed)).await }
    };
    let answers = at_once((0..64).map(answer)).await;
    let mut approved = 0;
    for answer in answers {
        match answer {
            Ok(status) => approved += u8::from(status == ChallengeStatus::Approved),
            Err(error) => {
                let ended = AnswerRefused::Ended(ChallengeStatus::Approved);
                assert!(matches!(error, FactorError::Answer(refused) if refused == ended));
            }
        }
    }
    assert_eq!(approved, 1);
}

#[tokio::test]
async fn of_64_wrong_answers_at_the_same_moment_five_are_judged() {
    let house = Arc::new(house());
    let app = house.app("user-0001").await;
    let id = house.challenge("user-0001", &app, None).await.unwrap().challenge.id;
    let answer = |_| {
        let (house, id) = (Arc::clone(&house), id.clone());
        async move { house.answer("user-0001", &id, wrong()).await }
    };
    let told = at_once((0..64).map(answer)).await;
    let judged: Vec<ChallengeStatus> = told.into_iter().flatten().collect();
    let pending = ChallengeStatus::Pending;
    assert_eq!(judged, [pending, pending, pending, pending, ChallengeStatus::Denied]);
}

#[tokio::test]
async fn what_belongs_to_another_is_as_good_as_none() {
    let house = house();
    let (one, other) = (house.app("user-0001").await, house.app("user-0002").await);
    let id = house.challenge("user-0001", &one, None).await.unwrap().challenge.id;
    let typed = Some(house.shown(&one.secret, 0));
    assert!(matches!(house.challenge("user-0002", &one, typed.clone()).await, Err(FactorError::NoFactor)));
    assert!(matches!(house.answer("user-0002", &id, typed.clone()).await, Err(FactorError::NoChallenge)));
    assert!(matches!(house.answer("nobody-01", &id, typed).await, Err(FactorError::NoEntity)));
    let (verifier, shop) = (&house.verifier, &house.shop);
    let removed = verifier.remove_factor(&house.web, &identity("user-0002"), one.id.clone()).await;
    assert!(matches!(removed, Err(FactorError::NoFactor)));
    assert!(matches!(verifier.entity(shop, &identity("user-0001")).await, Err(FactorError::NoEntity)));
    let there = verifier.make_factor(shop, identity("user-0001"), new_factor()).await.unwrap();
    let found = verifier.factor(&house.web, &identity("user-0001"), there.factor.id).await;
    assert!(matches!(found, Err(FactorError::NoFactor)));
    assert_eq!(house.proves("user-0002", &other, 0).await, ChallengeStatus::Approved);
    assert_eq!(
        house.answer("user-0001", &id, Some(house.shown(&one.secret, 0))).await.unwrap(),
        ChallengeStatus::Approved
    );
}

#[tokio::test]
async fn a_secret_is_told_once_and_kept_in_no_clear_form() {
    let house = house();
    let brought = SharedSecret::of(b"12345678901234567890");
    let new = NewFactor { secret: Some(brought.clone()), ..new_factor() };
    let made = house.verifier.make_factor(&house.web, identity("user-0001"), new).await.unwrap();
    assert_eq!(made.secret, brought);
    let kept = house.verifier.ledger.all::<Value>(Kind::Factor).await.unwrap();
    let shown = format!("{kept:?}{made:?}");
    for secret in ["GEZDGNBVGY3TQOJQ", "1234567890", "31323334"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Guesses are bounded over all challenges, too (NIST SP 800-63B 5.2.2).
#[tokio::test]
async fn so_many_wrong_codes_in_a_row_lock_a_factor() {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let guessing = Guessing { failed_checks: None, failed_in_a_row: Some(7) };
    let verifier = Arc::new(verifier_within(&hand, &Rules { guessing, ..Rules::off() }));
    let (web, shop) =
        (verifier.application("key-of-web").unwrap(), verifier.application("key-of-shop").unwrap());
    let house = House { verifier, hand, web, shop };
    let app = house.app("user-0001").await;
    let waits = house.challenge("user-0001", &app, None).await.unwrap().challenge.id;
    for _ in 0..7 {
        house.challenge("user-0001", &app, wrong()).await.unwrap();
    }
    let refused = house.challenge("user-0001", &app, None).await.unwrap_err();
    assert!(matches!(refused, FactorError::Challenge(ChallengeRefused::Locked)));
    let right = Some(house.shown(&app.secret, 0));
    let refused = house.answer("user-0001", &waits, right).await.unwrap_err();
    assert!(matches!(refused, FactorError::Answer(AnswerRefused::Locked)));
    let anew = house.app("user-0001").await;
    assert_eq!(house.proves("user-0001", &anew, 0).await, ChallengeStatus::Approved);
}

#[tokio::test]
async fn an_operator_sees_and_frees_the_wrong_codes_of_an_entitys_factors_and_of_no_others() {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let rules = Rules {
        guessing: Guessing { failed_in_a_row: Some(7), ..Rules::default().guessing },
        ..Rules::off()
    };
    let verifier = Arc::new(verifier_within(&hand, &rules));
    let (web, shop) =
        (verifier.application("key-of-web").unwrap(), verifier.application("key-of-shop").unwrap());
    let house = House { verifier, hand, web, shop };
    let (one, other) = (house.app("user-0001").await, house.app("user-0001").await);
    let stranger = house.app("user-0002").await;
    for (who, app, times) in [("user-0001", &one, 3), ("user-0001", &other, 7), ("user-0002", &stranger, 7)] {
        for _ in 0..times {
            house.challenge(who, app, wrong()).await.unwrap();
        }
    }
    let about = |who: &str| Subject::Entity(identity(who));
    let used = |told: Vec<Standing>| told.into_iter().map(|told| (told.name, told.used)).collect::<Vec<_>>();
    let all = |count| vec![("failed_checks_per_factor", count), ("failed_checks_in_a_row_per_factor", count)];
    assert_eq!(used(house.verifier.limits("web", about("user-0001")).await.unwrap()), all(7), "the most");
    assert_eq!(used(house.verifier.free("web", about("user-0001")).await.unwrap()), all(0));
    assert_eq!(used(house.verifier.limits("web", about("user-0002")).await.unwrap()), all(7));
    assert_eq!(used(house.verifier.free("web", about("nobody-01")).await.unwrap()), all(0));
    assert_eq!(used(house.verifier.free("shop", about("user-0002")).await.unwrap()), all(0));
    assert_eq!(house.proves("user-0001", &other, 0).await, ChallengeStatus::Approved);
    let refused = house.challenge("user-0002", &stranger, None).await.unwrap_err();
    assert!(matches!(refused, FactorError::Challenge(ChallengeRefused::Locked)));
}

#[tokio::test]
async fn a_page_of_challenges_is_read_from_where_the_last_one_ended_and_no_further_than_it_needs() {
    let house = house();
    let app = house.app("user-0001").await;
    let mut made = Vec::new();
    for _ in 0..30 {
        house.hand.advance(Duration::from_secs(1));
        made.push(house.challenge("user-0001", &app, None).await.unwrap().challenge.id);
    }
    let pages = async |wanted: WantedChallenges| {
        let (mut wanted, mut found, mut pages) = (wanted, Vec::new(), 0);
        loop {
            let page = house.verifier.challenges(&house.web, &identity("user-0001"), &wanted).await.unwrap();
            assert!(page.items.len() <= wanted.most);
            found.extend(page.items.into_iter().map(|challenge| challenge.id));
            pages += 1;
            wanted.after = page.next;
            if wanted.after.is_none() {
                return (found, pages);
            }
        }
    };
    let wanted = |most, newest_first| WantedChallenges { newest_first, most, ..WantedChallenges::default() };
    for most in [1, 7, 10, 30, 31] {
        let (oldest, newest) = (pages(wanted(most, false)).await, pages(wanted(most, true)).await);
        assert_eq!(oldest, (made.clone(), 30usize.div_ceil(most)), "{most}");
        assert_eq!(newest, (made.iter().rev().cloned().collect(), 30usize.div_ceil(most)), "{most}");
    }
    // Ten looks at two of them each: a page that finds nothing ends before the day does.
    for newest_first in [false, true] {
        let approved =
            WantedChallenges { status: Some(ChallengeStatus::Approved), ..wanted(1, newest_first) };
        assert_eq!(pages(approved).await, (Vec::new(), 2));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However much is asked at one moment, and wherever the clock goes: one step approves one challenge.
    #[test]
    fn a_step_approves_one_challenge_under_any_interleaving(
        batches in prop::collection::vec((prop::collection::vec(-2i64..3, 1..6), 0u64..60), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = Arc::new(house());
            let app = house.app("user-0001").await;
            let mut accepted: Vec<i64> = Vec::new();
            for (steps, seconds) in batches {
                house.hand.advance(Duration::from_secs(seconds));
                let here = house.hand.clock().now().as_second() / 30;
                let ask = |step: &i64| {
                    let (house, app, step) = (Arc::clone(&house), app.clone(), *step);
                    async move { house.challenge("user-0001", &app, Some(house.shown(&app.secret, step))).await }
                };
                let told = at_once(steps.iter().map(ask)).await;
                for (asked, step) in told.into_iter().zip(steps) {
                    let Ok(asked) = asked else { continue };
                    if asked.challenge.status(asked.at) == ChallengeStatus::Approved {
                        prop_assert!(accepted.last().is_none_or(|last| here + step > *last));
                        accepted.push(here + step);
                    }
                }
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
