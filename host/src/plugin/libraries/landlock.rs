//! Whether libraries may be loaded where the kernel cannot keep them from files.

use crate::plugin::sandbox::NoLandlock;

/// Whether libraries may be loaded: Landlock keeps them from files, or it need not. That it cannot is told once.
pub(super) fn may_load(landlock: Result<u32, NoLandlock>, is_required: bool) -> bool {
    static TOLD: std::sync::Once = std::sync::Once::new();
    if let Err(cause) = landlock {
        TOLD.call_once(|| {
            let (reason, hint) = (cause.to_string(), cause.hint());
            tracing::warn!(
                reason,
                hint,
                "there is no Landlock: libraries that open files, or sockets of their own, can read what the server can; others still open nothing"
            );
        });
    }
    landlock.is_ok() || !is_required
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_landlock_libraries_are_loaded_unless_it_is_required() {
        let may =
            [(Ok(1), true), (Ok(7), false), (Err(NoLandlock::Off), false), (Err(NoLandlock::Off), true)]
                .map(|(landlock, is_required)| may_load(landlock, is_required));
        assert_eq!(may, [true, true, true, false]);
    }
}
