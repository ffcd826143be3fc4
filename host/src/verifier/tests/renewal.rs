//! A key of the server that is added, and one that goes: nothing is lost, counted twice or left behind.

use super::{factors::identity, *};
use crate::{
    factor::ChallengeStatus,
    limit::{Guessing, Rate},
    seal::keys_of,
    store::{self, Hanging, Need, OpenError, parts},
};
use std::path::PathBuf;

const ADA: &str = "+447700900123";

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
    hand: ManualClock,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passrelay.db");
        Self { _folder: folder, path, hand: ManualClock::at(millis(1_700_000_000_000)) }
    }

    /// A server with these keys over the store, once the one before has let go of it.
    async fn house(&self, ids: &[(&str, u8)]) -> Result<House, OpenError> {
        let rules = Rules {
            sends_per_recipient: Some(Rate::new(4, Duration::from_hours(1))),
            guessing: Guessing {
                failed_checks: Some(Rate::new(50, Duration::from_hours(1))),
                failed_in_a_row: Some(5),
            },
            ..Rules::off()
        };
        let keys = Arc::new(keys_of(ids));
        let ledger = loop {
            let parts = parts(Arc::clone(&keys), Chance::system(), self.hand.clock());
            match Ledger::open(&self.path, parts) {
                Err(OpenError::Taken(_)) => tokio::task::yield_now().await,
                opened => break opened?,
            }
        };
        let verifier = verifier_under(keys, ledger, &self.hand, &rules);
        let web = verifier.application("key-of-web").unwrap();
        let shop = verifier.application("key-of-shop").unwrap();
        Ok(House { verifier: Arc::new(verifier), hand: self.hand.clone(), web, shop })
    }

    fn hanging(&self, key: &str) -> Vec<Hanging> {
        let look = store::look(&self.path, self.hand.clock().now()).unwrap();
        look.hanging.into_iter().filter(|hanging| hanging.key == key).collect()
    }
}

impl House {
    async fn put(&self, id: &str) {
        let mut member = Member::with_fields([("mobile", ADA)]);
        member.id = Some(id.to_owned());
        self.verifier.put_member(&self.web, member, Precondition::None).await.unwrap();
    }

    async fn has(&self, id: &str) -> bool {
        self.verifier.member(&self.web, id).await.is_ok()
    }

    async fn member_in_a_row(&self, id: &str) -> u32 {
        let used = self.verifier.limits("web", Subject::Member(id.to_owned())).await.unwrap();
        used.iter().find(|standing| standing.name == "failed_checks_in_a_row_per_member").unwrap().used
    }

    async fn sent(&self) -> u32 {
        self.verifier.limits("web", Subject::Recipient(Recipient::new(ADA))).await.unwrap()[0].used
    }
}

#[tokio::test]
async fn a_key_that_was_rotated_out_may_go_once_what_hangs_on_it_is_made_anew_or_over() {
    let place = Place::new();
    let house = place.house(&[("a", 1)]).await.unwrap();
    for n in 0..250 {
        house.put(&format!("member-{n}")).await;
    }
    let due = house.begin(member_start("member-1"), offer("sms:code", ADA)).await.unwrap();
    let id = &due.verification.id;
    house.check_wrong(id).await.unwrap();
    assert!(place.hanging("a").len() >= 5 && place.hanging("b").is_empty());
    drop(house.verifier);

    // While everything is made anew the same verification is checked: one count, whichever is first.
    let house = place.house(&[("a", 1), ("b", 2)]).await.unwrap();
    let (renewed, checked) = tokio::join!(house.verifier.renew(), house.check_wrong(id));
    let renewed = renewed.unwrap();
    assert!(renewed.named >= 250 && renewed.sealed > 0, "{renewed:?}");
    assert_eq!((checked.unwrap().verdict, house.member_in_a_row("member-1").await), (Verdict::Wrong, 2));
    assert_eq!(house.sent().await, 1);
    let later = Start { purpose: "other".to_owned(), ..member_start("member-1") };
    let other = house.begin(later, offer("sms:code", ADA)).await.unwrap();
    house.check_wrong(&other.verification.id).await.unwrap();
    assert_eq!((house.member_in_a_row("member-1").await, house.sent().await), (3, 2), "no count splits");
    assert!(house.has("member-0").await && house.has("member-249").await);
    assert_eq!(house.verifier.renew().await.unwrap(), Renewed { named: 0, sealed: 0 });

    // What cannot be made anew needs the key until its time is over, and says so.
    let left = place.hanging("a");
    assert!(left.iter().all(|left| left.by != Need::Seal && left.until.is_some()), "{left:?}");
    assert!(left.iter().any(|left| left.by == Need::Name(Kind::Verification)));
    assert!(!left.iter().any(|left| left.by == Need::Name(Kind::Member)));
    drop((house.verifier, due));
    let told = place.house(&[("b", 2)]).await.err().expect("a key that is needed is missed").to_string();
    assert!(told.starts_with("key `a` is not in the key file, and the store `"), "{told}");
    assert!(told.contains("put its line back") && told.contains("`lost a`"), "{told}");

    place.hand.advance(Duration::from_hours(25));
    assert_eq!(place.hanging("a"), []);
    let house = place.house(&[("b", 2)]).await.unwrap();
    assert!(house.has("member-0").await && house.has("member-249").await);
    assert_eq!(house.member_in_a_row("member-1").await, 3);
}

