//! What an application is called where it is a Twilio Service.

use crate::seal::fixed_name;
use std::{fmt, str::FromStr};

/// What an application is called where it is a Twilio Service: `VA` and 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceSid(String);

/// The text is no SID of a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`VA` and 32 hexadecimal digits are needed")]
pub struct InvalidServiceSid;

impl ServiceSid {
    /// The one that an application of this id has unless it says another: always the same.
    pub fn of(application: &str) -> Self {
        Self(format!("VA{}", fixed_name(&["service", application])))
    }

    /// The whole SID.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceSid {
    type Err = InvalidServiceSid;

    fn from_str(text: &str) -> Result<Self, InvalidServiceSid> {
        let digits = text.strip_prefix("VA").ok_or(InvalidServiceSid)?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let well_formed = digits.len() == 32 && digits.bytes().all(is_digit);
        if well_formed { Ok(Self(text.to_owned())) } else { Err(InvalidServiceSid) }
    }
}

impl fmt::Display for ServiceSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T21
    #[test]
    fn every_application_has_a_sid_of_the_right_shape_and_always_the_same() {
        let sid = ServiceSid::of("web");
        assert_eq!(sid.as_str(), "VA489f77b05b1b4b01ae5d9fdf607b9ceb");
        assert_eq!(sid.as_str().parse(), Ok(sid.clone()));
        assert_ne!(sid, ServiceSid::of("shop"));
        for bad in ["", "VA", &sid.as_str().to_uppercase(), &sid.as_str()[1..], &format!("{sid}0")] {
            assert_eq!(bad.parse::<ServiceSid>(), Err(InvalidServiceSid), "{bad}");
        }
    }
}
