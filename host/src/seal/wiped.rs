//! Wipes memory when it is freed: codes and keys pass through buffers of libraries that wipe nothing.

use mimalloc::MiMalloc;
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static WIPED: ZeroAlloc<MiMalloc> = ZeroAlloc(MiMalloc);
