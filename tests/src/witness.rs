//! A caller that remembers what it was told, and holds a server to it after every crash.
//!
//! What was acknowledged must hold. What was asked without an answer may have happened or not, but not in part.

mod delivered;

pub use delivered::Delivered;

use crate::{
    KEY,
    kept::{Kept, bearer, request},
};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    io,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// Checks of one verification that its configuration must allow.
pub const CHECKS: u64 = 5;

/// The wrong checks that are ever asked of one verification: the right one is still left.
const WRONG: u64 = 3;

/// Random numbers that are the same for the same seed (xorshift64*).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Those of a seed.
    pub fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below this one.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}

/// One verification, as its caller knows it.
#[derive(Debug, Clone)]
struct Case {
    /// The name of its start: asked again, it is the same start.
    key: String,
    to: String,
    /// Once its start was acknowledged.
    known: Option<Known>,
}

#[derive(Debug, Clone)]
struct Known {
    id: String,
    delivery: String,
    /// Wrong checks that were acknowledged, and that were asked.
    wrong: (u64, u64),
    approval: Approval,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Approval {
    None,
    Asked,
    Acknowledged,
}

/// What all callers of a load were answered so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// Answers.
    pub answered: AtomicUsize,
    /// Starts that were acknowledged.
    pub started: AtomicUsize,
}

/// A caller with all that it was told.
#[derive(Debug, Default)]
pub struct Witness {
    name: String,
    cases: Vec<Case>,
    /// Of these something was asked since the last look.
    touched: Vec<usize>,
    started: usize,
}

/// The codes that were delivered, by the message that brought them.
pub type Codes = HashMap<String, String>;

impl Witness {
    /// One that knows nothing yet. Its number tells its recipients from those of the others: below 1,000.
    pub fn number(number: usize) -> Self {
        Self { name: format!("{number:03}"), ..Self::default() }
    }

    /// How many starts were acknowledged, and how many approvals.
    pub fn told(&self) -> (usize, usize) {
        let known: Vec<&Known> = self.cases.iter().filter_map(|case| case.known.as_ref()).collect();
        let approved = known.iter().filter(|known| known.approval == Approval::Acknowledged).count();
        (known.len(), approved)
    }

