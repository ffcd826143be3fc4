//! Who is chosen for a delivery, and who is opened beside whom: the rules with real libraries, without a server.

use super::{NEW, OLD, moody};
use harness::{Dropped, program, provider};
use passrelay::{
    clock::Clock,
    delivery::Delivery,
    plugin::{Canary, CanaryState, Isolation, Libraries, LibrarySettings, Providers, Settings, Workshop},
};
use serde_json::{Value, json};
use std::sync::Arc;

const THIRD: &str = "7.3.3";

/// An id that falls to every canary of weight 99 (to one of 4, see the rule's own vectors).
const FALLS: &str = "dlv_ffffffffffffffffffffffffffffffff";

async fn hash(version: &str) -> String {
    let dropped = Dropped::new();
    dropped.put("libmoody.so", &moody(version, "fine"));
    dropped.scan().await.by_id("moody").unwrap().sha256.clone()
}

fn settings(id: &str, canary: Option<(&str, u8)>) -> Settings {
    let canary =
        canary.map(|(hash, weight)| Canary { sha256: hash.to_owned(), weight, config: Ok(json!({})) });
    let library = provider("moody", Isolation::Process, json!({}));
    Settings { id: id.to_owned(), queue: 1, canary, ..library }
}

async fn open(settings: &[Settings], files: &[&str]) -> (Dropped, Providers) {
    let dropped = Dropped::new();
    for version in files {
        dropped.put(&format!("{version}.so"), &moody(version, "fine"));
    }
    let named =
        settings.iter().filter_map(|one| Some((one.library.clone(), one.canary.as_ref()?.sha256.clone())));
    let folders = LibrarySettings { canaries: named.collect(), ..dropped.settings() };
    let libraries = Libraries::scan(&folders, &program()).await;
    let workshop = Workshop::of_program(program(), Clock::system());
    let providers = Providers::open(settings, &libraries, &workshop).await;
    (dropped, providers)
}

/// A delivery as a store would have it, with these fields.
fn delivery(more: &Value) -> Delivery {
    let mut delivery = json!({
        "id": FALLS, "verification": "ver_00000000000000000000000000000000", "message": FALLS, "generation": 0,
        "channel": "sms", "recipient": "+447700900123", "provider": "one", "successors": [], "repeated": false,
        "created_at": "2026-01-02T03:04:05Z", "outcome": { "status": "queued" },
    });
    for (key, value) in more.as_object().unwrap() {
        delivery[key] = value.clone();
    }
    serde_json::from_value(delivery).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_has_what_falls_to_it_while_it_can_and_nothing_else() {
    let new = hash(NEW).await;
    let (_dropped, providers) =
        open(&[settings("one", Some((&new, 99))), settings("two", None)], &[OLD, NEW]).await;
    let chosen = |more: Value| {
        let chosen = providers.choose(&delivery(&more)).unwrap();
        let version = chosen.lane.manifest().version.clone();
        assert_eq!(version == NEW, chosen.is_canary);
        (version, chosen.shares)
    };
    let (own, canary) = ((OLD.to_owned(), true), (NEW.to_owned(), true));
    assert_eq!(chosen(json!({})), canary);
    assert_eq!(chosen(json!({ "channel": "call" })), own, "it does not deliver there");
    assert_eq!(chosen(json!({ "repeated": true })), own, "the service may have it already");
    for share in ["stable", "canary"] {
        assert_eq!(chosen(json!({ "share": share })), own, "a canary had the message before");
    }
    assert_eq!(chosen(json!({ "provider": "two" })), (OLD.to_owned(), false));
    assert!(providers.choose(&delivery(&json!({ "provider": "three" }))).is_none());
    // Its queue is full, and its provider's is not.
    let lane = providers.choose(&delivery(&json!({}))).unwrap().lane;
    let place = lane.place().await;
    assert_eq!(chosen(json!({})), own);
    drop(place);
    assert_eq!(chosen(json!({})), canary);
    // Whoever asks for the provider itself, to offer it or to send a test, has its own version.
    assert_eq!(providers.lane("one").unwrap().manifest().version, OLD);
    providers.close().await;
}

/// Of one library: the same canary, another one, one that no file is, none.
#[tokio::test(flavor = "multi_thread")]
async fn two_providers_of_one_library_may_name_the_same_canary_another_one_or_none() {
    let (new, third, nowhere) = (hash(NEW).await, hash(THIRD).await, "0".repeat(64));
    let all = [
        settings("one", Some((&new, 1))),
        settings("other", Some((&third, 50))),
        settings("same", Some((&new, 99))),
        settings("waits", Some((&nowhere, 99))),
        settings("without", None),
        Settings { enabled: false, ..settings("zero", Some((&new, 1))) },
    ];
    let (_dropped, providers) = open(&all, &[OLD, NEW, THIRD]).await;
    let told: Vec<_> = providers
        .status()
        .into_iter()
        .map(|status| {
            let canary = status.canary.map(|canary| (canary.version, canary.weight, canary.state));
            (status.id, canary)
        })
        .collect();
    let with = |version: &str, weight| Some((Some(version.to_owned()), weight, CanaryState::Ready));
    let expected = [
        ("one", with(NEW, 1)),
        ("other", with(THIRD, 50)),
        ("same", with(NEW, 99)),
        ("waits", Some((None, 99, CanaryState::Waiting))),
        ("without", None),
        ("zero", None),
    ];
    assert_eq!(told, expected.map(|(id, canary)| (id.to_owned(), canary)));
    providers.close().await;
}

/// Its new file does not open: it stays as it was, its canary has the share of the new configuration, and nothing of
/// either is opened anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_whose_new_file_does_not_open_goes_on_and_so_does_its_canary() {
    let new = hash(NEW).await;
    let (dropped, providers) = open(&[settings("one", Some((&new, 99)))], &[OLD, NEW]).await;
    let lanes = || {
        let chosen = providers.choose(&delivery(&json!({}))).unwrap();
        (providers.lane("one").unwrap(), chosen.lane)
    };
    let before = lanes();
    dropped.put(&format!("{OLD}.so"), &moody("7.3.4", "closed"));
    let folders = LibrarySettings { canaries: vec![("moody".to_owned(), new.clone())], ..dropped.settings() };
    let libraries = Libraries::scan(&folders, &program()).await;
    let workshop = Workshop::of_program(program(), Clock::system());
    providers.renew([&settings("one", Some((&new, 98)))], &libraries, &workshop).await;
    let status = &providers.status()[0];
    assert_eq!(status.version.as_deref(), Some(OLD), "{status:?}");
    assert!(status.note.as_ref().unwrap().contains("it does not want to open"), "{status:?}");
    let canary = status.canary.as_ref().unwrap();
    assert_eq!((canary.weight, canary.state), (98, CanaryState::Ready), "{status:?}");
    let after = lanes();
    assert!(Arc::ptr_eq(&before.0, &after.0) && Arc::ptr_eq(&before.1, &after.1));
    // Without the key the canary is closed, and what runs goes on.
    providers.renew([&settings("one", None)], &libraries, &workshop).await;
    assert_eq!(lanes().1.manifest().version, OLD);
    assert!(providers.status()[0].canary.is_none());
    providers.close().await;
}
