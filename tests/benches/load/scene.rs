//! What is asked, and that every answer is the right one.

use super::{
    face::Face,
    house::{House, Taken},
};
use harness::kept::{Heard, Kept, request};
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
    Start(Face),
    /// A check with a wrong code.
    Wrong(Face),
    /// A check with the right one.
    Right(Face),
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
    /// Every scene, in the order of the table.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let of = |face| [Self::Start(face), Self::Wrong(face), Self::Right(face)];
        [Self::Empty].into_iter().chain(Face::ALL.into_iter().flat_map(of))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty handler",
            Self::Start(Face::Native) => "start",
            Self::Wrong(Face::Native) => "wrong check",
            Self::Right(Face::Native) => "right check",
            Self::Start(Face::Twilio) => "twilio start",
            Self::Wrong(Face::Twilio) => "twilio wrong",
            Self::Right(Face::Twilio) => "twilio right",
            Self::Start(Face::SmsCx) => "smscx start",
            Self::Wrong(Face::SmsCx) => "smscx wrong",
            Self::Right(Face::SmsCx) => "smscx right",
        }
    }

    /// One round: the empty handler, then by each face this many verifications from their start to their approval.
    pub(crate) async fn life(
        house: &mut House,
        clients: usize,
        starts: usize,
        faces: &[Face],
    ) -> Vec<(Self, Phase)> {
        let mut connections = Vec::new();
        for _ in 0..clients {
            connections.push(house.connect().await);
        }
        let health = request("GET", "/healthz", "", "");
        let empty = ask(house, &mut connections, vec![health; starts]).await;
        for (status, body) in &empty.answers {
            assert_eq!((*status, body.as_slice()), (200, &b"{\"status\":\"ok\"}"[..]));
        }
        let mut phases = vec![(Self::Empty, empty.phase)];
        for face in faces {
            phases.extend(Self::life_by(*face, house, &mut connections, starts).await);
        }
        phases
    }

    async fn life_by(
        face: Face,
        house: &mut House,
        connections: &mut Vec<Kept>,
        starts: usize,
    ) -> [(Self, Phase); 3] {
        let recipients: Vec<String> = (0..starts).map(|_| house.recipient()).collect();
        let before = house.taken().await;
        let mut start = ask(house, connections, recipients.iter().map(|to| face.start(to)).collect()).await;
        let begun: Vec<String> =
            start.answers.iter().map(|(status, body)| face.begun(*status, body)).collect();
        let (codes, last) = house.codes(starts).await;
        start.phase.delivered = last.duration_since(start.began).max(start.phase.answered);
        start.phase.taken = since(before, house.taken().await);
        let codes = recipients.iter().map(|to| codes[to].as_str());
        let pairs: Vec<(&str, &str)> = begun.iter().map(String::as_str).zip(codes).collect();

        // The n-th wrong checks of all come before the next of any.
        let wrongs =
            (0..WRONG).flat_map(|_| pairs.iter().map(|(id, code)| face.check(id, &other_than(code))));
        let wrong = ask(house, connections, wrongs.collect()).await;
        for (at, (status, body)) in wrong.answers.iter().enumerate() {
            face.is_wrong(pairs[at % pairs.len()].0, 4 - at / pairs.len(), *status, body);
        }

        let rights = pairs.iter().map(|(id, code)| face.check(id, code));
        let right = ask(house, connections, rights.collect()).await;
        for ((status, body), (id, _)) in right.answers.iter().zip(&pairs) {
            face.is_right(id, *status, body);
        }
        [(Self::Start(face), start.phase), (Self::Wrong(face), wrong.phase), (Self::Right(face), right.phase)]
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

/// A code of the same form that is another.
fn other_than(code: &str) -> String {
    let (rest, last) = code.split_at(code.len() - 1);
    format!("{rest}{}", if last == "9" { "0" } else { "9" })
}
