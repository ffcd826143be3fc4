//! The texts of one owner: by language, and within each by purpose.

use super::{Locale, Text};
use std::collections::BTreeMap;

/// The purpose whose text is used where a purpose has none of its own.
pub const GENERIC: &str = "generic";

/// The purposes that are known everywhere: Logto's usage types (L13, L15–L18).
pub const PURPOSES: [&str; 9] = [
    "sign_in",
    "register",
    "forgot_password",
    "organization_invitation",
    GENERIC,
    "user_permission_validation",
    "bind_new_identifier",
    "mfa_verification",
    "bind_mfa",
];

/// All texts of a provider, of an application on one channel, or of the program itself.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// Without a language, by purpose.
    anywhere: BTreeMap<String, Text>,
    /// By language in lower case: the language as it was written, and its texts by purpose.
    languages: BTreeMap<String, (Locale, BTreeMap<String, Text>)>,
}

impl Layer {
    /// Adds a text; the last one of the same language and purpose stays.
    pub fn add(&mut self, locale: Option<&Locale>, purpose: &str, text: Text) {
        let texts = match locale {
            None => &mut self.anywhere,
            Some(locale) => {
                let key = locale.as_str().to_ascii_lowercase();
                &mut self.languages.entry(key).or_insert_with(|| (locale.clone(), BTreeMap::new())).1
            }
        };
        texts.insert(purpose.to_owned(), text);
    }

    /// The text for a purpose, else for [`GENERIC`]: in the first of these languages that has one, else the one without
    /// a language. With the language that it is in, if it says.
    pub(super) fn choose(&self, wanted: &[String], purpose: &str) -> Option<(&Text, Option<&Locale>)> {
        let languages = wanted.iter().filter_map(|tag| self.languages.get(tag));
        let mut found = languages.filter_map(|(locale, texts)| Some((of(texts, purpose)?, Some(locale))));
        found.next().or_else(|| Some((of(&self.anywhere, purpose)?, None)))
    }

    /// Its languages.
    #[cfg(test)]
    pub(super) fn languages(&self) -> Vec<&str> {
        self.languages.keys().map(String::as_str).collect()
    }
}

fn of<'a>(texts: &'a BTreeMap<String, Text>, purpose: &str) -> Option<&'a Text> {
    texts.get(purpose).or_else(|| texts.get(GENERIC))
}
