//! End to end: real libraries, real processes, real sockets.

mod boundary;
