//! A number as people write it in their own country, in international form.

use super::{Flaw, Region, planned};
use rlibphonenumber::PHONE_NUMBER_UTIL;

/// The most characters of a number as somebody writes it.
const LONGEST: usize = 40;

impl Region {
    /// The region of this code, if it has a numbering plan: `GB` has, `UK` has not.
    pub fn with_plan(code: &str) -> Option<Self> {
        let mut regions = PHONE_NUMBER_UTIL.get_supported_regions();
        regions.any(|region| *region.as_region_str() == *code).then(|| Self::named(code))?
    }

    /// The number in E.164 form, if its digits may be one of this region: `06 12 42 41 00` of `FR` is `+33612424100`.
    pub fn international(&self, national: &str) -> Option<String> {
        let national = Some(national).filter(|national| national.len() <= LONGEST)?;
        let read = planned(national, Some(*self)).ok()?;
        // Plans change before the metadata does.
        matches!(read.flaw, None | Some(Flaw::Unplanned)).then_some(read.e164)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_national_number_is_read_in_its_country() {
        for (country, national, international) in [
            ("FR", "06 12 42 41 00", Some("+33612424100")),
            ("FR", "0612424100", Some("+33612424100")),
            ("GB", "07700 900123", Some("+447700900123")),
            ("US", "(617) 555-1212", Some("+16175551212")),
            ("DE", "0151 23456789", Some("+4915123456789")),
            ("FR", "1", None),
            ("FR", "call me", None),
            ("FR", "", None),
        ] {
            let read = Region::with_plan(country).unwrap().international(national);
            assert_eq!(read.as_deref(), international, "{country} {national}");
        }
        for none in ["UK", "ZZ", "fr", "", "FRA"] {
            assert_eq!(Region::with_plan(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_strict_e164(national in "\\PC{0,20}|[0-9 ()+-]{1,20}") {
            if let Some(read) = Region::named("FR").unwrap().international(&national) {
                prop_assert!(read.starts_with('+') && read[1..].bytes().all(|byte| byte.is_ascii_digit()), "{read}");
            }
        }
    }
}
