//! End to end: real libraries, real processes, real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails loudly")]

mod boundary;
