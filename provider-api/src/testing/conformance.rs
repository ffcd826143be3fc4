//! The questions that hold for every provider, asked at any door: in the author's process, in a loaded library, in a
//! process of its own.
//!
//! Every answer goes into a transcript. The transcripts of one provider at different doors are equal: that is how a
//! loaded library is shown to be indistinguishable from the native one.

use crate::{
    DeliveryError, Manifest, OpenAnswer, Provider,
    abi::{Reply, frame, ops},
    export::boundary::Exported,
};
use exam::Exam;
use native::Native;
use serde_json::Value;

pub use report::{Line, Report, Step};
pub use sample::{Sample, SampleHttp};

mod calls;
mod deliveries;
mod exam;
mod manifest;
mod native;
mod opening;
mod report;
mod sample;

/// A way into a library. All calls wait for their answer.
pub trait Door {
    /// What the library says of itself.
    ///
    /// # Errors
    ///
    /// When it cannot be asked, in words.
    fn manifest(&self) -> Result<Manifest, String>;

    /// Opens a provider. Providers of one door may be open at the same time.
    ///
    /// # Errors
    ///
    /// What the provider answers; [`Failure::Broken`](crate::Failure::Broken) if it panicked or died.
    fn open(&self, config: &Value) -> Result<(OpenAnswer, Box<dyn Session>), DeliveryError>;
}

/// An opened provider behind a [`Door`]. Closed when it is dropped.
pub trait Session: Sync {
    /// Calls and waits for the answer. [`Reply::Panicked`] if the provider panicked, died or was silent for too long.
    fn call(&self, op: u32, request: Vec<u8>) -> Reply;

    /// Begins a call and gives it up while it runs.
    fn call_and_drop(&self, op: u32, request: Vec<u8>);
}

/// Asks an exported provider every question that holds for all of them, in this process.
///
/// The manifest is the one that [`export_provider!`](crate::export_provider) made; the second type is found by the
/// compiler: write `conforms::<Carrier, _>(&sample).assert()`.
pub fn conforms<P: Provider + Exported<Here>, Here>(sample: &Sample) -> Report {
    run(&Native::<P>::new(P::FACTS, sample), sample)
}

/// Asks every question at a door.
///
/// Whoever makes the door sees to it that HTTP requests of the library are answered by [`Sample::http`].
pub fn run(door: &dyn Door, sample: &Sample) -> Report {
    let mut exam = Exam::new(sample);
    if let Some(manifest) = manifest::ask(&mut exam, door) {
        opening::refuse_what_is_wrong(&mut exam, door, &manifest);
        if let Some(session) = opening::take_what_is_right(&mut exam, door, &manifest) {
            calls::ask(&mut exam, &*session, &manifest);
            if deliveries::ask(&mut exam, &*session) {
                deliveries::ask_two(&mut exam, door, &*session);
            }
            close(&mut exam, &*session);
        }
    }
    exam.finish()
}

fn close(exam: &mut Exam<'_>, session: &dyn Session) {
    exam.rule("close_answers");
    let closed = exam.call("close", session, ops::CLOSE, frame::encode(&(), &[]).into(), &[]);
    exam.demand(closed.is_ok(), || {
        "`close` does not answer: return when what runs is finished, or given up".to_owned()
    });

    exam.rule("calls_after_close_are_survived");
    let message = exam.sample.message.clone();
    exam.deliver("deliver after close", session, &message);
    exam.call("health after close", session, ops::HEALTH, frame::encode(&(), &[]).into(), &[]);
    exam.call("close after close", session, ops::CLOSE, frame::encode(&(), &[]).into(), &[]);
}

#[cfg(test)]
mod tests;
