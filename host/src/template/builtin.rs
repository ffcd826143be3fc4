//! The built-in texts in ten languages, for those who write none of their own.

use super::{Layer, Locale, Part, Site, Template, Text};
use crate::phone::Region;
use provider_api::Channel;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock};

const TEXTS: &str = include_str!("builtin.toml");
const MAIL_TEXT: &str = include_str!("mail.txt");
const MAIL_HTML: &str = include_str!("mail.html");

/// The built-in texts, compiled.
#[derive(Default)]
struct BuiltIn {
    /// One sentence each, for every channel but `email`.
    sentences: Layer,
    /// Subject, text and HTML.
    mails: Layer,
    regions: BTreeMap<String, Locale>,
    /// By language, that a code is nobody else's.
    warnings: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct File {
    regions: BTreeMap<String, Vec<String>>,
    languages: BTreeMap<String, Language>,
}

/// What one language says.
#[derive(Deserialize)]
struct Language {
    greeting: String,
    works: String,
    ignore: String,
    help: String,
    payment: String,
    warning: String,
    #[serde(flatten)]
    purposes: BTreeMap<String, Phrases>,
}

/// What it says for one purpose.
#[derive(Deserialize)]
struct Phrases {
    sms: String,
    subject: String,
    lead: String,
}

static BUILT_IN: LazyLock<BuiltIn> = LazyLock::new(|| read(TEXTS).unwrap_or_default());

/// Compiles them now, so that no request waits for it.
pub(super) fn warm_up() {
    LazyLock::force(&BUILT_IN);
}

/// The built-in texts for a channel.
pub(super) fn layer(channel: &Channel) -> &'static Layer {
    if channel.as_str() == "email" { &BUILT_IN.mails } else { &BUILT_IN.sentences }
}

/// The language of a region's numbers; `None` for a region of several languages, or of none that we speak.
pub(super) fn language(region: Region) -> Option<Locale> {
    BUILT_IN.regions.get(region.as_str()).cloned()
}

/// That a code is nobody else's, in the first of these languages that is spoken here, else in English.
pub(super) fn warning<'a>(languages: impl IntoIterator<Item = &'a str>) -> &'static str {
    let english = ["en"];
    let mut found = languages.into_iter().chain(english).filter_map(|tag| BUILT_IN.warnings.get(tag));
    found.next().map_or("", String::as_str)
}

/// A test holds that this succeeds.
fn read(texts: &str) -> Option<BuiltIn> {
    let file: File = toml::from_str(texts).ok()?;
    let mut built_in = BuiltIn::default();
    for (tag, language) in &file.languages {
        let locale: Locale = tag.parse().ok()?;
        built_in.warnings.insert(tag.clone(), language.warning.clone());
        for (purpose, phrases) in &language.purposes {
            let sentence = format!("{}{{% if amount %}} {}{{% endif %}}", phrases.sms, language.payment);
            let sentence = Text { text: compiled(&sentence, Part::Text)?, subject: None, html: None };
            built_in.sentences.add(Some(&locale), purpose, sentence);
            built_in.mails.add(Some(&locale), purpose, mail(tag, language, phrases)?);
        }
    }
    for (tag, regions) in &file.regions {
        let locale: Locale = tag.parse().ok()?;
        built_in.regions.extend(regions.iter().map(|region| (region.clone(), locale.clone())));
    }
    Some(built_in)
}

fn mail(tag: &str, language: &Language, phrases: &Phrases) -> Option<Text> {
    let Language { greeting, works, ignore, help, payment, .. } = language;
    let filled = |skeleton: &str| {
        let phrases = [
            ("[language]", tag),
            ("[greeting]", greeting),
            ("[lead]", &phrases.lead),
            ("[works]", works),
            ("[ignore]", ignore),
            ("[help]", help),
            ("[payment]", payment),
        ];
        phrases.iter().fold(skeleton.to_owned(), |text, (name, phrase)| text.replace(name, phrase))
    };
    Some(Text {
        text: compiled(&filled(MAIL_TEXT), Part::Text)?,
        subject: Some(compiled(&phrases.subject, Part::Subject)?),
        html: Some(compiled(&filled(MAIL_HTML), Part::Html)?),
    })
}

fn compiled(text: &str, part: Part) -> Option<Template> {
    Template::new(text, part, &Site::default()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{PURPOSES, Values};
    use provider_api::{Encoding, Segments};

    const LANGUAGES: [&str; 10] = ["de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr"];

    fn site() -> Site {
        Site {
            name: "Twenty characters Co".to_owned(),
            support_email: "help@example.com".to_owned(),
            ..Site::default()
        }
    }

    #[test]
    fn there_are_ten_languages_and_every_region_speaks_one_of_them() {
        let built_in = read(TEXTS).unwrap();
        assert_eq!(built_in.sentences.languages(), LANGUAGES);
        assert_eq!(built_in.mails.languages(), LANGUAGES);
        for (region, locale) in &built_in.regions {
            assert!(Region::named(region).is_some() && LANGUAGES.contains(&locale.as_str()), "{region}");
        }
        for language in LANGUAGES {
            assert!(built_in.regions.values().any(|locale| locale.as_str() == language), "{language}");
        }
    }

    /// L19, L20: whatever the purpose, in each language, with the code in each part; and each sentence is one SMS.
    #[test]
    fn every_text_holds_its_code_and_every_sentence_is_one_sms() {
        let site = site();
        for (language, purpose) in
            LANGUAGES.iter().flat_map(|language| PURPOSES.map(|purpose| (language, purpose)))
        {
            for length in [6, 10] {
                let values = Values::sample(&site, length, true);
                let wanted = [(*language).to_owned()];
                let (sentence, found) = BUILT_IN.sentences.choose(&wanted, purpose).unwrap();
                assert_eq!(found.unwrap().as_str(), *language);
                let said = sentence.text.render(&values).unwrap();
                let segments = Segments::of(&said);
                assert_eq!(segments.parts, 1, "{said}");
                assert!(
                    segments.encoding == Encoding::Gsm7 || ["ja", "pl", "tr"].contains(language),
                    "{said}"
                );
                let (mail, _) = BUILT_IN.mails.choose(&wanted, purpose).unwrap();
                let subject = mail.subject.as_ref().unwrap().render(&values).unwrap();
                assert!(subject.contains(&site.name) && !subject.contains(&values.code), "{subject}");
                for part in [&mail.text, mail.html.as_ref().unwrap()] {
                    let said = part.render(&values).unwrap();
                    for value in ["10", "help@example.com", "Maximiliane Musterma", &site.name, &values.code]
                    {
                        assert!(said.contains(value), "{value}: {said}");
                    }
                    assert!(!said.contains(['[', '{', '}']), "{said}");
                }
            }
        }
    }

    #[test]
    fn a_mail_without_name_and_address_says_neither() {
        let (mail, _) = BUILT_IN.mails.choose(&["en".to_owned()], "sign_in").unwrap();
        let said = mail.text.render(&Values::sample(&site(), 6, false)).unwrap();
        assert_eq!(
            said,
            "To sign in to Twenty characters Co, enter this code:\n\n735192\n\nIt works for 10 min. If you did not ask \
             for it, ignore this message.\n\nTwenty characters Co\n"
        );
    }
}
