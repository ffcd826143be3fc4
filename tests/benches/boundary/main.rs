//! What the boundary costs, as a table: `cargo bench -p passrelay-tests`.
//!
//! Everything is measured in one run on one machine, so read the ratios: what a call costs natively, across the
//! boundary, on a lane's thread and in a process of its own.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails loudly")]
#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(clippy::disallowed_methods, reason = "a bench is about the machine's own time")]

mod direct;

use direct::Direct;
use harness::{Dropped, built, program};
use passrelay::{
    clock::Clock,
    plugin::{Isolation, Lane, Providers, inspect},
};
use provider_api::{
    Channel, DeliveryError, Host, JsonSchema, Message, Payload, Provider, Receipt, Recipient,
    export_provider, schemars,
    testing::{Harness, json},
};
use std::{
    hint::black_box,
    path::Path,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};
use tokio::{runtime::Runtime, task::JoinSet};

/// Answers at once: what is measured is the way to it.
struct Quiet;

#[derive(serde::Deserialize, JsonSchema)]
struct Config {}

impl Provider for Quiet {
    type Config = Config;

    async fn open(_: Config, _: Host) -> Result<Self, DeliveryError> {
        Ok(Self)
    }

    async fn deliver(&self, message: Message) -> Result<Receipt, DeliveryError> {
        Ok(Receipt::new(message.id))
    }
}

export_provider!(Quiet, id = "quiet", channels = ["*"]);

fn main() {
    let runtime = Runtime::new().unwrap();
    let message = message();
    println!("{:<44} {:>12}", "one call", "least time");
    per_call("a copy of the message, which every call needs", 20_000, || drop(black_box(message.clone())));
    per_call("native", 20_000, || drop(at_once(Quiet.deliver(message.clone()))));
    let harness = Harness::<Quiet>::open(json!({})).unwrap();
    per_call("through the glue, without a file", 20_000, || drop(harness.deliver(&message)));
    let direct = Direct::load(&built("chaos"));
    per_call("across the boundary", 20_000, || drop(at_once(direct.deliver(&message))));
    for (name, isolation) in [("thread", Isolation::Thread), ("process", Isolation::Process)] {
        lane(&runtime, name, isolation, &message);
    }
    println!("\n{:<44} {:>12}", "loading", "least time");
    loading(&runtime);
    println!("\n{:<44} {:>12}", "library", "KiB");
    sizes();
}

/// The output of a future that never waits.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("these providers answer at once"),
    }
}

fn lane(runtime: &Runtime, name: &str, isolation: Isolation, message: &Message) {
    let dropped = Dropped::with(&["chaos"]);
    let providers = runtime.block_on(dropped.open("chaos", isolation, json!({}), &Clock::system()));
    let lane = providers.lane("chaos").unwrap();
    per_call(&format!("lane, {name}, one after the other"), 2_000, || {
        runtime.block_on(lane.deliver(message.clone())).unwrap();
    });
    let (flights, each) = (64, 500);
    let best = (0..5).map(|_| runtime.block_on(in_flight(&lane, message, flights, each))).min().unwrap();
    let calls = u32::try_from(flights * each).unwrap();
    println!("{:<44} {:>12}", format!("lane, {name}, {flights} in flight"), nanos(best / calls));
}

async fn in_flight(lane: &Arc<Lane>, message: &Message, flights: usize, each: usize) -> Duration {
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..flights {
        let (lane, message) = (Arc::clone(lane), message.clone());
        tasks.spawn(async move {
            for _ in 0..each {
                lane.deliver(message.clone()).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    begin.elapsed()
}

fn loading(runtime: &Runtime) {
    let bytes = std::fs::read(built("chaos")).unwrap();
    per_call("inspect", 20, || drop(black_box(inspect(&bytes))));
    let dropped = Dropped::with(&["chaos"]);
    runtime.block_on(dropped.scan());
    per_call("scan: read, hash, inspect, try in a process", 10, || drop(runtime.block_on(dropped.scan())));
    let libraries = runtime.block_on(dropped.scan());
    for (name, isolation) in [("thread", Isolation::Thread), ("process", Isolation::Process)] {
        let settings = [harness::provider("chaos", isolation, json!({}))];
        let workshop = passrelay::plugin::Workshop::of_program(program(), Clock::system());
        per_call(&format!("open, {name}"), 10, || {
            let providers = runtime.block_on(Providers::open(&settings, &libraries, &workshop));
            assert!(providers.lane("chaos").is_some());
        });
    }
}

fn sizes() {
    let release = built("dry_run");
    let shipped = release.ancestors().nth(3).map(|target| target.join("provider/libdry_run.so"));
    println!("{:<44} {:>12}", "dry_run, as this bench uses it", kib(&release));
    match shipped.filter(|file| file.exists()) {
        Some(file) => println!("{:<44} {:>12}", "dry_run, as it is shipped", kib(&file)),
        None => println!("dry_run as it is shipped: `cargo build -p dry-run --profile provider` first"),
    }
}

fn kib(file: &Path) -> u64 {
    std::fs::metadata(file).unwrap().len() / 1024
}

/// The least of nine rounds: whatever else runs on the machine only ever adds.
fn per_call(name: &str, calls: u32, mut call: impl FnMut()) {
    let round = |call: &mut dyn FnMut()| {
        let begin = Instant::now();
        (0..calls).for_each(|_| call());
        begin.elapsed() / calls
    };
    let least = (0..9).map(|_| round(&mut call)).min().unwrap();
    println!("{name:<44} {:>12}", nanos(least));
}

fn nanos(time: Duration) -> String {
    format!("{time:.1?}")
}

fn message() -> Message {
    let recipient = Recipient::new("ok");
    let text = "493817 is your Example code.";
    Message::new("ver_1", Channel::new("sms").unwrap(), recipient, Payload::code("493817"), text)
}
