//! The directory over a real ledger.

use super::*;
use crate::seal::Keys;
use crate::{
    application::{Bounds, Policy, TestRecipients},
    clock::{ManualClock, after, millis},
    limit::Rules,
    store::{Changes, Key, Kind, Labels, View, in_memory},
};
use jiff::Timestamp;
use provider_api::Channel;
use serde_json::{Map, json};
use std::time::Duration;

struct House {
    directory: Directory,
    hand: ManualClock,
}

fn application(id: &str, keys: &[&str]) -> Application {
    let methods = vec!["sms:code".parse().unwrap()];
    let keys = keys.iter().map(|key| Secret::new(*key)).collect();
    Application {
        id: id.to_owned(),
        keys,
        methods,
        preferred: None,
        policy: Policy::default(),
        bounds: Bounds::default(),
        test_recipients: TestRecipients::default(),
        senders: Vec::new(),
        events: crate::application::Events::default(),
        limits: Rules::off(),
        service_sid: None,
    }
}

fn of_file() -> BTreeMap<String, Application> {
    BTreeMap::from([("web".to_owned(), application("web", &["key-of-web"]))])
}

fn directory(hand: &ManualClock, ledger: &Ledger) -> Directory {
    let chance = Chance::seeded(1);
    let seals = (Arc::new(Keys::ephemeral(&chance).unwrap()).into(), hand.clock(), chance);
    Directory::new(of_file(), Routes::default(), BTreeSet::new(), ledger.clone(), seals)
}

fn house() -> House {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let ledger = in_memory(hand.clock());
    House { directory: directory(&hand, &ledger), hand }
}

fn asked(scope: Scope, application: Option<&str>) -> NewApiKey {
    NewApiKey { scope, application: application.map(str::to_owned), name: "ci".to_owned(), expires_at: None }
}

impl House {
    async fn put(&self, id: &str, may_replace: bool) -> Result<bool, DirectoryError> {
        let settings = Map::from_iter([("methods".to_owned(), json!(["sms:code"]))]);
        self.directory.put(application(id, &[]), Routes::default(), settings, may_replace).await
    }

    async fn key(&self, scope: Scope, application: Option<&str>) -> (ApiKey, Secret) {
        self.directory.new_key(asked(scope, application)).await.unwrap()
    }

    fn calls(&self, key: &str) -> String {
        calls(&self.directory, key)
    }
}

fn calls(directory: &Directory, key: &str) -> String {
    match directory.caller(key) {
        Some(Caller::Application(application)) => application.id.clone(),
        Some(Caller::Account) => "account".to_owned(),
        Some(Caller::Operator) => "operator".to_owned(),
        None => "nobody".to_owned(),
    }
}

#[tokio::test]
async fn each_key_calls_as_what_it_was_made_for() {
    let house = house();
    assert_eq!(house.calls("key-of-web"), "web");
    house.put("shop", false).await.unwrap();
    for (scope, application, expected) in [
        (Scope::Application, Some("shop"), "shop"),
        (Scope::Application, Some("web"), "web"),
        (Scope::Account, None, "account"),
        (Scope::Operator, None, "operator"),
    ] {
        let (shown, key) = house.key(scope, application).await;
        assert_eq!(house.calls(key.expose()), expected);
        assert_eq!((shown.scope, shown.name.as_str()), (scope, "ci"));
        assert!(key.expose().starts_with(&format!("prk_{}_", shown.id)));
    }
    let unknown = house.directory.new_key(asked(Scope::Application, Some("nobody"))).await;
    assert!(matches!(unknown, Err(DirectoryError::NoApplication(id)) if id == "nobody"));
    assert_eq!(house.directory.api_keys().len(), 4);
}

#[tokio::test]
async fn a_key_ends_when_it_is_revoked_when_its_time_is_over_and_with_its_application() {
    let house = house();
    house.put("shop", false).await.unwrap();
    let (_, of_shop) = house.key(Scope::Application, Some("shop")).await;
    let (revoked, key) = house.key(Scope::Account, None).await;
    house.directory.revoke(&revoked.id).await.unwrap();
    assert_eq!(house.calls(key.expose()), "nobody");
    assert!(matches!(house.directory.revoke(&revoked.id).await, Err(DirectoryError::NoKey)));

    let end = house.hand.clock().now() + Duration::from_mins(1);
    let short = NewApiKey { expires_at: Some(end), ..asked(Scope::Operator, None) };
    let (_, key) = house.directory.new_key(short).await.unwrap();
    house.hand.advance(Duration::from_secs(59));
    assert_eq!(house.calls(key.expose()), "operator");
    house.hand.advance(Duration::from_secs(1));
    assert_eq!(house.calls(key.expose()), "nobody");

    assert_eq!(house.calls(of_shop.expose()), "shop");
    house.directory.remove("shop").await.unwrap();
    assert_eq!(house.calls(of_shop.expose()), "nobody");
    house.put("shop", false).await.unwrap();
    assert_eq!(house.calls(of_shop.expose()), "nobody", "another application of the same name is another");
}