    /// Every recipient that it named.
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        self.cases.iter().map(|case| case.to.as_str())
    }

    /// Asks this many things, one after the other; chance decides what.
    ///
    /// # Panics
    ///
    /// When an answer is not the right one.
    pub async fn load(&mut self, server: SocketAddr, codes: &Codes, dice: &mut Dice, enough: usize) {
        self.ask_some(server, codes, dice, enough, &Progress::default()).await;
    }

    /// The same until the server is gone, counting what was answered.
    ///
    /// # Panics
    ///
    /// When an answer is not the right one.
    pub async fn load_on(&mut self, server: SocketAddr, codes: &Codes, dice: &mut Dice, progress: &Progress) {
        self.ask_some(server, codes, dice, usize::MAX, progress).await;
    }

    async fn ask_some(
        &mut self,
        server: SocketAddr,
        codes: &Codes,
        dice: &mut Dice,
        enough: usize,
        progress: &Progress,
    ) {
        // It may be gone already.
        let Ok(mut line) = Kept::to(server).await else { return };
        for _ in 0..enough {
            let choice = dice.below(10);
            let done = match self.pick(dice, choice, codes) {
                Some(place) if choice < 3 => self.check_wrong(&mut line, place).await,
                Some(place) => self.check_right(&mut line, place, codes).await,
                None => {
                    let place = self.unacknowledged();
                    self.start(&mut line, place).await.map(|problem| {
                        assert_eq!(problem, None);
                        progress.started.fetch_add(1, Ordering::Relaxed);
                    })
                }
            };
            if done.is_err() {
                return;
            }
            progress.answered.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A verification to be checked, wrongly if the choice is below 3, rightly below 6; none: start another.
    fn pick(&self, dice: &mut Dice, choice: u64, codes: &Codes) -> Option<usize> {
        let bound = u64::try_from(self.cases.len()).ok().filter(|count| choice < 6 && *count > 0)?;
        let place = usize::try_from(dice.below(bound)).ok()?;
        let known = self.cases[place].known.as_ref()?;
        let pending = known.approval == Approval::None;
        let fit = if choice < 3 { known.wrong.1 < WRONG } else { codes.contains_key(&known.delivery) };
        (pending && fit).then_some(place)
    }

    /// The start that was never answered, else a new one.
    fn unacknowledged(&mut self) -> usize {
        if let Some(place) = self.cases.iter().position(|case| case.known.is_none()) {
            return place;
        }
        let (name, number) = (&self.name, self.started);
        self.started += 1;
        let case =
            Case { key: format!("start-{name}-{number}"), to: format!("+447{name}{number:06}"), known: None };
        self.cases.push(case);
        self.cases.len() - 1
    }

    /// Starts one more, or the one again that was never acknowledged; or the problem that it was answered with.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn start_one(&mut self, server: SocketAddr) -> Option<Value> {
        let place = self.unacknowledged();
        let mut line = Kept::to(server).await.expect("a connection");
        self.start(&mut line, place).await.expect("an answer")
    }

    async fn start(&mut self, line: &mut Kept, place: usize) -> io::Result<Option<Value>> {
        let case = &mut self.cases[place];
        let headers = format!("{}idempotency-key: {}\r\n", bearer(KEY), case.key);
        let body = json!({ "to": case.to }).to_string();
        let start = request("POST", "/v1/verifications", &headers, &body);
        loop {
            let (status, answer) = ask(line, &start).await?;
            // A busy machine keeps a provider from saying within 50 ms of real time whether it reaches somebody.
            if status == 503 && answer["unavailable"][0]["reason"] == "not_answering" {
                continue;
            }
            if status != 201 {
                assert_eq!(answer["status"], status, "{answer}");
                return Ok(Some(answer));
            }
            assert_eq!(answer["status"], "pending", "{answer}");
            let (id, delivery) = (word(&answer["id"]), word(&answer["delivery"]["id"]));
            case.known = Some(Known { id, delivery, wrong: (0, 0), approval: Approval::None });
            self.touched.push(place);
            return Ok(None);
        }
    }

    async fn check_wrong(&mut self, line: &mut Kept, place: usize) -> io::Result<()> {
        self.touched.push(place);
        let known = self.known(place);
        known.wrong.1 += 1;
        let (status, answer) = ask(line, &check(&known.id, "wrong-code")).await?;
        known.wrong.0 += 1;
        let left = CHECKS - known.wrong.0;
        let expected = json!({"id": known.id, "status": "pending", "valid": false, "checks_left": left});
        assert_eq!((status, answer), (200, expected));
        Ok(())
    }

    async fn check_right(&mut self, line: &mut Kept, place: usize, codes: &Codes) -> io::Result<()> {
        self.touched.push(place);
        let known = self.known(place);
        known.approval = Approval::Asked;
        let (status, answer) = ask(line, &check(&known.id, &codes[&known.delivery])).await?;
        assert_eq!((status, &answer["valid"]), (200, &json!(true)), "{answer}");
        known.approval = Approval::Acknowledged;
        Ok(())
    }

    /// Holds the server to what was acknowledged since the last look, and learns what became of the rest.
    ///
    /// # Panics
    ///
    /// When something acknowledged is lost.
    pub async fn look(&mut self, server: SocketAddr) {
        let touched: HashSet<usize> = self.touched.drain(..).collect();
        self.look_at(server, touched.into_iter().collect()).await;
    }

    /// The same with everything that was ever acknowledged.
    pub async fn look_at_all(&mut self, server: SocketAddr) {
        self.touched.clear();
        let all = (0..self.cases.len()).filter(|place| self.cases[*place].known.is_some()).collect();
        self.look_at(server, all).await;
    }

    async fn look_at(&mut self, server: SocketAddr, places: Vec<usize>) {
        let mut line = Kept::to(server).await.expect("a connection");
        for place in places {
            let known = self.known(place);
            let path = format!("/v1/verifications/{}", known.id);
            let (status, answer) =
                ask(&mut line, &request("GET", &path, &bearer(KEY), "")).await.expect("an answer");
            assert_eq!(status, 200, "an acknowledged start is lost: {answer}, {known:?}");
            let left = answer["checks_left"].as_u64().expect("a number");
            let is_approved = answer["status"] == "approved";
            assert!(is_approved || answer["status"] == "pending", "{answer}, {known:?}");
            match known.approval {
                Approval::None => assert!(!is_approved, "nobody approved it: {answer}, {known:?}"),
                Approval::Acknowledged => assert!(is_approved, "an approval is lost: {answer}, {known:?}"),
                Approval::Asked if is_approved => known.approval = Approval::Acknowledged,
                Approval::Asked => known.approval = Approval::None,
            }
            // The right check is counted as well.
            let wrong = CHECKS - left - u64::from(is_approved);
            let (acknowledged, asked) = known.wrong;
            assert!((acknowledged..=asked).contains(&wrong), "wrong checks are lost: {answer}, {known:?}");
            known.wrong = (wrong, wrong);
        }
    }

    /// Holds every acknowledged start against what was delivered, and approves what is still pending.
    ///
    /// # Panics
    ///
    /// When a code is missing or is not the right one, or one was good twice.
    pub async fn finish(&mut self, server: SocketAddr, codes: &Codes) {
        let mut line = Kept::to(server).await.expect("a connection");
        for known in self.cases.iter().filter_map(|case| case.known.as_ref()) {
            let code =
                codes.get(&known.delivery).unwrap_or_else(|| panic!("a message never left: {known:?}"));
            let (status, answer) = ask(&mut line, &check(&known.id, code)).await.expect("an answer");
            if known.approval == Approval::Acknowledged {
                assert_eq!(status, 409, "{answer}, {known:?}");
                assert_eq!(answer["type"], "https://passrelay.dev/problems/verification-approved");
            } else {
                assert_eq!((status, &answer["valid"]), (200, &json!(true)), "{answer}, {known:?}");
            }
        }
    }

    /// Holds what is told of every message against what came of it: one that came marked as repeated, and no other, had
    /// an unknown outcome before.
    ///
    /// # Panics
    ///
    /// When it is told otherwise, or one is still under way after a while.
    pub async fn look_at_repeats(&self, server: SocketAddr, delivered: &Delivered) {
        let mut line = Kept::to(server).await.expect("a connection");
        for known in self.cases.iter().filter_map(|case| case.known.as_ref()) {
            let expected = if delivered.repeated.contains(&known.delivery) {
                json!([["unknown", false], ["sent", true]])
            } else {
                json!([["sent", false]])
            };
            assert_eq!(settled(&mut line, &known.id).await, expected, "{known:?}");
        }
    }

    /// What is told of the deliveries of its first start: of each its status, and whether it is a repetition.
    ///
    /// # Panics
    ///
    /// When that start was not acknowledged, or nothing is told.
    pub async fn deliveries_of_first(&self, server: SocketAddr) -> Value {
        let mut line = Kept::to(server).await.expect("a connection");
        let known = self.cases[0].known.as_ref().expect("its start was acknowledged");
        deliveries(&mut line, &known.id).await
    }

    /// The messages that must have left or leave yet.
    pub fn expected(&self) -> impl Iterator<Item = &str> {
        self.cases.iter().filter_map(|case| Some(case.known.as_ref()?.delivery.as_str()))
    }

    fn known(&mut self, place: usize) -> &mut Known {
        self.cases[place].known.as_mut().expect("its start was acknowledged")
    }
}

