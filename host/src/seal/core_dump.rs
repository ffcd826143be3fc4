//! Keeps codes and keys out of core dumps.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use std::io;

/// Makes this process leave no core dump, neither a file nor by a pipe to a collector, whatever ends it.
///
/// A side effect is that other processes of the same user cannot attach to it or read its memory.
///
/// # Errors
///
/// When the system refuses; it has no reason to.
pub fn forbid_core_dumps() -> io::Result<()> {
    // The limit alone would not stop a collector behind a pipe (core(5)).
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{dumpable_behavior, getrlimit};

    #[test]
    fn a_process_that_forbids_core_dumps_leaves_none() {
        forbid_core_dumps().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).maximum, Some(0));
    }
}
