//! What a message costs by an operator's table, where its service does not say.

use provider_api::{Cost, Recipient};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    str::FromStr,
};

/// The most digits of a price, before and after its point.
const DIGITS: (usize, usize) = (9, 8);

/// The price of one segment: an exact decimal number and a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// In units of 10 to the power of minus `decimals`.
    units: u64,
    decimals: usize,
    currency: String,
}

/// The text is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount and a currency (ISO 4217) are needed, for example \"0.0463 GBP\"")]
pub struct InvalidPrice;

/// What one segment costs by how the number begins; the longest prefix decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceTable {
    /// By prefix, with its `+`.
    pub by_prefix: BTreeMap<String, Price>,
    /// For every other recipient.
    pub other: Option<Price>,
}

/// The price tables of the providers that have one, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices(pub HashMap<String, PriceTable>);

impl Prices {
    /// What this many segments by this provider to this recipient cost, if its table says; one segment where the
    /// provider did not count them.
    pub fn estimate(&self, provider: &str, recipient: &Recipient, segments: Option<u32>) -> Option<Cost> {
        Some(self.0.get(provider)?.of(recipient)?.times(segments.unwrap_or(1).max(1)))
    }
}

impl PriceTable {
    /// The price of one segment to this recipient.
    fn of(&self, recipient: &Recipient) -> Option<&Price> {
        let number = recipient.as_str();
        let is_longer = |prefix: &&String| prefix.len();
        let prefixes = self.by_prefix.keys().filter(|prefix| number.starts_with(prefix.as_str()));
        let longest = prefixes.max_by_key(is_longer).and_then(|prefix| self.by_prefix.get(prefix));
        longest.or(self.other.as_ref())
    }
}

impl Price {
    /// The exact product, with as many decimals as the price has.
    fn times(&self, segments: u32) -> Cost {
        // 17 digits and 10 are less than the 38 that fit.
        let units = u128::from(self.units) * u128::from(segments);
        let digits = format!("{units:0width$}", width = self.decimals + 1);
        let (whole, rest) = digits.split_at(digits.len() - self.decimals);
        let amount = if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") };
        Cost::new(amount, self.currency.as_str())
    }
}

impl FromStr for Price {
    type Err = InvalidPrice;

    fn from_str(text: &str) -> Result<Self, InvalidPrice> {
        let (amount, currency) = text.split_once(' ').ok_or(InvalidPrice)?;
        let (whole, rest) =
            amount.split_once('.').map_or((amount, None), |(whole, rest)| (whole, Some(rest)));
        let digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let is_currency = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_currency || !digits(whole, DIGITS.0) || !rest.is_none_or(|rest| digits(rest, DIGITS.1)) {
            return Err(InvalidPrice);
        }
        let rest = rest.unwrap_or_default();
        let units = format!("{whole}{rest}").parse().map_err(|_| InvalidPrice)?;
        Ok(Self { units, decimals: rest.len(), currency: currency.to_owned() })
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { amount, currency, .. } = self.times(1);
        write!(f, "{amount} {currency}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    /// T13, X25: the longest prefix decides, and nothing is rounded.
    #[test]
    fn a_message_costs_what_the_longest_prefix_says_for_each_segment() {
        let by_prefix = [("+1", "0.0079 USD"), ("+44", "0.0463 GBP"), ("+447", "0.05 GBP"), ("+81", "9 JPY")];
        let by_prefix = by_prefix.map(|(prefix, text)| (prefix.to_owned(), price(text)));
        let table = PriceTable { by_prefix: BTreeMap::from(by_prefix), other: Some(price("0.10 EUR")) };
        let bare = PriceTable { other: None, ..table.clone() };
        let prices = Prices(HashMap::from([("one".to_owned(), table), ("bare".to_owned(), bare)]));
        let told = |provider: &str, to: &str, segments| {
            prices
                .estimate(provider, &Recipient::new(to), segments)
                .map(|cost| format!("{} {}", cost.amount, cost.currency))
        };
        for (provider, to, segments, costs) in [
            ("one", "+442079460123", Some(1), Some("0.0463 GBP")),
            ("one", "+447700900123", Some(3), Some("0.15 GBP")),
            ("one", "+15005550006", None, Some("0.0079 USD")),
            ("one", "+15005550006", Some(0), Some("0.0079 USD")),
            ("one", "+815005550006", Some(12), Some("108 JPY")),
            ("one", "+33612345678", Some(11), Some("1.10 EUR")),
            ("one", "ada@example.com", None, Some("0.10 EUR")),
            ("bare", "ada@example.com", None, None),
            ("bare", "+33612345678", Some(1), None),
            ("two", "+447700900123", Some(1), None),
        ] {
            assert_eq!(told(provider, to, segments).as_deref(), costs, "{provider} {to}");
        }
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for bad in [
            "",
            "1",
            "USD",
            "1 usd",
            "1USD",
            "1  USD",
            "-1 USD",
            "+1 USD",
            ".5 USD",
            "1. USD",
            "1,5 USD",
            "1e3 USD",
            "1 USDT",
            "1234567890 USD",
            "0.123456789 USD",
            "٣ USD",
        ] {
            assert_eq!(bad.parse::<Price>(), Err(InvalidPrice), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_price_is_written_as_it_was_read_and_multiplied_exactly(whole in 0u64..1_000_000_000, rest in "[0-9]{0,8}", n in 1u32..) {
            let text = if rest.is_empty() { format!("{whole} EUR") } else { format!("{whole}.{rest} EUR") };
            let price = price(&text);
            prop_assert_eq!(price.to_string(), text);
            let product: u128 = price.times(n).amount.replace('.', "").parse().unwrap();
            prop_assert_eq!(product, u128::from(price.units) * u128::from(n));
        }

        #[test]
        fn whatever_is_read_nothing_breaks(text in "\\PC{0,30}") {
            let _read = text.parse::<Price>();
        }
    }
}
