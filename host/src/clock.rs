//! The only place that asks the time; everything else is handed a `Clock`.

pub mod span;

use jiff::{SignedDuration, Timestamp};
use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// What tells the time and waits. Cheap to clone; all clones are one clock.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The present, cut to whole milliseconds.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => millis(Timestamp::now().as_millisecond()),
            Source::Manual(time) => *time.borrow(),
        }
    }

    /// Waits this long.
    pub async fn sleep(&self, pause: Duration) {
        match &self.0 {
            Source::System => tokio::time::sleep(pause).await,
            Source::Manual(time) => {
                let until = after(*time.borrow(), pause);
                let mut time = time.subscribe();
                // An error says that the clock's owner is gone: then nobody will ever wake the sleeper.
                if time.wait_for(|now| *now >= until).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    /// Waits for a future, at most this long; `None` says that it took longer.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        let mut sleep = pin!(self.sleep(limit));
        let mut future = pin!(future);
        tokio::select! {
            biased;
            output = &mut future => Some(output),
            () = &mut sleep => None,
        }
    }
}

/// Measures how long something really takes, whatever the clock says: for figures, never for a rule.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins to measure.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that measures")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// What has passed since.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// What has passed since, in seconds.
    pub fn seconds(self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}

/// A clock that stands still until a test moves it.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// let hand = passrelay::clock::ManualClock::at("2026-01-02T03:04:05Z".parse().unwrap());
/// let clock = hand.clock();
/// hand.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().to_string(), "2026-01-02T03:05:05Z");
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock {
    time: Arc<watch::Sender<Timestamp>>,
    moving: Arc<Mutex<()>>,
}

impl ManualClock {
    /// Stands at this time.
    pub fn at(time: Timestamp) -> Self {
        Self { time: Arc::new(watch::Sender::new(time)), moving: Arc::default() }
    }

    /// The clock to hand out.
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(Arc::clone(&self.time)))
    }

    /// Moves the time on; sleepers whose time has come wake.
    pub fn advance(&self, by: Duration) {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        let to = after(*self.time.borrow(), by);
        self.time.send_replace(to);
    }

    /// Waits until this many sleepers wait on the clock: only then does moving it wake them.
    pub async fn sleepers(&self, at_least: usize) {
        while self.time.receiver_count() < at_least {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// The time this long after another; the end of time where there is none.
pub fn after(time: Timestamp, pause: Duration) -> Timestamp {
    let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
    time.checked_add(pause).unwrap_or(Timestamp::MAX)
}

/// The time this many milliseconds after 1970-01-01 UTC.
pub fn millis(since_epoch: i64) -> Timestamp {
    Timestamp::from_millisecond(since_epoch).unwrap_or(Timestamp::MAX)
}
