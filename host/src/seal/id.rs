//! Names of verifications, deliveries and factors: a prefix and a UUID version 7, so that they sort by time.

use super::Chance;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The text is no id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(extend("pattern" = concat!("^", $prefix, "[0-9a-f]{32}$")))]
        pub struct $name(String);

        impl $name {
            /// Makes a new one of the time and chance.
            pub fn new(now: Timestamp, chance: &Chance) -> Self {
                Self(format!(concat!($prefix, "{}"), uuid(now, chance).simple()))
            }

            /// The whole id with its prefix.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let digits = text.strip_prefix($prefix).ok_or(InvalidId)?;
                let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                let well_formed = digits.len() == 32 && digits.bytes().all(is_digit);
                if well_formed { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// The name of a verification: `ver_` and 32 hexadecimal digits.
    VerificationId,
    "ver_"
);
id!(
    /// The name of a delivery: `dlv_` and 32 hexadecimal digits.
    DeliveryId,
    "dlv_"
);
id!(
    /// The name of an entity: `ent_` and 32 hexadecimal digits.
    EntityId,
    "ent_"
);
id!(
    /// The name of a factor: `fac_` and 32 hexadecimal digits.
    FactorId,
    "fac_"
);
id!(
    /// The name of a challenge: `chl_` and 32 hexadecimal digits.
    ChallengeId,
    "chl_"
);

/// RFC 9562 section 5.7: 48 bits of milliseconds, 74 of chance.
fn uuid(now: Timestamp, chance: &Chance) -> uuid::Uuid {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &chance.bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::millis;

    #[test]
    fn ids_are_prefixed_sorted_by_time_and_read_back() {
        let chance = Chance::seeded(7);
        let early = VerificationId::new(millis(1_700_000_000_000), &chance);
        let late = VerificationId::new(millis(1_700_000_000_001), &chance);
        assert!(early < late);
        assert_eq!(early.as_str().len(), 36);
        assert_eq!(early.as_str().parse(), Ok(early.clone()));
        assert!(DeliveryId::new(millis(0), &chance).as_str().starts_with("dlv_000000000000"));
        assert_ne!(early, VerificationId::new(millis(1_700_000_000_000), &chance));
    }

    #[test]
    fn anything_else_is_no_id() {
        let id = VerificationId::new(millis(1), &Chance::seeded(7)).to_string();
        for bad in [
            "",
            "ver_",
            "ver_1",
            &id.to_uppercase(),
            &id.replace("ver_", "dlv_"),
            &format!("{id}0"),
            &id[4..],
        ] {
            assert_eq!(bad.parse::<VerificationId>(), Err(InvalidId), "{bad}");
        }
    }
}
