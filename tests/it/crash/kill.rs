//! `kill -9` at random moments under load: nothing that was acknowledged is lost.

use super::CONFIGURATION;
use harness::{
    Console, KEY,
    witness::{Delivered, Dice, Progress, Witness},
};
use passrelay::seal::Chance;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::task::JoinHandle;

const ROUNDS: usize = 50;
const CALLERS: usize = 8;

/// Rounds in which a provider is slow, and the messages that are with it at the least when the server is killed.
const SLOW_ROUNDS: usize = 5;
const UNDER_WAY: usize = 100;

/// Members whose records are made anew: several pieces of them.
const MEMBERS: usize = 1_000;

/// Tells the seed of a run that failed: with it, the callers ask the same again.
struct Seed(u64);

impl Drop for Seed {
    #[expect(clippy::print_stdout, reason = "whoever looks into a failure needs it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the seed was {}", self.0);
        }
    }
}

/// Starts, approvals and counts of wrong checks survive, a start asked again with its key is the same start, and every
/// message leaves: twice only where it is marked.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_however_often_the_server_is_killed() {
    let seed = Seed(u64::from_le_bytes(Chance::system().bytes()));
    let mut dice = Dice::seeded(seed.0);
    let console = Console::configured(CONFIGURATION);
    let mut delivered = Delivered::into(&console.file("outbox.jsonl"));
    let mut callers: Vec<Witness> = (0..CALLERS).map(Witness::number).collect();
    for _ in 0..ROUNDS {
        let server = console.daemon();
        delivered.update();
        callers = each(callers, server.address(), async |caller, server| caller.look(server).await).await;
        let load = Load::on(server.address(), callers, &delivered, &mut dice);
        // By the work that was done, and not by the time alone: the machine may be slow.
        let enough = usize::try_from(dice.below(120)).unwrap();
        for _ in 0..5_000 {
            if load.progress.answered.load(Ordering::Relaxed) >= enough {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(dice.below(3_000))).await;
        server.kill();
        callers = load.ended().await;
    }
    let server = console.daemon();
    callers = each(callers, server.address(), async |caller, server| caller.look_at_all(server).await).await;
    delivered.wait_for(&callers).await;
    let (started, approved) =
        callers.iter().map(Witness::told).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(
        started > ROUNDS && approved > ROUNDS,
        "too little was asked: {started} starts, {approved} approvals"
    );
    for caller in &mut callers {
        caller.finish(server.address(), &delivered.codes).await;
    }
    assert!(server.stop().success());
}

/// Whatever is with a slow provider when the server is killed comes all the same: a message is repeated where its
/// outcome is unknown and only there, told so to its caller, and marked so to its provider.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_messages_under_way_at_a_kill_all_leave() {
    let seed = Seed(u64::from_le_bytes(Chance::system().bytes()));
    let mut dice = Dice::seeded(seed.0);
    let console = Console::configured(&slow("2s"));
    let mut delivered = Delivered::into(&console.file("outbox.jsonl"));
    let mut callers: Vec<Witness> = (0..CALLERS).map(Witness::number).collect();
    for round in 0..SLOW_ROUNDS {
        let server = console.daemon();
        callers = each(callers, server.address(), async |caller, server| caller.look(server).await).await;
        // What the last kill met is settled before the next one, so that each repetition is the first of its message.
        delivered.wait_for(&callers).await;
        let before = delivered.codes.len();
        let load = Load::on(server.address(), callers, &delivered, &mut dice);
        for _ in 0..3_000 {
            delivered.update();
            let started = load.progress.started.load(Ordering::Relaxed);
            if started.saturating_sub(delivered.codes.len() - before) > UNDER_WAY + CALLERS {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // At any moment, also while the first ones are settled.
        tokio::time::sleep(Duration::from_millis(dice.below(2_200))).await;
        server.kill();
        callers = load.ended().await;
        delivered.update();
        let all = callers.iter().flat_map(Witness::expected);
        let under_way = all.filter(|message| !delivered.codes.contains_key(*message)).count();
        assert!(under_way >= UNDER_WAY, "{under_way} messages were under way in round {round}");
    }
    let server = console.daemon();
    callers = each(callers, server.address(), async |caller, server| caller.look_at_all(server).await).await;
    delivered.wait_for(&callers).await;
    assert!(delivered.repeated.len() >= SLOW_ROUNDS * UNDER_WAY, "{}", delivered.repeated.len());
    for caller in &mut callers {
        caller.look_at_repeats(server.address(), &delivered).await;
        caller.finish(server.address(), &delivered.codes).await;
    }
    assert!(server.stop().success());
}

/// A message that ends its server each time would end it for ever: after three repetitions it is left alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_that_is_cut_off_as_well_is_repeated_three_times_and_no_more() {
    let console = Console::configured(&slow("9s"));
    let mut caller = Witness::number(0);
    let server = console.daemon();
    assert_eq!(caller.start_one(server.address()).await, None);
    server.kill();
    let mut told = vec![json!(["unknown", false])];
    for _ in 0..3 {
        let server = console.daemon();
        let now = [told.as_slice(), &[json!(["queued", true])]].concat();
        until_told(&caller, server.address(), &now.into()).await;
        server.kill();
        told.push(json!(["unknown", true]));
    }
    let server = console.daemon();
    until_told(&caller, server.address(), &told.into()).await;
    assert!(server.stop().success());
    assert_eq!(console.read("outbox.jsonl"), "");
}

