//! The whole server under load: `cargo bench -p passrelay-tests --bench load`.
//!
//! `passrelay serve` runs as processes of their own; this one asks them over kept connections, from one thread. All is
//! measured in one run in interleaved rounds, so read the ratios. `--smoke` is a small run that only shows that
//! everything is answered rightly; `--json FILE` also writes the figures there; `--rounds N` is what it says;
//! `--starts N` is of a round; `--clients N` and `--way WORD` (a word of its name) leave the others out, for whoever looks
//! for where the time goes.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench that cannot go on fails loudly")]
#![expect(clippy::indexing_slicing, reason = "a bench that cannot go on fails loudly")]
#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(clippy::disallowed_methods, reason = "a bench is about the machine's own time")]

mod face;
mod figures;
mod house;
mod scene;

use figures::Figures;
use house::{House, Way};
use scene::Scene;
use std::fs;

/// What is asked of the machine.
struct Plan {
    rounds: usize,
    clients: Vec<usize>,
    ways: Vec<Way>,
    /// Starts of a round by one client, and by several.
    starts: (usize, usize),
    startups: usize,
    json: Option<String>,
}

fn main() {
    let plan = plan();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    let figures = runtime.block_on(local.run_until(run(&plan)));
    println!("{}", figures.table());
    if let Some(file) = &plan.json {
        fs::write(file, format!("{:#}\n", figures.json())).unwrap();
    }
}

async fn run(plan: &Plan) -> Figures {
    let mut figures = Figures::default();
    let mut houses: Vec<(Way, House)> = plan.ways.iter().map(|way| (*way, House::built(*way))).collect();
    // The first start makes keys and copies.
    houses[0].1.start_up().await;
    for _ in 0..plan.startups {
        figures.started(houses[0].1.start_up().await);
    }
    for (_, house) in &mut houses {
        house.open();
    }
    // The first round warms up and is not counted.
    for round in 0..=plan.rounds {
        for &clients in &plan.clients {
            for (way, house) in &mut houses {
                if !way.is_tried_with(clients) {
                    continue;
                }
                let starts = if clients == 1 { plan.starts.0 } else { plan.starts.1 };
                for (scene, phase) in Scene::life(house, clients, starts, way.faces()).await {
                    if round > 0 || plan.rounds == 1 {
                        figures.add(*way, clients, scene, phase);
                    }
                }
            }
        }
    }
    for (way, house) in houses {
        figures.weighed(way, house.memory());
        house.close();
    }
    figures
}

fn plan() -> Plan {
    let (ways, clients) = (Way::ALL.to_vec(), vec![1, 32, 256]);
    let mut plan = Plan { rounds: 5, clients, ways, starts: (1_000, 8_000), startups: 9, json: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("a value after it");
        match argument.as_str() {
            // What cargo says to every bench.
            "--bench" => {}
            "--smoke" => {
                (plan.rounds, plan.clients, plan.starts, plan.startups) = (1, vec![1, 32], (20, 200), 1);
            }
            "--json" => plan.json = Some(value()),
            "--clients" => plan.clients = vec![value().parse().expect("a number")],
            "--way" => {
                let word = value();
                plan.ways.retain(|way| way.name().contains(&word));
            }
            "--starts" => {
                let starts = value().parse().expect("a number");
                plan.starts = (starts, starts);
            }
            "--rounds" => plan.rounds = value().parse().expect("a number"),
            other => unknown(other),
        }
    }
    plan
}

#[expect(clippy::panic, reason = "there is nothing to go on with")]
fn unknown(argument: &str) -> ! {
    panic!("`{argument}`: known are --smoke, --json FILE, --rounds N, --starts N, --clients N, --way WORD")
}
