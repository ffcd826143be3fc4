//! Which text is chosen, as a table; and what is said when one fails.

use super::*;
use crate::template::{Part, Template};

fn site() -> Site {
    Site {
        name: "Example".to_owned(),
        prefixes: [("+41", "de"), ("+4122", "fr")]
            .map(|(prefix, locale)| (prefix.to_owned(), locale.parse().unwrap()))
            .into(),
        ..Site::default()
    }
}

fn text(word: &str) -> Text {
    let text = Template::new(&format!("{word} {{code}} {{locale}}"), Part::Text, &site()).unwrap();
    Text { text, subject: None, html: None }
}

/// Each entry is `purpose` or `purpose@locale`, and what it says.
fn layer(entries: &[&str]) -> Layer {
    let mut layer = Layer::default();
    for entry in entries {
        let (purpose, locale) = entry.split_once('@').unwrap_or((entry, ""));
        layer.add(locale.parse::<Locale>().ok().as_ref(), purpose, text(entry));
    }
    layer
}

struct Asked<'a> {
    locale: Option<&'a str>,
    purpose: &'a str,
    to: &'a str,
    channel: &'a str,
}

const ADA: Asked<'_> = Asked { locale: None, purpose: "generic", to: "+447700900123", channel: "sms" };

fn said(templates: &Templates, asked: &Asked<'_>) -> Said {
    templates.say(&Occasion {
        application: Some("web"),
        provider: "one",
        channel: &Channel::new(asked.channel).unwrap(),
        recipient: &Recipient::new(asked.to),
        purpose: asked.purpose,
        locale: asked.locale,
        member_name: None,
        payment: None,
        wording: None,
        code: "123456",
        expires_in: Duration::from_mins(10),
    })
}

/// H6: whoever approves a payment reads its amount and payee, in each language and in the mail's every part.
#[test]
fn a_built_in_text_says_amount_and_payee_of_a_payment_and_nothing_where_there_is_none() {
    let payment = Payment { amount: "12.30 EUR".to_owned(), payee: "Ada & Söhne".to_owned() };
    for (locale, channel) in ["de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr"]
        .into_iter()
        .flat_map(|locale| ["sms", "email", "call", "pager"].map(|channel| (locale, channel)))
    {
        let channel = Channel::new(channel).unwrap();
        let occasion = Occasion {
            application: None,
            provider: "one",
            channel: &channel,
            recipient: &Recipient::new("x"),
            purpose: "sign_in",
            locale: Some(locale),
            member_name: None,
            payment: Some(&payment),
            wording: None,
            code: "123456",
            expires_in: Duration::from_mins(10),
        };
        let said = Templates::default().say(&occasion);
        assert_eq!(said.locale.as_deref(), Some(locale));
        assert!(said.text.contains("12.30 EUR") && said.text.contains("Ada & Söhne"), "{}", said.text);
        assert!(said.html.is_none_or(|html| html.contains("12.30 EUR") && html.contains("Ada &amp; Söhne")));
        let without = Templates::default().say(&Occasion { payment: None, ..occasion });
        let word = BY_HEART.iter().find(|(language, _)| *language == locale).unwrap().1;
        assert!(said.text.contains(word) && !without.text.contains(word), "{}", without.text);
    }
}

/// How the sentence about a payment begins.
const BY_HEART: [(&str, &str); 10] = [
    ("de", "Zahlung"),
    ("en", "Payment"),
    ("es", "Pago"),
    ("fr", "Paiement"),
    ("it", "Pagamento"),
    ("ja", "支払い"),
    ("nl", "Betaling"),
    ("pl", "Płatność"),
    ("pt", "Pagamento"),
    ("tr", "Ödeme"),
];

fn told(application: &[&str], provider: &[&str], site: Site, asked: &Asked<'_>) -> String {
    let application = [(Channel::new("sms").unwrap(), layer(application))];
    let templates = Templates {
        site,
        providers: [("one".to_owned(), layer(provider))].into(),
        applications: [("web".to_owned(), application.into())].into(),
        ..Templates::default()
    };
    let told = said(&templates, asked);
    assert!(told.passed_over.is_none());
    told.text
}

