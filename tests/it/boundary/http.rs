//! The host's HTTP service, as a provider in either isolation sees it.

use super::{
    BOTH,
    service::{answering, listen, nobody},
    stage::{Stage, chaos, still},
};
use passrelay::{
    clock::Clock,
    plugin::{Isolation, Settings},
};
use provider_api::{DeliveryError, Failure};
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// A provider that may reach loopback.
fn trusted(isolation: Isolation) -> Settings {
    Settings { allow_private_addresses: true, ..chaos("web", isolation) }
}

/// What becomes of a delivery that asks this URL, or does something else with it.
async fn ask(isolation: Isolation, how: &str, url: &str) -> Result<String, DeliveryError> {
    let stage = Stage::open(&[trusted(isolation)], &Clock::system()).await;
    let receipt = stage.deliver("web", &format!("{how}:{url}")).await?;
    assert!(stage.deliver("web", "ok").await.is_ok());
    Ok(receipt.reference.unwrap_or_default())
}

/// Trap C1: the host's futures work wherever a provider polls them, also on a thread of its own without a runtime.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_reaches_its_service_from_the_hosts_thread_and_from_its_own() {
    let url = answering("202 Accepted", b"{}".to_vec()).await;
    for isolation in BOTH {
        assert_eq!(ask(isolation, "http", &url).await.unwrap(), "202", "{isolation:?}");
        assert_eq!(ask(isolation, "own_thread", &url).await.unwrap(), "202", "{isolation:?}");
        assert_eq!(ask(isolation, "sleep", "1").await.unwrap(), "slept", "{isolation:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_refused_unless_the_operator_allows_it() {
    let (url, mut requests) = listen().await;
    let by_name = url.replace("127.0.0.1", "localhost");
    for isolation in BOTH {
        let stage = Stage::one("web", isolation).await;
        for url in [&url, &by_name] {
            let error = stage.deliver("web", &format!("http:{url}")).await.unwrap_err();
            assert_eq!(error.failure, Failure::Misconfigured, "{isolation:?} {error}");
            assert!(error.text.contains("allow_private_addresses"), "{isolation:?} {error}");
        }
    }
    assert!(requests.try_recv().is_err(), "nobody was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (target, mut requests) = listen().await;
    let url = answering(&format!("302 Found\r\nlocation: {target}"), Vec::new()).await;
    for isolation in BOTH {
        assert_eq!(ask(isolation, "http", &url).await.unwrap(), "302", "{isolation:?}");
    }
    assert!(requests.try_recv().is_err(), "nobody followed");
}

/// Section G: what comes back is bounded before it reaches the provider, and what it sends before it leaves.
#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_mebibyte_is_refused_either_way_and_costs_one_delivery() {
    let url = answering("200 OK", vec![b'x'; (1 << 20) + 1]).await;
    for isolation in BOTH {
        let error = ask(isolation, "http", &url).await.unwrap_err();
        assert_eq!(error.failure, Failure::Unknown, "{isolation:?} {error}");
        assert!(error.text.contains("larger than 1 MiB"), "{isolation:?} {error}");
        let error = ask(isolation, "upload", &url).await.unwrap_err();
        assert_eq!(error.failure, Failure::Misconfigured, "{isolation:?} {error}");
        assert!(error.text.contains("larger than 1 MiB"), "{isolation:?} {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mebibyte_exactly_passes() {
    let url = answering("200 OK", vec![b'x'; 1 << 20]).await;
    for isolation in BOTH {
        assert_eq!(ask(isolation, "http", &url).await.unwrap(), "200", "{isolation:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_is_unavailable_for_the_message_was_surely_not_taken() {
    for isolation in BOTH {
        let error = ask(isolation, "http", &nobody().await).await.unwrap_err();
        assert_eq!(error.failure, Failure::Unavailable, "{isolation:?} {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_unknown_for_the_message_may_have_been_taken() {
    let (url, mut requests) = listen().await;
    for isolation in BOTH {
        let (answer, ()) = tokio::join!(ask(isolation, "http", &url), async {
            let asked = requests.recv().await.unwrap();
            assert!(asked.request.starts_with("GET /messages"), "{}", asked.request);
            drop(asked);
        });
        let error = answer.unwrap_err();
        assert_eq!(error.failure, Failure::Unknown, "{isolation:?} {error}");
    }
    assert!(requests.try_recv().is_err(), "it is not asked a second time");
}

/// Trap C2: a delivery whose time has run out asks no longer; the service sees its connection close.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_is_unknown_and_its_request_is_cancelled() {
    for isolation in BOTH {
        let hand = still();
        let (url, mut requests) = listen().await;
        let stage = Stage::open(&[trusted(isolation)], &hand.clock()).await;
        let to = format!("http:{url}");
        let (answer, mut asked) = tokio::join!(stage.deliver("web", &to), async {
            let asked = requests.recv().await.unwrap();
            hand.advance(Duration::from_secs(10));
            asked
        });
        let error = answer.unwrap_err();
        assert_eq!(error.failure, Failure::Unknown, "{isolation:?} {error}");
        assert!(error.text.contains("within 10s"), "{isolation:?} {error}");
        assert_eq!(asked.stream.read(&mut [0]).await.unwrap_or(0), 0, "{isolation:?}: the connection closes");
        assert!(stage.deliver("web", "ok").await.is_ok(), "{isolation:?}");
    }
}
