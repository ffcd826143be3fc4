//! Which text a message says: the nearest owner's first, and within it the member's language first.

use super::{
    Layer, Locale, MemberName, Payment, Site, Text, Values, Wording, Wrong,
    brought::Brought,
    builtin,
    text::{self},
    values::Spoken,
};
use crate::phone::Region;
use provider_api::{Channel, Recipient};
use std::{collections::BTreeMap, time::Duration};

/// Every text there is, and whom it speaks for.
///
/// | order | texts of | chosen within by |
/// |---|---|---|
/// | 1 | the start itself, if it brought one | |
/// | 2 | the application, for the channel | language, then purpose, then `generic` |
/// | 3 | the provider | the same |
/// | 4 | the program, in ten languages | the same |
///
/// The languages are: the member's, subtag by subtag; only for a member without one, that of the number's country; the
/// site's; and then the texts that name no language. So an operator who writes one text without a language has it sent
/// to everybody: their own words go before ours in the member's language. One who writes texts in some languages only
/// leaves members of other languages to the site's language, and if that is not among them either, to the next layer.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    /// Whom messages speak for.
    pub site: Site,
    /// The texts of providers, by id.
    pub providers: BTreeMap<String, Layer>,
    /// The texts of applications, by id and channel.
    pub applications: BTreeMap<String, BTreeMap<Channel, Layer>>,
    /// The texts that starts brought lately.
    pub brought: Brought,
}

/// What a message is about. No `Debug`: it holds the code.
#[derive(Clone, Copy)]
pub struct Occasion<'a> {
    /// The application that asked, if one did.
    pub application: Option<&'a str>,
    /// The provider that is to deliver it.
    pub provider: &'a str,
    /// By which way.
    pub channel: &'a Channel,
    /// To whom.
    pub recipient: &'a Recipient,
    /// Why.
    pub purpose: &'a str,
    /// The member's language, if it is known.
    pub locale: Option<&'a str>,
    /// What the member is called, if it may be said.
    pub member_name: Option<&'a MemberName>,
    /// What the code approves, if it is a payment.
    pub payment: Option<&'a Payment>,
    /// What the start itself has it say.
    pub wording: Option<&'a Wording>,
    /// The code.
    pub code: &'a str,
    /// How long it still works.
    pub expires_in: Duration,
}

/// What a message says. `Debug` is not for it: it holds the code.
pub struct Said {
    /// The plain text.
    pub text: String,
    /// The subject: on the channel `email` always, elsewhere if the text has one.
    pub subject: Option<String>,
    /// The HTML part, if the text has one.
    pub html: Option<String>,
    /// The language that it is in, else the member's.
    pub locale: Option<String>,
    /// Why the operator's text was not used, if it should have been.
    pub passed_over: Option<Wrong>,
}

impl Templates {
    /// Says it.
    ///
    /// A text that fails costs no message: the built-in one takes its place.
    pub fn say(&self, occasion: &Occasion<'_>) -> Said {
        let wanted = self.wanted(occasion);
        let brought = occasion.wording.and_then(|wording| wording.text.as_deref());
        match brought.map(|text| self.as_brought(text, occasion, &wanted)) {
            Some(Ok(said)) => said,
            // What its variables stand for may have changed since it was admitted.
            Some(Err(wrong)) => Said { passed_over: Some(wrong), ..self.of_operator(occasion, &wanted) },
            None => warned(self.of_operator(occasion, &wanted), occasion, &wanted),
        }
    }

    /// Says it in the words of the start.
    fn as_brought(&self, text: &str, occasion: &Occasion<'_>, wanted: &[String]) -> Result<Said, Wrong> {
        let text = self.brought(text)?;
        self.with(&Text { text, subject: None, html: None }, None, occasion, wanted)
    }

    /// Says it in the words of the operator, else in ours.
    fn of_operator(&self, occasion: &Occasion<'_>, wanted: &[String]) -> Said {
        let application = occasion
            .application
            .and_then(|id| self.applications.get(id))
            .and_then(|channels| channels.get(occasion.channel));
        let own = [application, self.providers.get(occasion.provider)];
        let chosen = own.into_iter().flatten().find_map(|layer| layer.choose(wanted, occasion.purpose));
        let Some((text, language)) = chosen else { return self.built_in(occasion, wanted, None) };
        match self.with(text, language, occasion, wanted) {
            Ok(said) => said,
            Err(wrong) => self.built_in(occasion, wanted, Some(wrong)),
        }
    }

