//! What is counted and measured, as `OpenMetrics` text. No label ever holds what a stranger sent.

mod labels;

use jiff::Timestamp;
use labels::{Build, Checked, Delivered, Handed, Open, Refused, Requested, Started, State};
use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::{ConstGauge, Gauge},
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};
use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The type of the text (`OpenMetrics` 1.0.0).
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How a provider may be: of each, one is 1 and the others are 0.
const STATES: [&str; 6] = ["ready", "unavailable", "quarantined", "throttled", "failed", "disabled"];

/// What is counted and measured. Everything is counted without waiting, and shown by [`Metrics::text`].
pub struct Metrics {
    registry: Registry,
    starts: Family<Started, Counter>,
    checks: Family<Checked, Counter>,
    approvals: Counter,
    problems: Family<Refused, Counter>,
    requests: Family<Requested, Histogram, Buckets>,
    deliveries: Family<Delivered, Counter>,
    canary_deliveries: Family<Delivered, Counter>,
    delivering: Family<Handed, Histogram, Buckets>,
    jobs: Counter,
    batch_jobs: Histogram,
    batch_bytes: Histogram,
    commits: Histogram,
    waits: Histogram,
    /// Written anew for each text: one text at a time.
    lanes: Mutex<Lanes>,
}

/// What is known of providers only when it is asked.
#[derive(Default)]
struct Lanes {
    depth: Family<Open, Gauge>,
    places: Family<Open, Gauge>,
    state: Family<State, Gauge>,
    canary_state: Family<State, Gauge>,
}

/// What became of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A new verification.
    New,
    /// The pending one, sent again.
    Resend,
    /// An earlier answer, given again to the same `Idempotency-Key`.
    Replay,
}

/// A provider as it is at this moment.
#[derive(Debug, Clone)]
pub struct ProviderNow {
    /// Its id.
    pub id: String,
    /// `ready`, `unavailable`, `quarantined`, `throttled`, `failed` or `disabled`.
    pub state: &'static str,
    /// Calls that wait or run, and how many may, if it is open.
    pub lane: Option<(usize, usize)>,
    /// How its canary is, if it has one: one of the same words.
    pub canary: Option<&'static str>,
}

/// Makes histograms of time: 16 buckets, each twice the one before.
#[derive(Debug, Clone, Copy)]
struct Buckets(f64);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(self.0, 2.0, 16))
    }
}

impl Metrics {
    /// Counts from zero, in a process that began at this time.
    pub fn new(began: Timestamp) -> Self {
        // 0.25 ms to 8 s; a provider is slower: 5 ms to 164 s.
        let (quick, slow) = (Buckets(0.000_25), Buckets(0.005));
        let all = Self {
            registry: Registry::with_prefix("passrelay"),
            starts: Family::default(),
            checks: Family::default(),
            approvals: Counter::default(),
            problems: Family::default(),
            requests: Family::new_with_constructor(quick),
            deliveries: Family::default(),
            canary_deliveries: Family::default(),
            delivering: Family::new_with_constructor(slow),
            jobs: Counter::default(),
            batch_jobs: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            batch_bytes: Histogram::new(exponential_buckets(256.0, 4.0, 8)),
            commits: quick.new_metric(),
            waits: quick.new_metric(),
            lanes: Mutex::default(),
        };
        for kind in [Start::New, Start::Resend, Start::Replay] {
            all.start_of(kind).inc_by(0);
        }
        for verdict in ["right", "wrong"] {
            all.checks.get_or_create(&Checked { verdict }).inc_by(0);
        }
        all.registered(began)
    }

    fn registered(mut self, began: Timestamp) -> Self {
        let to = &mut self.registry;
        let version = env!("CARGO_PKG_VERSION");
        to.register("build", "The program", Info::new(Build { version }));
        let seconds = began.as_duration().as_secs_f64();
        let began = ConstGauge::<f64>::new(seconds);
        to.register_with_unit("start_time", "When the server started, since 1970", Unit::Seconds, began);
        to.register("starts", "Starts that were answered", self.starts.clone());
        to.register("checks", "Codes that were compared", self.checks.clone());
        to.register("approvals", "Verifications that were approved", self.approvals.clone());
        to.register("problems", "Requests that were refused or failed, by problem", self.problems.clone());
        let help = "From a request's head to its answer's";
        to.register_with_unit("http_request_duration", help, Unit::Seconds, self.requests.clone());
        to.register("deliveries", "Deliveries that were settled", self.deliveries.clone());
        let help = "Deliveries that a provider's canary had; `passrelay_deliveries_total` has them as well";
        to.register("canary_deliveries", help, self.canary_deliveries.clone());
        let help = "From handing over to the provider's answer";
        to.register_with_unit("delivery_duration", help, Unit::Seconds, self.delivering.clone());
        to.register("ledger_jobs", "Jobs that the store was given", self.jobs.clone());
        to.register("ledger_batch_jobs", "Jobs that shared a commit", self.batch_jobs.clone());
        let help = "What a commit wrote";
        to.register_with_unit("ledger_batch_size", help, Unit::Bytes, self.batch_bytes.clone());
        let help = "How long a commit took";
        to.register_with_unit("ledger_commit_duration", help, Unit::Seconds, self.commits.clone());
        let help = "How long a job waited for its batch";
        to.register_with_unit("ledger_queue_wait", help, Unit::Seconds, self.waits.clone());
        let lanes = self.lanes.get_mut().unwrap_or_else(PoisonError::into_inner);
        to.register("lane_depth", "Calls that wait for a provider or run", lanes.depth.clone());
        to.register("lane_places", "How many calls may wait or run", lanes.places.clone());
        to.register("provider_state", "1 for the state that a provider is in", lanes.state.clone());
        let help = "1 for the state that a provider's canary is in";
        to.register("canary_state", help, lanes.canary_state.clone());
        self
    }

