//! `[applications.ID.test_recipients]`: who is sent nothing and proves with a code that stands in the file.

use super::{
    report::Report,
    section::{Field, Section},
};
use crate::{application::TestRecipients, seal::Typed};
use provider_api::{AddressKind, Recipient};

const HINT: &str = "for example \"+15005550006\" = \"123456\"";

/// Reads `test_recipients`; they are a mistake where the server does not allow any.
pub(super) fn read(table: &Section<'_>, may_test: bool, report: &mut Report) -> TestRecipients {
    let fields = table.fields();
    if !may_test && !fields.is_empty() {
        let what = format!(
            "`{}`: whoever knows these codes proves these recipients, and `[server]` does not allow it",
            table.path()
        );
        let hint = "on a server for tests, say `allow_test_recipients = true` in `[server]`; elsewhere take them out";
        report.mistake_of(table.path().to_owned(), table.at(), what, Some(hint.to_owned()));
        return TestRecipients::default();
    }
    TestRecipients::new(fields.iter().filter_map(|field| recipient(field, table.path(), report)).collect())
}

fn recipient(field: &Field<'_>, path: &str, report: &mut Report) -> Option<(Recipient, Typed)> {
    let kind = if field.key.contains('@') { AddressKind::Email } else { AddressKind::Phone };
    let recipient = match kind.read(field.key) {
        Ok(recipient) => Some(recipient),
        Err(why) => {
            let what = format!("`{path}` has a key that is no phone number and no e-mail address: {why}");
            report.mistake_of(path.to_owned(), field.key_at, what, Some(HINT.to_owned()));
            None
        }
    };
    let code = field.text(report).and_then(|text| {
        let code =
            Typed::read(text).ok().filter(|code| code.is_plain() && (4..=10).contains(&code.expose().len()));
        if code.is_none() {
            let what = format!("`{path}` has a code that is not 4 to 10 ASCII letters or digits");
            report.mistake_of(path.to_owned(), field.at(), what, Some(HINT.to_owned()));
        }
        code
    });
    Some((recipient?, code?))
}