/// L16–L20
#[test]
fn the_nearest_owners_text_goes_first_and_within_it_the_purposes() {
    for (application, provider, site, asked, expected) in [
        // the application's, the provider's, ours
        (&["generic"][..], &["generic@en", "sign_in"][..], site(), ADA, "generic 123456 "),
        (&[], &["generic"], site(), ADA, "generic 123456 "),
        (&["register"], &["generic"], site(), ADA, "generic 123456 "),
        (&[], &[], site(), ADA, "123456 is your Example code."),
        // an operator's own words without a language go before ours in the member's
        (&[], &["generic"], site(), Asked { locale: Some("de"), ..ADA }, "generic 123456 de"),
        // the purpose, else generic
        (&[], &["generic", "sign_in"], site(), Asked { purpose: "sign_in", ..ADA }, "sign_in 123456 "),
        (&[], &["generic", "sign_in"], site(), Asked { purpose: "register", ..ADA }, "generic 123456 "),
        (&[], &["own_word", "generic"], site(), Asked { purpose: "own_word", ..ADA }, "own_word 123456 "),
        (&[], &["register"], site(), ADA, "123456 is your Example code."),
        // language before purpose
        (
            &[],
            &["sign_in", "generic@de"],
            site(),
            Asked { locale: Some("de"), purpose: "sign_in", ..ADA },
            "generic@de 123456 de",
        ),
    ] {
        assert_eq!(told(application, provider, site, &asked), expected, "{:?} {}", asked.locale, asked.to);
    }
}

/// X5
#[test]
fn the_members_language_goes_first_then_the_numbers_or_the_sites() {
    let in_de = Site { locale: "de".parse().unwrap(), ..site() };
    for (application, provider, site, asked, expected) in [
        // exact, then subtag by subtag, whatever the case
        (
            &[][..],
            &["generic@pt-BR", "generic@pt"][..],
            site(),
            Asked { locale: Some("PT-br"), ..ADA },
            "generic@pt-BR 123456 pt-BR",
        ),
        (
            &[],
            &["generic@pt-BR", "generic@pt"],
            site(),
            Asked { locale: Some("pt-PT"), ..ADA },
            "generic@pt 123456 pt",
        ),
        (
            &[],
            &["generic@pt-BR", "generic"],
            site(),
            Asked { locale: Some("pt"), ..ADA },
            "generic 123456 pt",
        ),
        // the site's language, then none, then the next layer
        (
            &[],
            &["generic@de", "generic@fr"],
            in_de.clone(),
            Asked { locale: Some("sv"), ..ADA },
            "generic@de 123456 de",
        ),
        (
            &[],
            &["generic@fr", "generic"],
            in_de.clone(),
            Asked { locale: Some("sv"), ..ADA },
            "generic 123456 sv",
        ),
        (
            &["generic@fr"],
            &["generic@de"],
            in_de.clone(),
            Asked { locale: Some("sv"), ..ADA },
            "generic@de 123456 de",
        ),
        (&[], &[], in_de.clone(), Asked { locale: Some("sv"), ..ADA }, "123456 ist Ihr Code für Example."),
        (
            &[],
            &["generic@fr"],
            Site { locale: "sv".parse().unwrap(), ..site() },
            ADA,
            "123456 is your Example code.",
        ),
        // the number's country, only for whom no language is known; the longest prefix decides
        (
            &[],
            &["generic@de", "generic@fr", "generic"],
            site(),
            Asked { to: "+4915123456789", ..ADA },
            "generic@de 123456 de",
        ),
        (
            &[],
            &["generic@de", "generic"],
            site(),
            Asked { to: "+4915123456789", locale: Some("sv"), ..ADA },
            "generic 123456 sv",
        ),
        (
            &[],
            &["generic@de", "generic@fr"],
            site(),
            Asked { to: "+41781234567", ..ADA },
            "generic@de 123456 de",
        ),
        (
            &[],
            &["generic@de", "generic@fr"],
            site(),
            Asked { to: "+41221234567", ..ADA },
            "generic@fr 123456 fr",
        ),
        (
            &[],
            &[],
            site(),
            Asked { to: "+5511961234567", ..ADA },
            "Use 123456 para confirmar a sua identidade em Example.",
        ),
        (
            &[],
            &[],
            site(),
            Asked { to: "+819012345678", purpose: "sign_in", ..ADA },
            "Exampleのログイン用コードは123456です。",
        ),
        (&[], &[], site(), Asked { to: "+46701234567", ..ADA }, "123456 is your Example code."),
        // another channel has its own
        (&["generic"], &["generic@en"], site(), Asked { channel: "call", ..ADA }, "generic@en 123456 en"),
    ] {
        assert_eq!(told(application, provider, site, &asked), expected, "{:?} {}", asked.locale, asked.to);
    }
}

