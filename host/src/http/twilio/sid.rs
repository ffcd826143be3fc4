//! SIDs: two letters and 32 hexadecimal digits, each made from a name of ours and always the same.

use crate::seal::{ChallengeId, DeliveryId, EntityId, FactorId, VerificationId};

/// A verification's: `VE` and the digits of its id.
pub(in crate::http) fn of_verification(id: &VerificationId) -> String {
    format!("VE{}", digits(id.as_str()))
}

/// The verification of a SID.
pub(in crate::http) fn verification(sid: &str) -> Option<VerificationId> {
    format!("ver_{}", sid.strip_prefix("VE")?).parse().ok()
}

/// That of a send, which Twilio calls an attempt: `VL` and the digits of its first delivery's id.
pub(in crate::http) fn of_delivery(id: &DeliveryId) -> String {
    format!("VL{}", digits(id.as_str()))
}

/// The delivery of a SID.
pub(in crate::http) fn delivery(sid: &str) -> Option<DeliveryId> {
    format!("dlv_{}", sid.strip_prefix("VL")?).parse().ok()
}

/// An entity's: `YE` and the digits of its id.
pub(in crate::http) fn of_entity(id: &EntityId) -> String {
    format!("YE{}", digits(id.as_str()))
}

/// A factor's: `YF` and the digits of its id.
pub(in crate::http) fn of_factor(id: &FactorId) -> String {
    format!("YF{}", digits(id.as_str()))
}

/// The factor of a SID.
pub(in crate::http) fn factor(sid: &str) -> Option<FactorId> {
    format!("fac_{}", sid.strip_prefix("YF")?).parse().ok()
}

/// A challenge's: `YC` and the digits of its id.
pub(in crate::http) fn of_challenge(id: &ChallengeId) -> String {
    format!("YC{}", digits(id.as_str()))
}

/// The challenge of a SID.
pub(in crate::http) fn challenge(sid: &str) -> Option<ChallengeId> {
    format!("chl_{}", sid.strip_prefix("YC")?).parse().ok()
}

fn digits(id: &str) -> &str {
    id.split_once('_').map_or(id, |(_, digits)| digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::millis, seal::Chance};

    #[test]
    fn a_sid_leads_back_to_what_it_names() {
        let chance = Chance::seeded(1);
        let (ours, sent) = (VerificationId::new(millis(1), &chance), DeliveryId::new(millis(1), &chance));
        let sid = of_verification(&ours);
        assert_eq!((sid.len(), &sid[..2]), (34, "VE"));
        assert_eq!(verification(&sid), Some(ours));
        assert_eq!(delivery(&of_delivery(&sent)), Some(sent));
        let (app, asked) = (FactorId::new(millis(1), &chance), ChallengeId::new(millis(1), &chance));
        assert_eq!(factor(&of_factor(&app)), Some(app));
        assert_eq!(challenge(&of_challenge(&asked)), Some(asked));
        assert!(of_entity(&EntityId::new(millis(1), &chance)).starts_with("YE0000"));
        for bad in ["", "VE", "VA00000000000000000000000000000000", &sid.to_uppercase(), &sid[2..]] {
            assert_eq!(verification(bad), None, "{bad}");
        }
    }
}
