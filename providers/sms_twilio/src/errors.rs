//! Twilio's error codes: which failure each of them is to the host, and what an operator can do about it.

use provider_api::{DeliveryError, Failure};

/// `code`, `failure`, `what_to_do`, separated by tabs; the first line names them.
const TABLE: &str = include_str!("../errors.tsv");

/// A code of Twilio's: five digits. Anything else is none, and could be a part of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(u32);

impl Code {
    /// Reads a number.
    pub(crate) fn new(number: u64) -> Option<Self> {
        u32::try_from(number).ok().filter(|number| (10_000..=99_999).contains(number)).map(Self)
    }

    /// What this code means. One that is not in the table means what the HTTP status says, and where to read on.
    pub(crate) fn explain(self, status: u16) -> DeliveryError {
        let error = self.row().unwrap_or_else(|| {
            let text = format!("Twilio explains this error at https://www.twilio.com/docs/errors/{}", self.0);
            DeliveryError::new(by_status(status, Failure::Rejected), text)
        });
        error.with_code(self.0.to_string())
    }

    fn row(self) -> Option<DeliveryError> {
        let code = self.0.to_string();
        let (failure, text) =
            rows().find_map(|(known, failure, text)| (known == code).then_some((failure, text)))?;
        Some(DeliveryError::new(Failure::from_word(failure), text))
    }
}

/// What an HTTP status means where no code of Twilio's came with it.
pub(crate) fn explain_status(status: u16) -> DeliveryError {
    let text = match status {
        300..=399 => "redirects, which Twilio never does; is `base_url` right?",
        401 | 403 => {
            "refuses the credentials; compare `account_sid` and the key or token with Twilio's console"
        }
        404 => "knows no such path; compare `account_sid` with Twilio's console, and look at `base_url`",
        429 => "has too many requests at once; the message was not taken",
        400..=499 => "refuses the request, but not as Twilio does; is `base_url` right?",
        503 => "is down for the moment; the message was not taken",
        _ => "failed while it held the message; whether it was taken is not known",
    };
    let failure = by_status(status, Failure::Misconfigured);
    DeliveryError::new(failure, format!("the service answers {status}: it {text}"))
}

/// The failure of a status; `refused` is that of a 4xx which says nothing more.
fn by_status(status: u16, refused: Failure) -> Failure {
    match status {
        // The message was taken and failed later: surely no one has it.
        200..=299 => Failure::Rejected,
        300..=399 | 401 | 403 | 404 => Failure::Misconfigured,
        429 => Failure::Throttled,
        400..=499 => refused,
        503 => Failure::Unavailable,
        _ => Failure::Unknown,
    }
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    TABLE.lines().skip(1).filter_map(|line| {
        let mut cells = line.splitn(3, '\t');
        Some((cells.next()?, cells.next()?, cells.next()?))
    })
}

#[cfg(test)]
mod tests;