#[test]
fn a_message_names_the_language_that_it_is_in() {
    let mut templates = Templates { site: site(), ..Templates::default() };
    let locale = |templates: &Templates, locale| said(templates, &Asked { locale, ..ADA }).locale;
    assert_eq!(locale(&templates, Some("de-AT")).as_deref(), Some("de"));
    assert_eq!(locale(&templates, Some("sv")).as_deref(), Some("en"));
    templates.providers.insert("one".to_owned(), layer(&["generic", "generic@fr-CA"]));
    assert_eq!(locale(&templates, Some("fr-ca")).as_deref(), Some("fr-CA"));
    assert_eq!(locale(&templates, Some("sv")).as_deref(), Some("sv"));
    assert_eq!(locale(&templates, None), None);
}

#[test]
fn a_mail_has_a_subject_whoever_wrote_its_text() {
    let mail = Asked { channel: "email", to: "ada@example.com", locale: Some("de"), ..ADA };
    let mut templates = Templates { site: site(), ..Templates::default() };
    let ours = said(&templates, &mail);
    assert_eq!(ours.subject.as_deref(), Some("Ihr Code für Example"));
    assert!(ours.html.unwrap().contains("<html lang=\"de\">"));
    templates.providers.insert("one".to_owned(), layer(&["generic"]));
    let theirs = said(&templates, &mail);
    assert_eq!((theirs.subject.as_deref(), theirs.html), (Some("Ihr Code für Example"), None));
    assert_eq!(said(&templates, &ADA).subject, None);
}

/// A text that fails when it is needed costs no message.
#[test]
fn the_built_in_text_takes_the_place_of_one_that_fails() {
    let risky = "{code}{% if purpose == 'sign_in' %}{{ code|upper }}{% endif %}";
    let lacking = "{% if purpose != 'register' %}{code}{% endif %}";
    let endless = "{code}{% if purpose == 'bind_mfa' %}{% for a in 'x' * 999 %}{% for b in 'x' * 999 %}{% endfor %}{% endfor %}{% endif %}";
    for (text, purpose, says) in [
        (risky, "sign_in", "123456 is your Example sign-in code."),
        (lacking, "register", "123456 is your code to create your Example account."),
        (endless, "bind_mfa", "123456 is your Example code."),
    ] {
        let text = Template::new(text, Part::Text, &site()).unwrap();
        let mut layer = Layer::default();
        layer.add(None, "generic", Text { text, subject: None, html: None });
        let providers = [("one".to_owned(), layer)].into();
        let templates = Templates { site: site(), providers, ..Templates::default() };
        let told = said(&templates, &Asked { purpose, ..ADA });
        assert_eq!(told.text, says);
        let why = told.passed_over.unwrap().to_string();
        assert!(!why.contains("123456"), "{why}");
        assert_eq!(said(&templates, &ADA).text, "123456");
    }
}

