//! Which deliveries of a provider go through its canary: a rule without I/O, clock or chance.

use crate::seal::DeliveryId;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// Which of its provider's two files a delivery is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Share {
    /// Whichever its id falls to.
    #[default]
    Open,
    /// The canary had it.
    Canary,
    /// Its message was a canary's already: the provider's own.
    Stable,
}

impl Share {
    /// Whether the id decides.
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }

    /// Of the delivery that takes over.
    pub(super) fn after(self) -> Self {
        if self.is_open() { Self::Open } else { Self::Stable }
    }
}

/// Whether a delivery falls to a canary of this weight: of a hundred ids so many do.
///
/// The first eight bytes of the SHA-256 of the id, the most significant first, modulo 100, are less than the weight. So
/// every host comes to the same, whoever can read a hash can tell, and a greater weight takes nothing back.
pub fn falls_to_canary(id: &DeliveryId, weight: u8) -> bool {
    let hash = digest(&SHA256, id.as_str().as_bytes());
    let first = hash.as_ref().iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    first % 100 < u64::from(weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::millis, seal::Chance};
    use proptest::prelude::*;

    const VECTORS: [(&str, u8); 3] = [
        ("dlv_00000000000000000000000000000000", 4),
        ("dlv_0123456789abcdef0123456789abcdef", 53),
        ("dlv_ffffffffffffffffffffffffffffffff", 1),
    ];

    /// Told by `printf %s ID | sha256sum`: the rule is the same in every version of the host.
    #[test]
    fn an_id_falls_where_anybody_can_reckon_that_it_does() {
        for (id, at) in VECTORS {
            let id: DeliveryId = id.parse().unwrap();
            assert!(!falls_to_canary(&id, at) && falls_to_canary(&id, at + 1), "{id}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Within seven standard deviations of what the weight says, whatever the ids are made of and whenever; and the
        /// same id always comes to the same.
        #[test]
        fn of_many_deliveries_the_canary_has_the_share_of_its_weight(
            weight in 1_u8..=99, seed in any::<u64>(), begin in 0_i64..4_000_000_000_000,
        ) {
            const MANY: u32 = 2_000;
            let chance = Chance::seeded(seed);
            let ids: Vec<DeliveryId> = (0..MANY).map(|n| DeliveryId::new(millis(begin + i64::from(n)), &chance)).collect();
            let falls = |id: &&DeliveryId| falls_to_canary(id, weight);
            let taken = ids.iter().filter(falls).count();
            prop_assert_eq!(taken, ids.iter().filter(falls).count());
            let (share, many) = (f64::from(weight) / 100.0, f64::from(MANY));
            let deviation = (many * share * (1.0 - share)).sqrt();
            let taken = f64::from(u32::try_from(taken).unwrap());
            prop_assert!((taken - many * share).abs() <= 7.0 * deviation, "{} of {}: {}", taken, MANY, weight);
            let more = |id: &DeliveryId| !falls_to_canary(id, weight) || falls_to_canary(id, weight + 1);
            prop_assert!(ids.iter().all(more), "a greater weight takes nothing back");
        }
    }
}
