//! Limits in the ledger's jobs: exact, counted with what they limit, and freed.

use super::*;
use crate::{
    limit::{Guessing, Rate, Standing},
    store::all_at_once,
};
use std::{
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering},
};

const ADA: &str = "+447700900123";

fn limited(rules: &Rules) -> House {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let verifier = verifier_within(&hand, rules);
    let web = verifier.application("key-of-web").unwrap();
    let shop = verifier.application("key-of-shop").unwrap();
    House { verifier: Arc::new(verifier), hand, web, shop }
}

fn guessing(times: u32, in_a_row: u32) -> Rules {
    let failed_checks = Some(Rate::new(times, Duration::from_hours(1)));
    Rules { guessing: Guessing { failed_checks, failed_in_a_row: Some(in_a_row) }, ..Rules::off() }
}

fn exceeded<T: std::fmt::Debug>(answer: Result<T, VerifyError>) -> (Vec<&'static str>, Option<u64>) {
    match answer {
        Err(VerifyError::Limited(exceeded)) => (exceeded.violated, exceeded.wait.map(|wait| wait.as_secs())),
        other => panic!("not over a limit: {other:?}"),
    }
}

fn used(standings: &[Standing]) -> Vec<(&'static str, u32)> {
    standings.iter().map(|standing| (standing.name, standing.used)).collect()
}

impl House {
    async fn send(&self, to: &str, purpose: &str) -> Result<Due, VerifyError> {
        let method = if to.contains('@') { "email:code" } else { "sms:code" };
        self.begin(start(to, purpose), offer(method, to)).await
    }

    async fn member(&self, id: &str, to: &str, purpose: &str) -> Due {
        let method = if to.contains('@') { "email:code" } else { "sms:code" };
        let start = Start { purpose: purpose.to_owned(), ..member_start(id) };
        self.begin(start, offer(method, to)).await.unwrap()
    }

    /// Guesses wrong this often, in as many verifications as that needs.
    async fn guess(&self, id: &str, to: &str, times: u32) {
        // Every guess has a purpose of its own, and so no pause to wait for.
        static GUESSES: AtomicU32 = AtomicU32::new(0);
        for _ in 0..times {
            let purpose = format!("guess_{}", GUESSES.fetch_add(1, Ordering::Relaxed));
            let due = self.member(id, to, &purpose).await;
            let checked = self.check_wrong(&due.verification.id).await.unwrap();
            assert_eq!(checked.verdict, Verdict::Wrong);
        }
    }

    async fn right(&self, due: &Due) -> Result<Checked, VerifyError> {
        self.check(&due.verification.id, self.code(&due.verification)).await
    }
}

/// S40–S42, T8, T54
#[tokio::test]
async fn over_a_limit_nothing_is_made_and_time_alone_frees_it() {
    let house = limited(&Rules::default());
    for purpose in ["a", "b", "c", "d", "e"] {
        house.send(ADA, purpose).await.unwrap();
        house.hand.advance(Duration::from_mins(1));
    }
    assert_eq!(exceeded(house.send(ADA, "f").await), (vec!["sends_per_recipient"], Some(300)));
    house.send("+447700900124", "f").await.unwrap();
    house.hand.advance(Duration::from_secs(299));
    assert_eq!(exceeded(house.send(ADA, "f").await).1, Some(1));
    house.hand.advance(Duration::from_secs(1));
    house.send(ADA, "f").await.unwrap();
    assert_eq!(exceeded(house.send(ADA, "g").await).1, Some(60));
    let shop = house.verifier.begin(&house.shop, start(ADA, "a"), offer("sms:code", ADA), None).await;
    assert_eq!(used(&shop.unwrap().limits), [("sends_per_recipient", 1)], "each application has its own");
}

#[tokio::test]
async fn a_resend_counts_and_one_that_is_refused_does_not() {
    let house =
        limited(&Rules { sends_per_recipient: Some(Rate::new(2, Duration::from_mins(10))), ..Rules::off() });
    let first = house.begun().await.verification;
    let soon = house.begin(start(ADA, "generic"), offer("sms:code", ADA)).await;
    assert!(matches!(soon, Err(VerifyError::Resend(ResendRefused::TooSoon { .. }))));
    house.hand.advance(Duration::from_secs(30));
    house.begun().await;
    house.hand.advance(Duration::from_secs(30));
    let third = house.begin(start(ADA, "generic"), offer("sms:code", ADA)).await;
    assert_eq!(exceeded(third), (vec!["sends_per_recipient"], Some(540)));
    let kept = house.verifier.fetch(&house.web, first.id).await.unwrap();
    assert_eq!((kept.verification.sends_left, kept.deliveries.len()), (1, 2), "nothing was spent");
}