/// H6: whoever approves a payment reads both, whatever an operator's text leaves out.
#[test]
fn an_operators_text_that_does_not_say_a_payment_is_passed_over_for_one() {
    let payment = Payment { amount: "1".to_owned(), payee: "Ada & Söhne".to_owned() };
    for (own, html, says) in [
        ("{code}: {amount} to {payee}", None, true),
        ("{code}: {amount} to {payee}", Some("<b>{code}</b> {amount} {payee}"), true),
        ("{code}: {amount} to {payee}", Some("<b>{code}</b> {amount}"), false),
        ("{code}", None, false),
        ("{code} 1 Ada & Söhne", None, false),
        ("{code}: {payee}", None, false),
        ("{code}: {amount}{% if member_name %} to {payee}{% endif %}", None, false),
    ] {
        let part = |text: &str, part| Template::new(text, part, &site()).unwrap();
        let text = Text {
            text: part(own, Part::Text),
            subject: None,
            html: html.map(|html| part(html, Part::Html)),
        };
        let mut layer = Layer::default();
        layer.add(None, "generic", text);
        let templates = Templates { providers: [("one".to_owned(), layer)].into(), ..Templates::default() };
        let channel = Channel::new("email").unwrap();
        let occasion = Occasion {
            application: None,
            provider: "one",
            channel: &channel,
            recipient: &Recipient::new("x"),
            purpose: "generic",
            locale: None,
            member_name: None,
            payment: Some(&payment),
            wording: None,
            code: "123456",
            expires_in: Duration::from_mins(10),
        };
        let said = templates.say(&occasion);
        assert_eq!(said.passed_over, (!says).then_some(Wrong::LacksPayment), "{own} {html:?}");
        assert!(said.text.contains("Ada & Söhne") && said.html.is_none_or(|html| html.contains("Ada &amp;")));
        assert_eq!(templates.say(&Occasion { payment: None, ..occasion }).passed_over, None);
    }
}

/// X4, X17: the words of the start go before all others; where they fail, the operator's take their place.
#[test]
fn a_start_may_bring_the_text_and_the_name_of_the_site() {
    let site = Site { name: "Example".to_owned(), ..Site::default() };
    let templates = Templates { site, ..Templates::default() };
    let say = |wording: &Wording, channel: &str| {
        templates.say(&Occasion {
            application: Some("web"),
            provider: "one",
            channel: &Channel::new(channel).unwrap(),
            recipient: &Recipient::new("+447700900123"),
            purpose: "generic",
            locale: Some("de"),
            member_name: None,
            payment: None,
            wording: Some(wording),
            code: "123456",
            expires_in: Duration::from_mins(10),
        })
    };
    let usual = say(&Wording::default(), "sms").text;
    let wording = |text: &str| Wording { text: Some(text.to_owned()), ..Wording::default() };
    let said = say(&wording("{{pin}} by {site_name}"), "sms");
    assert_eq!((said.text.as_str(), said.locale.as_deref()), ("123456 by Example", Some("de")));
    let named = Wording { site_name: Some("Acme\n".to_owned()), ..wording("{{pin}} by {site_name}") };
    assert_eq!(say(&named, "sms").text, "123456 by Acme");
    let mail = say(&wording("{{pin}}"), "email");
    assert_eq!((mail.text.as_str(), mail.html), ("123456", None));
    assert!(mail.subject.is_some(), "a mail has a subject whatever its text");
    let warns = |wording: Wording| Wording { warns: true, ..wording };
    let warned = say(&warns(Wording::default()), "sms").text;
    assert_eq!(warned, format!("{usual} Geben Sie ihn an niemanden weiter."));
    assert_eq!(say(&warns(wording("{{pin}}")), "sms").text, "123456", "its own text is the whole text");
    assert!(!say(&warns(Wording::default()), "email").text.contains("niemanden"));
    let lost = say(&wording("{{pin}} {gone} {{ gone }}"), "sms");
    assert_eq!(lost.text, usual);
    assert!(lost.passed_over.is_some());
}