    /// Says it with this text, whatever else there is.
    ///
    /// # Errors
    ///
    /// When the text cannot be rendered.
    pub fn say_with(&self, text: &Text, occasion: &Occasion<'_>) -> Result<Said, Wrong> {
        self.with(text, None, occasion, &self.wanted(occasion))
    }

    /// Every name that a text may use.
    pub fn variables(site: &Site) -> impl Iterator<Item = &str> {
        text::variables(site)
    }

    fn with(
        &self,
        text: &Text,
        language: Option<&Locale>,
        occasion: &Occasion<'_>,
        wanted: &[String],
    ) -> Result<Said, Wrong> {
        let locale = language.map(Locale::as_str).or(occasion.locale);
        let values = self.values(occasion, locale);
        let mut subject = text.subject.as_ref().map(|subject| subject.render(&values)).transpose()?;
        if subject.is_none() && occasion.channel.as_str() == "email" {
            subject = of_ours(occasion, wanted)
                .and_then(|(text, _)| text.subject.as_ref())
                .and_then(|subject| subject.render(&values).ok());
        }
        let html = text.html.as_ref().map(|html| html.render(&values)).transpose()?;
        let (text, locale) = (text.text.render(&values)?, locale.map(str::to_owned));
        Ok(Said { text, subject, html, locale, passed_over: None })
    }

    fn built_in(&self, occasion: &Occasion<'_>, wanted: &[String], why: Option<Wrong>) -> Said {
        let said = of_ours(occasion, wanted)
            .and_then(|(text, language)| self.with(text, language, occasion, wanted).ok());
        match said {
            Some(said) => Said { passed_over: why, ..said },
            // A test holds that this never happens. If it did, the code is what matters.
            None => Said {
                text: occasion.code.to_owned(),
                subject: None,
                html: None,
                locale: None,
                passed_over: why,
            },
        }
    }

    fn values(&self, occasion: &Occasion<'_>, locale: Option<&str>) -> Values {
        Values::new(
            &self.site,
            Spoken {
                code: occasion.code,
                member_name: occasion.member_name,
                expires_in: occasion.expires_in,
                purpose: occasion.purpose,
                locale: locale.unwrap_or_default(),
                channel: occasion.channel.as_str(),
                payment: occasion.payment,
                site_name: occasion.wording.and_then(|wording| wording.site_name.as_deref()),
            },
        )
    }

    /// The languages that a text may be in, the best first.
    fn wanted(&self, occasion: &Occasion<'_>) -> Vec<String> {
        let own = match occasion.locale.map(str::parse::<Locale>) {
            Some(locale) => locale.ok(),
            None => self.of_number(occasion.recipient.as_str()),
        };
        let locales = own.into_iter().chain([self.site.locale.clone()]);
        locales.flat_map(|locale| locale.ranges().collect::<Vec<_>>()).collect()
    }

    /// The language of a number's country: as the operator says of its longest prefix, else the region's (X5).
    fn of_number(&self, recipient: &str) -> Option<Locale> {
        let prefixes = self.site.prefixes.iter().filter(|(prefix, _)| recipient.starts_with(prefix.as_str()));
        prefixes
            .max_by_key(|(prefix, _)| prefix.len())
            .map(|(_, locale)| locale.clone())
            .or_else(|| language_of(recipient))
    }
}

/// The language of a number's region. Most that share a calling code share a language: then nobody looks at its plan, which
/// is the dearest part of writing a message.
pub fn language_of(number: &str) -> Option<Locale> {
    let mut languages = Region::sharing(number).map(builtin::language);
    let first = languages.next()?;
    if languages.all(|other| other == first) { first } else { builtin::language(Region::of(number)?) }
}

/// With the warning that the code is nobody else's, in the text's language, where the start wants it.
fn warned(said: Said, occasion: &Occasion<'_>, wanted: &[String]) -> Said {
    if occasion.channel.as_str() != "sms" || !occasion.wording.is_some_and(|wording| wording.warns) {
        return said;
    }
    let language = said.locale.iter().chain(wanted).map(String::as_str);
    let text = format!("{} {}", said.text, builtin::warning(language));
    Said { text, ..said }
}

/// The built-in text: in one of these languages, else in English.
fn of_ours(occasion: &Occasion<'_>, wanted: &[String]) -> Option<(&'static Text, Option<&'static Locale>)> {
    let wanted: Vec<String> = wanted.iter().cloned().chain([Locale::english().to_string()]).collect();
    builtin::layer(occasion.channel).choose(&wanted, occasion.purpose)
}

#[cfg(test)]
mod tests;
