//! Whether libraries may be loaded where the kernel cannot keep them from files.

/// Why nothing is loaded.
pub(super) const NO_LANDLOCK: &str = "this kernel has no Landlock, and `libraries.sandbox` is `required`";
/// What to do about it.
pub(super) const WITHOUT: &str =
    "boot a kernel of 5.13 or later with `lsm=landlock,…`, or write `sandbox = \"best-effort\"`";

/// Whether libraries may be loaded: they can be kept from files, or need not. That they cannot is told once.
pub(super) fn may_load(landlock: Option<u32>, is_required: bool) -> bool {
    static TOLD: std::sync::Once = std::sync::Once::new();
    if landlock.is_none() {
        TOLD.call_once(|| {
            let hint = "boot a kernel of 5.13 or later with `lsm=landlock,…`";
            tracing::warn!(
                hint,
                "there is no Landlock here: while it is loaded, and with `network` always, a library can read what the server can"
            );
        });
    }
    landlock.is_some() || !is_required
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_landlock_libraries_are_loaded_unless_it_is_required() {
        let may = [(Some(1), true), (Some(7), false), (None, false), (None, true)]
            .map(|(landlock, is_required)| may_load(landlock, is_required));
        assert_eq!(may, [true, true, true, false]);
    }
}
