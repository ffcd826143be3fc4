//! Wipes memory when it is freed: codes and keys pass through buffers of libraries that wipe nothing.

use std::alloc::System;
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static WIPED: ZeroAlloc<System> = ZeroAlloc(System);
