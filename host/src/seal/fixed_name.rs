//! Names that follow from what they name, under no key: the same on every server and for ever.

use super::keys::hex;
use aws_lc_rs::digest;

/// 32 hexadecimal digits that always stand for these parts: no secret, and told apart as [`super::Key::index`] does.
pub fn fixed_name(parts: &[&str]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut name = hex(context.finish().as_ref());
    name.truncate(32);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It stands in what callers keep: another value would break them.
    #[test]
    fn a_fixed_name_never_changes_and_tells_its_parts_apart() {
        assert_eq!(fixed_name(&["service", "web"]), "489f77b05b1b4b01ae5d9fdf607b9ceb");
        assert_ne!(fixed_name(&["ab", "c"]), fixed_name(&["a", "bc"]));
    }
}