fn check(id: &str, code: &str) -> Vec<u8> {
    let body = json!({ "code": code }).to_string();
    request("POST", &format!("/v1/verifications/{id}/checks"), &bearer(KEY), &body)
}

/// The same once none is under way any more.
async fn settled(line: &mut Kept, verification: &str) -> Value {
    for _ in 0..1_200 {
        let told = deliveries(line, verification).await;
        if !told.to_string().contains("queued") {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a delivery of {verification} is never settled")
}

/// What is told of the deliveries of a verification: of each its status, and whether it is a repetition.
async fn deliveries(line: &mut Kept, verification: &str) -> Value {
    let path = format!("/v1/verifications/{verification}/deliveries");
    let (status, answer) = ask(line, &request("GET", &path, &bearer(KEY), "")).await.expect("an answer");
    assert_eq!(status, 200, "{answer}");
    let told = answer["deliveries"].as_array().expect("a list");
    told.iter().map(|delivery| json!([delivery["status"], delivery["repeated"]])).collect()
}

async fn ask(line: &mut Kept, request: &[u8]) -> io::Result<(u16, Value)> {
    let heard = line.ask(request).await?;
    let body = serde_json::from_slice(heard.body).map_err(io::Error::other)?;
    Ok((heard.status, body))
}

fn word(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