/// Records are made anew under a new key in pieces, each wholly or not at all: whoever ends the server in the midst of it
/// loses nothing, and the next start goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_it_makes_records_anew_goes_on_with_it() {
    let mut dice = Dice::seeded(u64::from_le_bytes(Chance::system().bytes()));
    let console = Console::configured(CONFIGURATION);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let member = |server: SocketAddr, id: usize| format!("http://{server}/v1/members/{id}");
    let server = console.daemon();
    for id in 0..MEMBERS {
        let fields = json!({ "fields": { "mobile": format!("+44770090{id:04}") } });
        let put = client.put(member(server.address(), id)).bearer_auth(KEY).json(&fields);
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
    assert!(server.stop().success());
    let told = console.run("--json keys rotate").json();
    let older = told["older"][0].as_str().unwrap().to_owned();
    let mut killed_before_its_end = 0;
    for _ in 0..8 {
        let server = console.daemon();
        tokio::time::sleep(Duration::from_millis(dice.below(60))).await;
        let log = server.log();
        server.kill();
        killed_before_its_end += usize::from(!log.contains("made anew"));
        assert!(!log.contains("ERROR"), "{log}");
    }
    assert!(killed_before_its_end > 0);
    let server = console.daemon();
    let needed = format!("key `{older}` is still needed");
    for _ in 0..2_000 {
        if !console.run("doctor").out.contains(&needed) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!console.run("doctor").out.contains(&needed), "{}", console.run("doctor").out);
    for id in 0..MEMBERS {
        let shown = client.get(member(server.address(), id)).bearer_auth(KEY).send().await.unwrap();
        assert_eq!(shown.status(), 200, "member {id}");
    }
    assert!(server.stop().success());
}

/// Everything is slow by this much.
fn slow(pause: &str) -> String {
    CONFIGURATION.replace(
        "outbox = \"outbox.jsonl\"",
        &format!("outbox = \"outbox.jsonl\"\nfail = [\"slow:{pause}\"]"),
    )
}

/// Asks until this is told of the first start's deliveries.
async fn until_told(caller: &Witness, server: SocketAddr, wanted: &Value) {
    for _ in 0..1_200 {
        if caller.deliveries_of_first(server).await == *wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to {wanted}");
}

/// Callers who ask until the server is gone.
struct Load {
    callers: Vec<JoinHandle<Witness>>,
    progress: Arc<Progress>,
}

impl Load {
    fn on(server: SocketAddr, callers: Vec<Witness>, delivered: &Delivered, dice: &mut Dice) -> Self {
        let progress = Arc::new(Progress::default());
        let loading = callers.into_iter().map(|mut caller| {
            let (codes, mut dice) = (delivered.codes.clone(), Dice::seeded(dice.below(u64::MAX)));
            let progress = Arc::clone(&progress);
            tokio::spawn(async move {
                caller.load_on(server, &codes, &mut dice, &progress).await;
                caller
            })
        });
        Self { callers: loading.collect(), progress }
    }

    async fn ended(self) -> Vec<Witness> {
        let mut ended = Vec::new();
        for caller in self.callers {
            ended.push(caller.await.unwrap());
        }
        ended
    }
}

/// One after the other.
async fn each(
    callers: Vec<Witness>,
    server: SocketAddr,
    ask: impl AsyncFn(&mut Witness, SocketAddr),
) -> Vec<Witness> {
    let mut asked = Vec::new();
    for mut caller in callers {
        ask(&mut caller, server).await;
        asked.push(caller);
    }
    asked
}