#[tokio::test]
async fn applications_and_keys_are_known_again_by_the_next_server() {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let ledger = in_memory(hand.clock());
    let first = House { directory: directory(&hand, &ledger), hand };
    first.put("shop", false).await.unwrap();
    let (_, key) = first.key(Scope::Application, Some("shop")).await;
    let (revoked, gone) = first.key(Scope::Account, None).await;
    first.directory.revoke(&revoked.id).await.unwrap();

    let next = directory(&first.hand, &ledger);
    assert_eq!(calls(&next, key.expose()), "nobody");
    next.learn_keys().await.unwrap();
    let stored = next.stored().await.unwrap();
    let made = stored.into_iter().map(|(id, stored)| Made {
        application: Arc::new(application(&id, &[])),
        routes: Routes::default(),
        stored: Arc::new(stored),
        serves: true,
    });
    next.take(of_file(), Routes::default(), BTreeSet::new(), made.collect()).await;
    assert_eq!(
        (calls(&next, key.expose()), calls(&next, gone.expose())),
        ("shop".to_owned(), "nobody".to_owned())
    );
    assert_eq!(next.applications().len(), 2);
}

#[tokio::test]
async fn the_files_applications_are_changed_in_the_file_only() {
    let house = house();
    for may_replace in [false, true] {
        assert!(matches!(house.put("web", may_replace).await, Err(DirectoryError::OfFile(_))));
    }
    assert!(matches!(house.directory.remove("web").await, Err(DirectoryError::OfFile(_))));
    assert!(house.put("shop", true).await.unwrap());
    assert!(matches!(house.put("shop", false).await, Err(DirectoryError::Taken(_))));
    house.hand.advance(Duration::from_mins(1));
    assert!(!house.put("shop", true).await.unwrap());
    let all = house.directory.applications();
    let [(shop, Source::Api(Made { stored, .. })), (web, Source::File)] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!((web.id.as_str(), shop.id.as_str()), ("web", "shop"));
    assert_eq!(stored.updated_at.duration_since(stored.created_at).as_secs(), 60);
    assert!(matches!(house.directory.remove("other").await, Err(DirectoryError::NoApplication(_))));
}

#[tokio::test]
async fn a_file_that_is_read_anew_goes_first_and_hides_nothing_for_ever() {
    let house = house();
    house.put("shop", false).await.unwrap();
    let present = house.directory.present();
    let made: Vec<Made> = present.made.values().cloned().collect();
    let both = || of_file().into_iter().chain([("shop".to_owned(), application("shop", &["key-of-shop"]))]);
    house.directory.take(both().collect(), Routes::default(), BTreeSet::new(), made.clone()).await;
    assert_eq!(house.calls("key-of-shop"), "shop");
    assert_eq!(house.directory.applications().len(), 2);
    assert_eq!(house.directory.present().applications().count(), 2);
    let push = Channel::new("push").unwrap();
    let routes = Routes::new(BTreeMap::from([(push.clone(), vec!["one".to_owned()])]));
    house.directory.take(BTreeMap::new(), routes, BTreeSet::new(), made).await;
    assert_eq!(
        (house.calls("key-of-shop"), house.calls("key-of-web")),
        ("nobody".to_owned(), "nobody".to_owned())
    );
    assert!(house.directory.application("shop").is_some());
    let present = house.directory.present();
    assert!(present.routes().of(&push) == ["one"] && present.is_provider("one"));
}

/// It may come back with a version that can read it, so nobody may take its place and its keys unseen.
#[tokio::test]
async fn one_that_does_not_serve_is_still_there_to_be_seen_said_anew_and_removed() {
    let house = house();
    house.put("shop", false).await.unwrap();
    let (_, key) = house.key(Scope::Application, Some("shop")).await;
    let left_out = || async {
        let made = house.directory.present().made["shop"].clone();
        let made = vec![Made { serves: false, ..made }];
        house.directory.take(of_file(), Routes::default(), BTreeSet::new(), made).await;
    };
    left_out().await;
    assert_eq!(house.calls(key.expose()), "nobody");
    assert!(house.directory.application("shop").is_none());
    assert_eq!(
        (house.directory.applications().len(), house.directory.present().applications().count()),
        (2, 1)
    );
    assert!(matches!(house.put("shop", false).await, Err(DirectoryError::Taken(_))));
    assert!(!house.put("shop", true).await.unwrap());
    assert_eq!(house.calls(key.expose()), "shop");
    left_out().await;
    house.directory.remove("shop").await.unwrap();
    house.put("shop", false).await.unwrap();
    assert_eq!(house.calls(key.expose()), "nobody", "another application of the same name is another");
}

