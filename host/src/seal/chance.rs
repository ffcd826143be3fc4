//! Where randomness comes from: the machine, or a seed in a test.

use aws_lc_rs::digest;
use std::{
    cell::RefCell,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use zeroize::{Zeroize as _, Zeroizing};

/// A source of random bytes. Cheap to clone; all clones are one source.
#[derive(Clone)]
pub struct Chance(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<Stream>>),
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::new(Pool { drawn: Zeroizing::new([0; POOLED]), used: POOLED });
}

/// How many bytes are drawn at once: the generator's price is by the draw, and an id takes ten.
const POOLED: usize = 512;

/// Bytes of the generator that this thread has not handed out yet. What is handed out is wiped from here.
struct Pool {
    drawn: Zeroizing<[u8; POOLED]>,
    used: usize,
}

struct Stream {
    seed: u64,
    drawn: u64,
}

impl Chance {
    /// The kernel's cryptographic generator.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The same bytes for the same seed: for tests only, anyone can guess them.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(Stream { seed, drawn: 0 }))))
    }

    /// Draws this many random bytes.
    ///
    /// Ends the process when the machine has no randomness: nothing it would go on to make could be trusted.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System => POOL.with_borrow_mut(|pool| pool.fill(&mut bytes)),
            Source::Seeded(stream) => stream.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes),
        }
        bytes
    }
}

impl Pool {
    fn fill(&mut self, bytes: &mut [u8]) {
        if bytes.len() > POOLED {
            return draw(bytes);
        }
        if POOLED - self.used < bytes.len() {
            draw(self.drawn.as_mut());
            self.used = 0;
        }
        let end = self.used + bytes.len();
        if let Some(fresh) = self.drawn.get_mut(self.used..end) {
            bytes.copy_from_slice(fresh);
            fresh.zeroize();
        }
        self.used = end;
    }
}

/// Asks the kernel. aws-lc's own generator seeds itself on every thread from the jitter of the processor, as certified
/// modules must: milliseconds at a thread's first draw.
fn draw(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        std::process::abort();
    }
}

impl Stream {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(digest::SHA256_OUTPUT_LEN) {
            let mut input = self.seed.to_be_bytes().to_vec();
            input.extend(self.drawn.to_be_bytes());
            self.drawn += 1;
            let block = digest::digest(&digest::SHA256, &input);
            chunk.iter_mut().zip(block.as_ref()).for_each(|(to, from)| *to = *from);
        }
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Chance(system)",
            Source::Seeded(_) => "Chance(seeded)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_draws_the_same_and_never_the_same_twice() {
        let (one, other) = (Chance::seeded(1), Chance::seeded(1));
        let first: [u8; 40] = one.bytes();
        assert_eq!(first, other.bytes());
        assert_ne!(first, one.bytes());
        assert_ne!(first, Chance::seeded(2).bytes());
    }

    #[test]
    fn the_system_draws_something_else_each_time() {
        assert_ne!(Chance::system().bytes::<16>(), Chance::system().bytes::<16>());
        assert_ne!(Chance::system().bytes::<600>()[500..], [0; 100]);
    }

    #[test]
    fn nothing_is_handed_out_twice_on_any_thread() {
        let draw = || (0..2_000).map(|_| Chance::system().bytes::<12>()).collect::<Vec<_>>();
        let others: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let mut all = draw();
        all.extend(others.into_iter().flat_map(|other| other.join().unwrap()));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 10_000);
        assert!(!all.contains(&[0; 12]));
    }
}
