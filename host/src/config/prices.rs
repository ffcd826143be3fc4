//! `[providers.ID.prices]`: what a message costs, where the service does not say.

use super::{report::Report, section::Section, site::is_prefix};
use crate::delivery::PriceTable;

/// Reads a table of prices by prefix, every mistake told.
pub(super) fn read(table: &Section<'_>, report: &mut Report) -> PriceTable {
    let mut read = PriceTable::default();
    for field in table.fields() {
        let price = field.text(report).and_then(|text| {
            let price = text.parse().ok();
            if price.is_none() {
                let hint = "an amount and a currency (ISO 4217): \"0.0463 GBP\"";
                field.wrong("is no price", hint.to_owned(), report);
            }
            price
        });
        if field.key == "default" {
            read.other = price;
        } else if !is_prefix(field.key) {
            let what = format!("`{}` has a key that no number begins with", table.path());
            let hint = "`+` and digits in quotes, or `default`: \"+44\" = \"0.0463 GBP\"";
            report.mistake(field.key_at, what, Some(hint.to_owned()));
        } else if let Some(price) = price {
            read.by_prefix.insert(field.key.to_owned(), price);
        }
    }
    read
}
