//! Writes the log back into the database beside the jobs: they wait for the end of it only.

use super::{desk::Item, question::Question};
use tokio::sync::mpsc;

/// How many bytes of records are written before the log is written back: some 4,000 pages of it. Measured: four times as
/// many spare nothing, and hold up whoever waits behind the writing for half as long again.
const ENOUGH: usize = 1024 * 1024;

/// How often it is tried to leave the writer no more than a few pages.
const PASSES: usize = 4;

/// How many pages are more than a few: those of some ten commits.
const FEW: u32 = 256;

/// When the log is to be written back, and who does the most of it.
pub(super) struct Upkeep {
    /// The thread that reads.
    questions: mpsc::Sender<Question>,
    /// The way back to the one that writes.
    queue: mpsc::WeakSender<Item>,
    written: usize,
    is_under_way: bool,
}

impl Upkeep {
    pub(super) fn new(questions: mpsc::Sender<Question>, queue: mpsc::WeakSender<Item>) -> Self {
        Self { questions, queue, written: 0, is_under_way: false }
    }

    /// Takes note of what a batch wrote, and has the log written back once that is enough.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written = self.written.saturating_add(bytes);
        if self.is_under_way || self.written < ENOUGH {
            return;
        }
        let queue = self.queue.clone();
        let question = Question(Box::new(move |database, _| {
            for _ in 0..PASSES {
                match database.write_back_some() {
                    Ok(FEW..) => {}
                    Ok(_) => break,
                    Err(fault) => {
                        tracing::debug!(error = %fault, "the store's log is not written back yet");
                        break;
                    }
                }
            }
            if let Some(queue) = queue.upgrade() {
                // The ledger may be gone.
                let _sent = queue.blocking_send(Item::WrittenBack);
            }
        }));
        // Where too many questions wait there is no hurry: in the end SQLite does it within a commit.
        if self.questions.try_send(question).is_ok() {
            (self.written, self.is_under_way) = (0, true);
        }
    }

    /// The most of it is done.
    pub(super) fn is_done(&mut self) {
        self.is_under_way = false;
    }
}
