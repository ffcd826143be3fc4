//! What is asked, and that every answer is the right one.

use super::house::{House, Taken};
use harness::{
    KEY,
    kept::{Heard, Kept, bearer, request},
};
use serde_json::{Value, json};
use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    /// The handler that does nothing: what HTTP itself costs here.
    Empty,
    /// A verification of somebody new, with its delivery.
    Start,
    /// A check with a wrong code.
    Wrong,
    /// A check with the right one.
    Right,
}

/// What one scene came to, in one round.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    pub(crate) requests: usize,
    /// How often one had to be asked again, as its provider had not said within 50 ms whether it reaches the person.
    pub(crate) again: usize,
    /// From the first request to the last answer.
    pub(crate) answered: Duration,
    /// From the first request to the last message that reached the outbox; the same where there is none.
    pub(crate) delivered: Duration,
    /// Of each request, sorted.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) taken: Taken,
}

struct Asked {
    answers: Vec<(u16, Vec<u8>)>,
    phase: Phase,
    began: Instant,
}

/// How often a request is asked again.
const PATIENCE: usize = 100;

/// The wrong checks of each verification: fewer than a verification has.
const WRONG: usize = 2;

impl Scene {
    pub(crate) const ALL: [Self; 4] = [Self::Empty, Self::Start, Self::Wrong, Self::Right];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty handler",
            Self::Start => "start",
            Self::Wrong => "wrong check",
            Self::Right => "right check",
        }
    }

    /// One round: the empty handler, then this many verifications from their start to their approval.
    pub(crate) async fn life(house: &mut House, clients: usize, starts: usize) -> Vec<(Self, Phase)> {
        let mut connections = Vec::new();
        for _ in 0..clients {
            connections.push(house.connect().await);
        }
        let key = bearer(KEY);
        let check = |id: &str, code: &str| {
            let body = json!({ "code": code }).to_string();
            request("POST", &format!("/v1/verifications/{id}/checks"), &key, &body)
        };

        let health = request("GET", "/healthz", "", "");
        let empty = ask(house, &mut connections, vec![health; starts]).await;
        for (status, body) in &empty.answers {
            assert_eq!((*status, body.as_slice()), (200, &b"{\"status\":\"ok\"}"[..]));
        }

        let bodies = (0..starts).map(|_| json!({ "to": house.recipient() }).to_string());
        let requests = bodies.map(|body| request("POST", "/v1/verifications", &key, &body)).collect();
        let before = house.taken().await;
        let mut start = ask(house, &mut connections, requests).await;
        let begun: Vec<(String, String)> =
            start.answers.iter().map(|(status, body)| begun(*status, body)).collect();
        let (codes, last) = house.codes(starts).await;
        start.phase.delivered = last.duration_since(start.began).max(start.phase.answered);
        start.phase.taken = since(before, house.taken().await);
        let pairs: Vec<(&str, &str)> =
            begun.iter().map(|(id, delivery)| (id.as_str(), codes[delivery].as_str())).collect();

        // The n-th wrong checks of all come before the next of any.
        let wrongs = (0..WRONG).flat_map(|_| pairs.iter().map(|(id, code)| check(id, &other_than(code))));
        let wrong = ask(house, &mut connections, wrongs.collect()).await;
        for (at, (status, body)) in wrong.answers.iter().enumerate() {
            let left = 4 - at / pairs.len();
            let id = pairs[at % pairs.len()].0;
            let expected = json!({"id": id, "status": "pending", "valid": false, "checks_left": left});
            assert_eq!((*status, read(body)), (200, expected));
        }

        let right =
            ask(house, &mut connections, pairs.iter().map(|(id, code)| check(id, code)).collect()).await;
        for ((status, body), (id, _)) in right.answers.iter().zip(&pairs) {
            let body = read(body);
            assert_eq!((*status, &body["valid"], &body["id"]), (200, &json!(true), &json!(id)), "{body}");
        }
        let phases = [empty, start, wrong, right].map(|asked| asked.phase);
        Self::ALL.into_iter().zip(phases).collect()
    }
}

/// Asks all of it over these connections, each of which takes the next request as soon as it has its answer.
async fn ask(house: &House, connections: &mut Vec<Kept>, requests: Vec<Vec<u8>>) -> Asked {
    let before = house.taken().await;
    let (requests, next) = (Rc::new(requests), Rc::new(Cell::new(0_usize)));
    let began = Instant::now();
    let asking: Vec<_> = connections
        .drain(..)
        .map(|mut connection| {
            let (requests, next) = (Rc::clone(&requests), Rc::clone(&next));
            tokio::task::spawn_local(async move {
                let mut heard = Vec::new();
                while let Some(request) = requests.get(next.get()) {
                    let place = next.replace(next.get() + 1);
                    let begin = Instant::now();
                    let mut again = 0;
                    let (status, body) = loop {
                        let answer = connection.ask(request).await.unwrap();
                        if again == PATIENCE || !is_silence(answer) {
                            break (answer.status, answer.body.to_vec());
                        }
                        again += 1;
                    };
                    heard.push((place, begin.elapsed(), again, status, body));
                }
                (connection, heard, Instant::now())
            })
        })
        .collect();
    let mut answers = vec![(0, Vec::new()); requests.len()];
    let (mut latencies, mut again, mut end) = (Vec::with_capacity(requests.len()), 0, began);
    for asked in asking {
        let (connection, heard, ended) = asked.await.unwrap();
        connections.push(connection);
        end = end.max(ended);
        for (place, latency, silent, status, body) in heard {
            latencies.push(latency);
            again += silent;
            answers[place] = (status, body);
        }
    }
    latencies.sort_unstable();
    let answered = end.duration_since(began);
    let taken = since(before, house.taken().await);
    let phase = Phase { requests: answers.len(), again, answered, delivered: answered, latencies, taken };
    Asked { answers, phase, began }
}

fn is_silence(answer: Heard<'_>) -> bool {
    answer.status == 503 && answer.body.windows(13).any(|words| words == b"not_answering")
}

fn since(before: Taken, after: Taken) -> Taken {
    Taken {
        server: after.server.saturating_sub(before.server),
        workers: after.workers.saturating_sub(before.workers),
        client: after.client.saturating_sub(before.client),
    }
}

/// The verification and the delivery that a start made.
fn begun(status: u16, body: &[u8]) -> (String, String) {
    let body = read(body);
    assert_eq!((status, &body["status"]), (201, &json!("pending")), "{body}");
    assert_eq!(body["checks_left"], 5, "{body}");
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    (word(&body["id"]), word(&body["delivery"]["id"]))
}

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

/// A code of the same form that is another.
fn other_than(code: &str) -> String {
    let (rest, last) = code.split_at(code.len() - 1);
    format!("{rest}{}", if last == "9" { "0" } else { "9" })
}
