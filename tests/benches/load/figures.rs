//! What came out: medians over the rounds, as a table and as JSON.

use super::{
    house::{Memory, Way},
    scene::{Phase, Scene},
};
use serde_json::{Value, json};
use std::{fmt::Write as _, time::Duration};

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    startups: Vec<Duration>,
    rounds: Vec<(Way, usize, Scene, Phase)>,
    memory: Vec<(Way, Memory)>,
}

/// One row of the table: a scene in one way with so many clients.
struct Row {
    way: Way,
    clients: usize,
    scene: Scene,
    /// Requests a second.
    rate: f64,
    /// Messages a second, where there are messages.
    delivered: f64,
    p50: Duration,
    p99: Duration,
    /// Processor microseconds of one request.
    server: f64,
    workers: f64,
    client: f64,
    /// Of all requests, those that were asked again.
    again: usize,
}

impl Figures {
    pub(crate) fn started(&mut self, took: Duration) {
        self.startups.push(took);
    }

    pub(crate) fn add(&mut self, way: Way, clients: usize, scene: Scene, phase: Phase) {
        self.rounds.push((way, clients, scene, phase));
    }

    pub(crate) fn weighed(&mut self, way: Way, memory: Memory) {
        self.memory.push((way, memory));
    }

    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        let mut line = |text: String| table.push_str(&(text + "\n"));
        line(format!(
            "from start to first answer with three libraries: {}",
            ms(median(self.startups.iter().copied()))
        ));
        for (way, memory) in &self.memory {
            line(format!(
                "memory at the end, {}: {:.0} MiB (peak {:.0} MiB), workers {:.0} MiB",
                way.name(),
                mib(memory.server),
                mib(memory.server_peak),
                mib(memory.workers)
            ));
        }
        line(format!(
            "\n{:<30} {:>7} {:<13} {:>9} {:>9} {:>7} {:>9} {:>9} {:>10} {:>10} {:>8} {:>6}",
            "way",
            "clients",
            "scene",
            "per sec",
            "sent/sec",
            "ratio",
            "p50",
            "p99",
            "server µs",
            "worker µs",
            "client",
            "again"
        ));
        let rows = self.rows();
        for row in &rows {
            let sent = if matches!(row.scene, Scene::Start(_)) {
                format!("{:.0}", row.delivered)
            } else {
                String::new()
            };
            line(format!(
                "{:<30} {:>7} {:<13} {:>9.0} {:>9} {:>7.2} {:>9} {:>9} {:>10.1} {:>10.1} {:>8.1} {:>6}",
                row.way.name(),
                row.clients,
                row.scene.name(),
                row.rate,
                sent,
                row.rate / empty(&rows, row).rate,
                ms(row.p50),
                ms(row.p99),
                row.server,
                row.workers,
                row.client,
                row.again
            ));
        }
        table
    }

    pub(crate) fn json(&self) -> Value {
        let rows = self.rows();
        let shown = rows.iter().map(|row| {
            json!({
                "way": row.way.name(), "clients": row.clients, "scene": row.scene.name(),
                "requests_per_second": row.rate, "deliveries_per_second": row.delivered,
                "ratio_to_empty": row.rate / empty(&rows, row).rate,
                "p50_us": row.p50.as_micros(), "p99_us": row.p99.as_micros(),
                "server_cpu_us": row.server, "workers_cpu_us": row.workers, "client_cpu_us": row.client, "asked_again": row.again,
            })
        });
        let memory = self.memory.iter().map(|(way, memory)| {
            json!({"way": way.name(), "server_kib": memory.server, "server_peak_kib": memory.server_peak,
                   "workers_kib": memory.workers})
        });
        json!({
            "start_up_us": median(self.startups.iter().copied()).as_micros(),
            "memory": memory.collect::<Vec<_>>(),
            "rows": shown.collect::<Vec<_>>(),
        })
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for clients in [1, 32, 256] {
            for way in Way::ALL {
                for scene in Scene::all() {
                    let phases: Vec<&Phase> = self
                        .rounds
                        .iter()
                        .filter(|(w, c, s, _)| (*w, *c, *s) == (way, clients, scene))
                        .map(|(.., phase)| phase)
                        .collect();
                    if !phases.is_empty() {
                        rows.push(Row::of(way, clients, scene, &phases));
                    }
                }
            }
        }
        rows
    }
}

impl Row {
    fn of(way: Way, clients: usize, scene: Scene, phases: &[&Phase]) -> Self {
        let requests: usize = phases.iter().map(|phase| phase.requests).sum();
        let each = count(phases[0].requests);
        // The kernel counts in steps of 10 ms: only the sum over all rounds tells.
        let cost = |of: fn(&Phase) -> Duration| {
            phases.iter().map(|phase| of(phase)).sum::<Duration>().as_secs_f64() * 1e6 / count(requests)
        };
        let took = |of: fn(&Phase) -> Duration| median(phases.iter().map(|phase| of(phase)));
        Self {
            way,
            clients,
            scene,
            rate: each / took(|phase| phase.answered).as_secs_f64(),
            delivered: each / took(|phase| phase.delivered).as_secs_f64(),
            p50: took(|phase| percentile(&phase.latencies, 50)),
            p99: took(|phase| percentile(&phase.latencies, 99)),
            server: cost(|phase| phase.taken.server),
            workers: cost(|phase| phase.taken.workers),
            client: cost(|phase| phase.taken.client),
            again: phases.iter().map(|phase| phase.again).sum(),
        }
    }
}

/// The empty handler in the same way with as many clients.
fn empty<'a>(rows: &'a [Row], row: &Row) -> &'a Row {
    let same = |other: &&Row| (other.way, other.clients, other.scene) == (row.way, row.clients, Scene::Empty);
    rows.iter().find(same).unwrap()
}

fn median(of: impl Iterator<Item = Duration>) -> Duration {
    let mut sorted: Vec<Duration> = of.collect();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn ms(time: Duration) -> String {
    let mut text = String::new();
    write!(text, "{:.2} ms", time.as_secs_f64() * 1e3).unwrap();
    text
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn count(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