    /// Counts a start that was answered.
    pub fn start(&self, kind: Start) {
        self.start_of(kind).inc();
    }

    fn start_of(&self, kind: Start) -> Counter {
        let kind = match kind {
            Start::New => "new",
            Start::Resend => "resend",
            Start::Replay => "replay",
        };
        self.starts.get_or_create_owned(&Started { kind })
    }

    /// Counts a check. A right code approves.
    pub fn check(&self, is_right: bool) {
        let verdict = if is_right { "right" } else { "wrong" };
        self.checks.get_or_create(&Checked { verdict }).inc();
        if is_right {
            self.approvals.inc();
        }
    }

    /// Counts a request that was answered: its route's pattern, never its path.
    pub fn request(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let status = ["1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(status / 100).wrapping_sub(1));
        let labels = Requested { method, route: route.into(), status: status.unwrap_or(&"other") };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Counts a problem by its name, which is one of ours.
    pub fn problem(&self, method: &'static str, route: &str, problem: &str) {
        let labels = Refused { method, route: route.into(), problem: problem.into() };
        self.problems.get_or_create(&labels).inc();
    }

    /// Counts a delivery that was settled: `outcome` is `sent`, `failed` or `unknown`, `failure` a kind of failure or
    /// empty, and `took` the time that its provider had it, if that is known.
    pub fn delivery(
        &self,
        provider: &str,
        outcome: &'static str,
        failure: &'static str,
        took: Option<Duration>,
    ) {
        let labels = Delivered { provider: provider.into(), outcome, failure };
        self.deliveries.get_or_create(&labels).inc();
        let labels = Handed { provider: labels.provider };
        if let Some(took) = took {
            self.delivering.get_or_create(&labels).observe(took.as_secs_f64());
        }
    }

    /// Counts besides that it was the provider's canary that had a delivery.
    pub fn canary_delivery(&self, provider: &str, outcome: &'static str, failure: &'static str) {
        let labels = Delivered { provider: provider.into(), outcome, failure };
        self.canary_deliveries.get_or_create(&labels).inc();
    }

    /// Counts jobs that the ledger did, whether they wrote or not.
    pub fn jobs(&self, jobs: usize) {
        self.jobs.inc_by(u64::try_from(jobs).unwrap_or(u64::MAX));
    }

    /// Measures a batch of the ledger that was written: how many jobs, how many bytes they wrote, how long the commit took.
    #[expect(clippy::cast_precision_loss, reason = "a batch has neither 2^52 jobs nor 2^52 bytes")]
    pub fn batch(&self, jobs: usize, bytes: usize, commit_seconds: f64) {
        self.batch_jobs.observe(jobs as f64);
        self.batch_bytes.observe(bytes as f64);
        self.commits.observe(commit_seconds);
    }

    /// Measures how long a job of the ledger waited for its batch.
    pub fn queue_wait(&self, seconds: f64) {
        self.waits.observe(seconds);
    }

    /// Everything as text, with the providers as they are now.
    ///
    /// # Errors
    ///
    /// Never: writing to a string does not fail.
    pub fn text(&self, providers: &[ProviderNow]) -> Result<String, fmt::Error> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.show(providers);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Lanes {
    /// Forgets providers that are gone.
    fn show(&self, providers: &[ProviderNow]) {
        self.depth.clear();
        self.places.clear();
        self.state.clear();
        self.canary_state.clear();
        for ProviderNow { id, state: now, lane, canary } in providers {
            if let Some((depth, places)) = lane {
                let whole = |number: &usize| i64::try_from(*number).unwrap_or(i64::MAX);
                let open = Open { provider: id.as_str().into() };
                self.depth.get_or_create(&open).set(whole(depth));
                self.places.get_or_create(&open).set(whole(places));
            }
            for state in STATES {
                let labels = State { provider: id.as_str().into(), state };
                if let Some(now) = canary {
                    self.canary_state.get_or_create(&labels).set(i64::from(state == *now));
                }
                self.state.get_or_create(&labels).set(i64::from(state == *now));
            }
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests;