#[tokio::test]
async fn a_start_that_is_refused_leaves_the_pending_one_alone() {
    let house =
        limited(&Rules { sends_per_recipient: Some(Rate::new(1, Duration::from_mins(10))), ..Rules::off() });
    let first = house.begun().await.verification;
    let other = house.begin(start(ADA, "generic"), offer("sms:link", ADA)).await;
    assert_eq!(exceeded(other).0, ["sends_per_recipient"]);
    assert_eq!(house.status(&first.id).await, Status::Pending);
}

#[tokio::test]
async fn every_limit_holds_or_none_counts() {
    let minute = |times| Some(Rate::new(times, Duration::from_mins(1)));
    let house = limited(&Rules {
        sends_per_recipient: minute(3),
        sends_per_application: minute(4),
        sends_per_api_key: minute(2),
        sends_per_client_ip: minute(2),
        ..Rules::off()
    });
    let ask = async |purpose: &str, key: &str, ip: &str| {
        let asker = Asker { api_key: Some(Secret::new(key)), ip: Some(ip.parse::<IpAddr>().unwrap()) };
        let start = Start { asker, ..start(ADA, purpose) };
        house.verifier.begin(&house.web, start, offer("sms:code", ADA), None).await
    };
    ask("a", "one", "2001:db8::1").await.unwrap();
    let second = ask("b", "one", "2001:db8::2").await.unwrap();
    let all = ["recipient", "application", "api_key", "client_ip"];
    let told: Vec<(String, u32)> = second
        .limits
        .iter()
        .map(|standing| (standing.name.replace("sends_per_", ""), standing.remaining()))
        .collect();
    assert_eq!(told, all.into_iter().map(str::to_owned).zip([1, 2, 0, 0]).collect::<Vec<_>>());
    assert_eq!(
        exceeded(ask("c", "one", "2001:db8::3").await).0,
        ["sends_per_api_key", "sends_per_client_ip"]
    );
    assert_eq!(exceeded(ask("c", "two", "2001:db8::3").await).0, ["sends_per_client_ip"]);
    let third = ask("c", "two", "2001:db8:0:1::3").await.unwrap();
    let left: Vec<u32> = third.limits.iter().map(Standing::remaining).collect();
    assert_eq!(left, [0, 1, 1, 1], "what was refused was not counted by the others");
}

#[tokio::test]
async fn a_mail_address_is_counted_without_its_tag_and_delivered_with_it() {
    let house =
        limited(&Rules { sends_per_recipient: Some(Rate::new(2, Duration::from_mins(10))), ..Rules::off() });
    house.send("ada@example.com", "generic").await.unwrap();
    let tagged = house.send("Ada+1@Example.com", "generic").await.unwrap();
    assert_eq!(tagged.delivery.recipient.as_str(), "Ada+1@Example.com");
    assert_eq!(exceeded(house.send("ada+2@example.com", "generic").await).0, ["sends_per_recipient"]);
}

