//! Why there is no Landlock, and what an operator can do about each reason.

/// Why the kernel speaks no Landlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoLandlock {
    /// `ENOSYS`: the kernel has none, or a container's filter says so.
    #[error("this kernel has no Landlock")]
    Absent,
    /// `EOPNOTSUPP`: it was not switched on at boot.
    #[error("Landlock is not switched on in this kernel")]
    Off,
    /// `EPERM` and whatever else: somebody forbids asking.
    #[error("Landlock is forbidden here")]
    Forbidden,
}

impl NoLandlock {
    pub(super) fn of(error: Option<i32>) -> Self {
        match error {
            Some(libc::ENOSYS) => Self::Absent,
            Some(libc::EOPNOTSUPP) => Self::Off,
            _ => Self::Forbidden,
        }
    }

    /// What an operator can do about it.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Absent => {
                "take a kernel of 5.13 or later with Landlock; in a container, a runtime whose seccomp profile knows landlock_*"
            }
            Self::Off => "boot the machine, in a container its host, with `lsm=landlock,…`",
            Self::Forbidden => {
                "allow landlock_create_ruleset, landlock_add_rule and landlock_restrict_self in the container's seccomp profile"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_remedy() {
        let told = [libc::ENOSYS, libc::EOPNOTSUPP, libc::EPERM].map(|error| NoLandlock::of(Some(error)));
        assert_eq!(told, [NoLandlock::Absent, NoLandlock::Off, NoLandlock::Forbidden]);
        assert!(told[1].hint().contains("lsm=") && told[2].hint().contains("seccomp profile"));
    }
}
