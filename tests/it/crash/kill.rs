//! `kill -9` at random moments under load: nothing that was acknowledged is lost.

use super::CONFIGURATION;
use harness::{
    Console,
    witness::{Delivered, Dice, Witness},
};
use passrelay::seal::Chance;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const ROUNDS: usize = 50;
const CALLERS: usize = 8;

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
        let answered = Arc::new(AtomicUsize::new(0));
        callers = each(callers, server.address(), async |caller, server| caller.look(server).await).await;
        let loading: Vec<_> = callers
            .into_iter()
            .map(|mut caller| {
                let (codes, mut dice) = (delivered.codes.clone(), Dice::seeded(dice.below(u64::MAX)));
                let (address, answered) = (server.address(), Arc::clone(&answered));
                tokio::spawn(async move {
                    caller.load_on(address, &codes, &mut dice, &answered).await;
                    caller
                })
            })
            .collect();
        // By the work that was done, and not by the time alone: the machine may be slow.
        let enough = usize::try_from(dice.below(120)).unwrap();
        for _ in 0..5_000 {
            if answered.load(Ordering::Relaxed) >= enough {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(dice.below(3_000))).await;
        server.kill();
        callers = Vec::new();
        for caller in loading {
            callers.push(caller.await.unwrap());
        }
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

/// All of them at once.
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
