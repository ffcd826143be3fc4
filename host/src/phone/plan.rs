//! What the plan of a number's country says of it: whether it can be one, how it is written, and what it is for.

use super::Region;
use rlibphonenumber::{
    ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region as Known, ValidationError,
};

/// A number as the plan of its country knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// In E.164 form.
    pub e164: String,
    /// The code of its country: `44`.
    pub calling_code: i32,
    /// As it is written within its country.
    pub national: String,
    /// The region that it belongs to.
    pub region: Option<Region>,
    /// What its plan has it for.
    pub kind: Kind,
    /// Why it can be no number, if it cannot.
    pub flaw: Option<Flaw>,
}

/// Why something can be no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It has too few digits.
    TooShort,
    /// It has too many.
    TooLong,
    /// As many digits as no number of its plan has.
    Length,
    /// Nobody has its calling code.
    CallingCode,
    /// It has the right length, and no plan has these digits.
    Unplanned,
    /// It is no number at all.
    NotANumber,
}

/// What a plan has a number for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A mobile.
    Mobile,
    /// A landline, which no SMS reaches.
    Landline,
    /// Either: the plan does not tell them apart.
    Either,
    /// Something else, by libphonenumber's word.
    Other(&'static str),
    /// Nobody knows.
    Unknown,
}

/// Reads a number, one without `+` as it is written in a region.
///
/// # Errors
///
/// When it cannot be read at all.
pub fn planned(number: &str, region: Option<Region>) -> Result<Planned, Flaw> {
    let region = region.and_then(|region| Known::from_code(region.as_str()).ok());
    let parsed = PhoneNumber::parse(number, region).map_err(|error| match error {
        ParseError::InvalidCountryCode => Flaw::CallingCode,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => Flaw::TooShort,
        ParseError::TooLongNsn => Flaw::TooLong,
        ParseError::NotANumber(_) => Flaw::NotANumber,
    })?;
    let e164 = parsed.format_as(PhoneNumberFormat::E164).into_owned();
    let flaw = match parsed.is_possible_with_reason() {
        _ if parsed.is_valid() => None,
        Err(ValidationError::TooShort) => Some(Flaw::TooShort),
        Err(ValidationError::TooLong) => Some(Flaw::TooLong),
        Err(ValidationError::InvalidCountryCode) => Some(Flaw::CallingCode),
        Err(ValidationError::InvalidLength) => Some(Flaw::Length),
        Ok(_) => Some(Flaw::Unplanned),
    };
    let kind = match parsed.get_type() {
        PhoneNumberType::Mobile => Kind::Mobile,
        PhoneNumberType::FixedLine => Kind::Landline,
        PhoneNumberType::FixedLineOrMobile => Kind::Either,
        PhoneNumberType::TollFree => Kind::Other("tollFree"),
        PhoneNumberType::PremiumRate => Kind::Other("premium"),
        PhoneNumberType::SharedCost => Kind::Other("sharedCost"),
        PhoneNumberType::VoIP => Kind::Other("voip"),
        PhoneNumberType::PersonalNumber => Kind::Other("personal"),
        PhoneNumberType::Pager => Kind::Other("pager"),
        PhoneNumberType::UAN => Kind::Other("uan"),
        PhoneNumberType::VoiceMail => Kind::Other("voicemail"),
        PhoneNumberType::Unknown => Kind::Unknown,
    };
    Ok(Planned {
        region: Region::of(&e164),
        calling_code: parsed.country_code,
        national: parsed.format_as(PhoneNumberFormat::National).into_owned(),
        e164,
        kind,
        flaw,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_what_its_plan_says() {
        let read = |number: &str, region: &str| {
            planned(number, Region::named(region)).map(|it| (it.e164, it.national, it.kind, it.flaw))
        };
        let ok =
            |e164: &str, national: &str, kind, flaw| Ok((e164.to_owned(), national.to_owned(), kind, flaw));
        assert_eq!(read("+447400123456", ""), ok("+447400123456", "07400 123456", Kind::Mobile, None));
        assert_eq!(read("07400 123456", "GB"), ok("+447400123456", "07400 123456", Kind::Mobile, None));
        assert_eq!(read("+442079460018", ""), ok("+442079460018", "020 7946 0018", Kind::Landline, None));
        assert_eq!(read("+12015550123", ""), ok("+12015550123", "(201) 555-0123", Kind::Either, None));
        assert_eq!(planned("+44740", None).unwrap().flaw, Some(Flaw::TooShort));
        assert_eq!(planned("+4474001234567890", None).unwrap().flaw, Some(Flaw::TooLong));
        for (number, flaw) in
            [("+999123456789", Flaw::CallingCode), ("hello", Flaw::NotANumber), ("", Flaw::NotANumber)]
        {
            assert_eq!(planned(number, None), Err(flaw), "{number}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_asked_nothing_breaks(number in "\\PC{0,30}|\\+?[0-9 ()-]{0,20}", region in "[A-Z]{2}") {
            let _read = planned(&number, Region::named(&region));
        }
    }
}
