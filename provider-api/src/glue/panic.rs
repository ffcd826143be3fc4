//! Remembers what a panic said and where, so that the error can tell it.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
};

thread_local! {
    static GUARDED: Cell<u32> = const { Cell::new(0) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Catches panics of this thread's guarded code in silence; any other goes to the hook that was there before.
///
/// A library has its own copy of the standard library and so its own hook: the host's does not hear of its panics.
pub(super) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if GUARDED.with(Cell::get) == 0 {
                return previous(info);
            }
            let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
            let said = words(info.payload()) + &place.unwrap_or_default();
            LAST.with(|last| *last.borrow_mut() = Some(said));
        }));
    });
}

/// Runs code whose panic becomes an error that tells what it said and where.
pub(super) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    GUARDED.with(|depth| depth.set(depth.get() + 1));
    // What an earlier panic said, one that the author caught, must not be taken for the words of this one.
    LAST.with(|last| *last.borrow_mut() = None);
    let outcome = catch_unwind(AssertUnwindSafe(code)).map_err(explain);
    GUARDED.with(|depth| depth.set(depth.get() - 1));
    outcome
}

fn explain(payload: Box<dyn Any + Send>) -> String {
    let said = LAST.with(|last| last.borrow_mut().take()).unwrap_or_else(|| words(&*payload));
    // The payload is the author's too: its own Drop may panic, and what that panics with must not be dropped at all.
    if let Err(again) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
        std::mem::forget(again);
    }
    format!("the provider panicked: {said}")
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