#[tokio::test]
async fn when_a_key_was_used_is_told_by_the_hour_and_a_revoked_one_does_not_come_back() {
    let house = house();
    let (shown, key) = house.key(Scope::Account, None).await;
    assert_eq!(shown.last_used_at, None);
    house.hand.advance(Duration::from_mins(90));
    house.calls(key.expose());
    let used = house.directory.api_keys()[0].last_used_at.unwrap();
    assert_eq!(used.to_string(), "2023-11-14T23:00:00Z");
    house.directory.revoke(&shown.id).await.unwrap();
    tokio::task::yield_now().await;
    house.directory.learn_keys().await.unwrap();
    assert_eq!(house.directory.api_keys(), []);
}

#[tokio::test]
async fn no_key_is_shown() {
    let house = house();
    let (shown, key) = house.key(Scope::Operator, None).await;
    let secret = key.expose().rsplit('_').next().unwrap();
    let shown = format!("{shown:?}{:?}{}", house.directory, serde_json::to_string(&shown).unwrap());
    assert!(!shown.contains(secret) && !shown.contains("key-of-web"), "{shown}");
}

/// Their addresses and secrets would be kept for ever, and shown to whoever is called like it later.
#[tokio::test]
async fn with_an_application_all_that_it_stored_is_forgotten_and_nothing_of_others() {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let ledger = in_memory(hand.clock());
    let house = House { directory: directory(&hand, &ledger), hand: hand.clone() };
    house.put("shop", false).await.unwrap();
    let kinds = [Kind::Member, Kind::Entity, Kind::Factor, Kind::Challenge];
    for kind in kinds {
        let store = move |_: &View<'_>, now| {
            let mut changes = Changes::none();
            for n in 0..1_600 {
                let owner = if n < 1_599 { "shop" } else { "web" };
                // Many are over before the application is, and not swept yet.
                let is_short = kind == Kind::Challenge && n >= 599;
                let until = if is_short { after(now, Duration::from_secs(1)) } else { Timestamp::MAX };
                let labels = Labels { application: Some(owner.to_owned()), ..Labels::until(until) };
                changes.put_labeled(Key::new(kind, format!("{n:04}")), &n, labels)?;
            }
            Ok(changes.answer(()))
        };
        ledger.run(Vec::new(), store).await.unwrap();
    }
    hand.advance(Duration::from_secs(1));
    house.directory.remove("shop").await.unwrap();
    for kind in kinds {
        let left: &[(String, u32)] =
            if kind == Kind::Challenge { &[] } else { &[("1599".to_owned(), 1_599)] };
        assert_eq!(ledger.all::<u32>(kind).await.unwrap(), left, "{kind:?}");
    }
}

/// With the key of the server that its proof was made under gone from the key file.
#[tokio::test]
async fn an_api_key_that_was_used_since_a_rotation_outlives_the_older_key_of_the_server() {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let ledger = in_memory(hand.clock());
    let under = |ids: &[(&str, u8)]| {
        let seals = (Arc::new(crate::seal::keys_of(ids)).into(), hand.clock(), Chance::seeded(1));
        Directory::new(of_file(), Routes::default(), BTreeSet::new(), ledger.clone(), seals)
    };
    let before = under(&[("a", 1)]);
    let (used, key) = before.new_key(asked(Scope::Operator, None)).await.unwrap();
    let (_, unused) = before.new_key(asked(Scope::Account, None)).await.unwrap();
    let (revoked, gone) = before.new_key(asked(Scope::Account, None)).await.unwrap();
    let rotated = under(&[("a", 1), ("b", 2)]);
    rotated.learn_keys().await.unwrap();
    for presented in [&key, &key, &gone] {
        assert_ne!(calls(&rotated, presented.expose()), "nobody");
    }
    loop {
        let kept: Vec<(String, serde_json::Value)> = ledger.all(Kind::ApiKey).await.unwrap();
        assert_eq!(kept.len(), 3);
        if kept.iter().filter(|(name, _)| name.starts_with("b.")).count() == 2 {
            break;
        }
        tokio::task::yield_now().await;
    }
    rotated.revoke(&revoked.id).await.unwrap();
    let after = under(&[("b", 2)]);
    after.learn_keys().await.unwrap();
    let says = [&key, &unused, &gone].map(|key| calls(&after, key.expose()));
    assert_eq!(says, ["operator", "nobody", "nobody"]);
    assert!(after.api_keys().iter().any(|key| key.id == used.id));
}