/// NIST SP 800-63B 5.2.2: over all verifications and purposes.
#[tokio::test]
async fn wrong_codes_are_bounded_across_verifications_and_one_too_many_is_not_compared() {
    let house = limited(&guessing(3, 100));
    house.guess("42", ADA, 2).await;
    let last = house.send(ADA, "generic").await.unwrap();
    house.check_wrong(&last.verification.id).await.unwrap();
    let refused = house.right(&last).await;
    assert_eq!(exceeded(refused), (vec!["failed_checks_per_recipient"], Some(3600)));
    let kept = house.verifier.fetch(&house.web, last.verification.id.clone()).await.unwrap();
    assert_eq!(kept.verification.checks_left, 2, "nothing was spent");
    house.hand.advance(Duration::from_mins(5));
    house.guess("42", "ada@example.com", 1).await;
    let other = house.member("42", "ada@example.com", "generic").await;
    let refused = exceeded(house.right(&other).await);
    assert_eq!(refused, (vec!["failed_checks_per_member"], Some(3300)), "a member's add up over recipients");
    let ended = house.member("42", "ada@example.com", "canceled").await;
    house.verifier.cancel(&house.web, ended.verification.id.clone()).await.unwrap();
    assert!(matches!(house.right(&ended).await, Err(VerifyError::Ended(Ended(Status::Canceled)))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_wrong_codes_at_the_same_moment_exactly_as_many_are_compared_as_allowed() {
    let house = Arc::new(limited(&guessing(10, 100)));
    let mut checks = tokio::task::JoinSet::new();
    for purpose in 0..32 {
        let id = house.send(ADA, &format!("purpose_{purpose}")).await.unwrap().verification.id;
        for _ in 0..2 {
            let (house, id) = (Arc::clone(&house), id.clone());
            checks.spawn(async move { house.check_wrong(&id).await });
        }
    }
    let answers = checks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
}

#[tokio::test]
async fn a_right_code_ends_the_count_in_a_row_and_not_the_rate() {
    let house = limited(&guessing(8, 4));
    for round in 0..2 {
        house.guess("42", ADA, 3).await;
        let due = house.member("42", ADA, &format!("right_{round}")).await;
        let standings = house.right(&due).await.unwrap().limits;
        let counts: Vec<u32> = standings.iter().map(|standing| standing.used).collect();
        assert_eq!(counts, [3 * (round + 1), 0, 3 * (round + 1), 0]);
    }
}

#[tokio::test]
async fn a_lock_holds_for_ever_and_another_proven_recipient_of_the_member_frees_it() {
    let house = limited(&guessing(100, 12));
    house.guess("42", ADA, 12).await;
    house.hand.advance(Duration::from_hours(24 * 3650));
    let due = house.member("42", ADA, "generic").await;
    let both = vec!["failed_checks_in_a_row_per_recipient", "failed_checks_in_a_row_per_member"];
    assert_eq!(exceeded(house.right(&due).await), (both, None), "a right code does not pass");
    let stranger = house.member("43", ADA, "generic").await;
    assert_eq!(exceeded(house.right(&stranger).await).0, ["failed_checks_in_a_row_per_recipient"]);
    let other = house.member("42", "ada@example.com", "generic").await;
    assert_eq!(house.check_wrong(&other.verification.id).await.unwrap().verdict, Verdict::Wrong);
    assert_eq!(house.right(&other).await.unwrap().verdict, Verdict::Right);
    let due = house.member("42", ADA, "again").await;
    assert_eq!(house.right(&due).await.unwrap().verdict, Verdict::Right);
}

#[tokio::test]
async fn an_operator_sees_and_frees() {
    let house = limited(&Rules { guessing: guessing(100, 12).guessing, ..Rules::default() });
    let ada = || Subject::Recipient(Recipient::new(ADA));
    let member = || Subject::Member("42".to_owned());
    for place in 0..3 {
        house.hand.advance(Duration::from_mins(10));
        house.guess("42", ADA, 4).await;
        assert_eq!(
            used(&house.verifier.limits("web", ada()).await.unwrap()),
            [
                ("sends_per_recipient", 4),
                ("failed_checks_per_recipient", 4 * (place + 1)),
                ("failed_checks_in_a_row_per_recipient", 4 * (place + 1)),
            ]
        );
    }
    let due = house.member("42", ADA, "generic").await;
    house.verifier.free("web", ada()).await.unwrap();
    assert_eq!(exceeded(house.right(&due).await).0, ["failed_checks_in_a_row_per_member"]);
    let freed = house.verifier.free("web", member()).await.unwrap();
    assert_eq!(used(&freed), [("failed_checks_per_member", 0), ("failed_checks_in_a_row_per_member", 0)]);
    assert_eq!(house.right(&due).await.unwrap().verdict, Verdict::Right);
    for place in 0..5 {
        house.send(ADA, &format!("freed_{place}")).await.unwrap();
    }
    assert!(house.send(ADA, "freed_5").await.is_err());
    assert!(matches!(house.verifier.free("nowhere", ada()).await, Err(VerifyError::NoApplication)));
}

#[tokio::test]
async fn no_limit_is_named_after_a_recipient_a_member_or_an_address() {
    let house = limited(&Rules::default());
    let asker = Asker { ip: Some("192.0.2.77".parse().unwrap()), api_key: Some(Secret::new("key-of-web")) };
    let begun =
        house.begin(Start { asker, ..member_start("member-42") }, offer("sms:code", ADA)).await.unwrap();
    house.check_wrong(&begun.verification.id).await.unwrap();
    let counted: Vec<(String, Value)> = house.verifier.ledger.all(Kind::Limit).await.unwrap();
    assert_eq!(counted.len(), 4, "{counted:?}");
    // A count of wrong codes says whose they are, for it may outlive a key: sealed, as the test of the file's bytes shows.
    let in_clear: Vec<_> =
        counted.iter().map(|(id, said)| (id, said.get("of").is_none().then_some(said))).collect();
    let text = format!("{in_clear:?} {:?} {:?}", begun.verification.member, begun.delivery.taken);
    for secret in ["7700900", "member-42", "192.0.2.77", "key-of-web", "web"] {
        assert!(!text.contains(secret), "`{secret}` in {text}");
    }
}

/// S41: a member who brings another number each time has one budget for all of them.
#[tokio::test]
async fn a_member_is_counted_whichever_number_the_code_goes_to() {
    let rate = Some(Rate::new(2, Duration::from_mins(10)));
    let house = limited(&Rules { sends_per_member: rate, ..Rules::off() });
    let ask = async |id: Option<&str>, number: &str| {
        let mut member = Member::with_fields([("mobile", number)]);
        member.id = id.map(str::to_owned);
        let start = Start { person: Person::Member(member), ..start(number, number) };
        house.verifier.begin(&house.web, start, offer("sms:code", number), None).await
    };
    let numbers: Vec<String> = (0..4).map(|last| format!("+44770090012{last}")).collect();
    ask(Some("42"), &numbers[0]).await.unwrap();
    ask(Some("42"), &numbers[1]).await.unwrap();
    assert_eq!(exceeded(ask(Some("42"), &numbers[2]).await).0, ["sends_per_member"]);
    ask(Some("43"), &numbers[2]).await.unwrap();
    ask(None, &numbers[3]).await.unwrap();
    let ada = || Subject::Member("42".to_owned());
    assert_eq!(used(&house.verifier.limits("web", ada()).await.unwrap()), [("sends_per_member", 2)]);
    assert_eq!(used(&house.verifier.free("web", ada()).await.unwrap()), [("sends_per_member", 0)]);
    ask(Some("42"), &numbers[2]).await.unwrap();
}

/// S41: a caller that used its key up is found and freed by a name that tells nothing of the key.
#[tokio::test]
async fn an_operator_sees_and_frees_an_api_key_by_its_public_name() {
    let rate = Some(Rate::new(1, Duration::from_mins(10)));
    let house = limited(&Rules { sends_per_api_key: rate, ..Rules::off() });
    let ask = async |purpose: &str| {
        let asker = Asker { api_key: Some(Secret::new("key-of-web")), ip: None };
        let start = Start { asker, ..start(ADA, purpose) };
        house.verifier.begin(&house.web, start, offer("sms:code", ADA), None).await
    };
    ask("a").await.unwrap();
    assert_eq!(exceeded(ask("b").await).0, ["sends_per_api_key"]);
    let key = || Subject::ApiKey(crate::seal::public_name("key-of-web"));
    assert_eq!(used(&house.verifier.limits("web", key()).await.unwrap()), [("sends_per_api_key", 1)]);
    assert_eq!(used(&house.verifier.free("web", key()).await.unwrap()), [("sends_per_api_key", 0)]);
    ask("b").await.unwrap();
}

#[tokio::test]
async fn an_application_has_no_more_members_than_it_may_however_they_come_and_go() {
    let house = limited(&Rules { members: Some(5), ..Rules::off() });
    let put = |id: u32| {
        let mut member = Member::with_fields([("mobile", ADA)]);
        member.id = Some(format!("member-{id}"));
        house.verifier.put_member(&house.web, member, Precondition::None)
    };
    let both = all_at_once((0..8).map(put)).await;
    assert_eq!(both.iter().filter(|put| put.is_ok()).count(), 5, "{both:?}");
    assert!(both.iter().any(|put| matches!(put, Err(MemberError::Full(5)))));
    // One that is there is written again; one that goes makes room for one.
    assert!(matches!(put(0).await, Ok((_, false))));
    house.verifier.remove_member(&house.web, "member-0", Precondition::None).await.unwrap();
    assert!(house.verifier.remove_member(&house.web, "member-0", Precondition::None).await.is_err());
    assert!(put(9).await.is_ok() && put(10).await.is_err());
    // Each application has its own.
    let mut member = Member::with_fields([("mobile", ADA)]);
    member.id = Some("member-0".to_owned());
    assert!(house.verifier.put_member(&house.shop, member, Precondition::None).await.is_ok());
}
