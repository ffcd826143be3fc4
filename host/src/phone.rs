//! Where a phone number belongs: the region behind a calling code, from the metadata of Google's libphonenumber.

mod national;
mod plan;

pub use plan::{Flaw, Kind, Planned, planned};

use rlibphonenumber::PHONE_NUMBER_UTIL;
use std::fmt;

/// A region by its ISO 3166-1 alpha-2 code: `GB`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region([u8; 2]);

impl Region {
    /// The region of a number in E.164 form (J22).
    ///
    /// A calling code may be shared: `+1` is the United States', Canada's and twenty islands', and the digits behind it
    /// decide; where no plan has these digits, the code's main region is named. `None` if the code belongs to no region,
    /// as those of satellites, or to nobody. That is no judgement of the number: whatever strict E.164 allows is handed
    /// over, as plans change before the metadata does.
    pub fn of(number: &str) -> Option<Self> {
        if !number.starts_with('+') {
            return None;
        }
        let number = PHONE_NUMBER_UTIL.parse(number, None).ok()?;
        let region = PHONE_NUMBER_UTIL
            .get_region_for_number(&number)
            .or_else(|| PHONE_NUMBER_UTIL.get_region_for_country_code(number.country_code))?;
        Self::named(region.as_region_str().as_str())
    }

    /// The regions that share a number's calling code, the main one first: what is known without a look at the plan.
    pub fn sharing(number: &str) -> impl Iterator<Item = Self> {
        let digits = number.strip_prefix('+').unwrap_or_default();
        // No calling code is the beginning of another (ITU-T E.164).
        let codes = (1..=3).filter_map(|length| digits.get(..length)?.parse().ok());
        let sharing = codes.filter_map(|code| PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(code));
        sharing.flatten().filter_map(|region| Self::named(region.as_region_str().as_str()))
    }

    /// The region of this code; `None` if it is no two capital letters.
    pub fn named(code: &str) -> Option<Self> {
        let code: [u8; 2] = code.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// The code: `GB`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Region {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// Reads the metadata now, so that no request waits the milliseconds that it takes.
pub fn warm_up() {
    // Whatever it says of an example number of another country: the metadata is there afterwards.
    let _region: Option<Region> = Region::of("+12015550123");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Against the example numbers of the reference (libphonenumber 9.0), shared calling codes first.
    #[test]
    fn a_number_belongs_to_the_region_of_its_plan() {
        for (number, region) in [
            // +1: the area code decides
            ("+12015550123", "US"),
            ("+14155552671", "US"),
            ("+15062345678", "CA"),
            ("+14165550123", "CA"),
            ("+18092345678", "DO"),
            ("+18763621000", "JM"),
            ("+17872345678", "PR"),
            // +7, +39, +44, +47, +61, +262, +590: two or more regions each
            ("+79123456789", "RU"),
            ("+77710009998", "KZ"),
            ("+393123456789", "IT"),
            ("+390669812345", "VA"),
            ("+447400123456", "GB"),
            ("+447797712345", "JE"),
            ("+447781123456", "GG"),
            ("+441624756789", "IM"),
            ("+4740612345", "NO"),
            ("+61412345678", "AU"),
            ("+262692123456", "RE"),
            ("+590690001234", "GP"),
            // one region alone
            ("+4915123456789", "DE"),
            ("+33612345678", "FR"),
            ("+34612345678", "ES"),
            ("+351912345678", "PT"),
            ("+5511961234567", "BR"),
            ("+31612345678", "NL"),
            ("+48512345678", "PL"),
            ("+905012345678", "TR"),
            ("+46701234567", "SE"),
            ("+819012345678", "JP"),
            ("+41781234567", "CH"),
            ("+8613123456789", "CN"),
            ("+919876543210", "IN"),
            ("+380501234567", "UA"),
            // no plan has these digits: the main region of the code
            ("+12345", "US"),
            ("+19995550123", "US"),
            ("+447700900123", "GB"),
            ("+447000000000000", "GB"),
            // no region's: satellites, international freephone and networks
            ("+80012345678", ""),
            ("+870301234567", ""),
            ("+883510012345", ""),
            // no plan has them
            ("+999123456789", ""),
            ("+2101234567", ""),
            // no E.164 number at all
            ("", ""),
            ("+", ""),
            ("+4", ""),
            ("07700900123", ""),
            ("ada@example.com", ""),
            ("+\u{0}44", ""),
        ] {
            assert_eq!(
                Region::of(number).map_or_else(String::new, |region| region.to_string()),
                region,
                "{number}"
            );
        }
    }

    #[test]
    fn a_region_is_two_capital_letters() {
        assert_eq!(Region::named("CH").unwrap().as_str(), "CH");
        for bad in ["", "C", "ch", "CHE", "001", "ü"] {
            assert_eq!(Region::named(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_regions_of_a_calling_code_are_known_without_its_plan() {
        for (number, regions) in [
            ("+447700900123", "GB GG IM JE"),
            ("+4915123456789", "DE"),
            ("+79123456789", "RU KZ"),
            ("+80012345678", ""),
        ] {
            assert_eq!(
                Region::sharing(number).map(|region| region.to_string()).collect::<Vec<_>>().join(" "),
                regions
            );
        }
    }

    proptest! {
        #[test]
        fn a_number_belongs_to_one_of_those_who_share_its_code(number in "\\+[1-9][0-9]{4,14}") {
            let region = Region::of(&number);
            prop_assert!(region.is_none_or(|region| Region::sharing(&number).any(|sharing| sharing == region)));
        }

        #[test]
        fn whatever_strict_e164_allows_is_looked_up_without_a_panic(number in "\\+[1-9][0-9]{1,14}", junk in "\\PC{0,40}") {
            let region = Region::of(&number);
            prop_assert!(region.is_none_or(|region| Region::named(region.as_str()) == Some(region)));
            prop_assert!(junk.starts_with('+') || Region::of(&junk).is_none());
        }
    }
}