/// They last for years: whatever keys the server had, an app that was enrolled proves its entity.
#[tokio::test]
async fn a_factor_outlives_the_keys_that_it_was_made_under() {
    let place = Place::new();
    let house = place.house(&[("a", 1)]).await.unwrap();
    let app = house.app("user-0001").await;
    assert_eq!(house.proves("user-0001", &app, 0).await, ChallengeStatus::Approved);
    let needs = |key: &str, kind: Kind| place.hanging(key).iter().any(|left| left.by == Need::Name(kind));
    assert!(needs("a", Kind::Entity) && needs("a", Kind::Factor) && !needs("a", Kind::Challenge));
    drop(house.verifier);
    let told = place.house(&[("b", 2)]).await.err().expect("a key that is needed is missed").to_string();
    assert!(told.contains("key `a`"), "{told}");

    let house = place.house(&[("a", 1), ("b", 2)]).await.unwrap();
    place.hand.advance(Duration::from_mins(1));
    let (renewed, proved) = tokio::join!(house.verifier.renew(), house.proves("user-0001", &app, 0));
    assert_eq!((renewed.unwrap().named >= 2, proved), (true, ChallengeStatus::Approved));
    assert_eq!(place.hanging("a"), []);
    drop(house.verifier);

    let house = place.house(&[("b", 2)]).await.unwrap();
    assert_eq!(house.proves("user-0001", &app, 0).await, ChallengeStatus::Pending, "its step stays spent");
    place.hand.advance(Duration::from_secs(30));
    assert_eq!(house.proves("user-0001", &app, 0).await, ChallengeStatus::Approved);
    let had = house.verifier.factors(&house.web, &identity("user-0001")).await.unwrap();
    assert_eq!(had.entity.factors, [app.id]);
}

/// The store as it stands after each piece, as a kill -9 may leave it.
#[tokio::test]
async fn making_anew_goes_on_wherever_it_was_ended() {
    let place = Place::new();
    let house = place.house(&[("a", 1)]).await.unwrap();
    for n in 0..330 {
        house.put(&format!("member-{n}")).await;
    }
    drop(house.verifier);
    for pieces in 1..4 {
        let house = place.house(&[("a", 1), ("b", 2)]).await.unwrap();
        let verifier = Arc::clone(&house.verifier);
        let renewing = tokio::spawn(async move { verifier.renew().await });
        let members = |key: &str| {
            let of = |hanging: &Hanging| hanging.by == Need::Name(Kind::Member);
            place.hanging(key).iter().find(|found| of(found)).map_or(0, |found| found.records)
        };
        let named = || members("b");
        while named() < 100 * pieces && !renewing.is_finished() {
            tokio::task::yield_now().await;
        }
        renewing.abort();
        let _ended = renewing.await;
        assert_eq!(members("a") + members("b"), 330);
        for n in [0, 99, 100, 101, 200, 329] {
            assert!(house.has(&format!("member-{n}")).await, "{n}");
        }
        drop(house.verifier);
    }
    let house = place.house(&[("a", 1), ("b", 2)]).await.unwrap();
    house.verifier.renew().await.unwrap();
    assert_eq!(place.hanging("a"), []);
}
