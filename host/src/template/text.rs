//! One text of an operator, compiled once and rendered for every message.

use super::{
    Site,
    fault::{Fault, Wrong},
    is_unwelcome,
    spelling::Rewritten,
    values::{BUILT_IN, PAYLOAD, Values, is_built_in},
};
use minijinja::{AutoEscape, Environment, ErrorKind, HtmlEscape, UndefinedBehavior, syntax::SyntaxConfig};
use std::{fmt, io, sync::Arc};

/// The work that one rendering may take, in steps of the engine: some hundred times what a long mail takes.
const FUEL: u64 = 50_000;

/// The most bytes that one rendering may yield.
const LARGEST: usize = 256 * 1024;

/// The variables that every text of a payment says.
const PAYMENT: [&str; 2] = ["amount", "payee"];

/// The one name that the engine knows a template by.
const NAME: &str = "text";

/// Which part of a message a template is: each is escaped in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The plain text: values stand as they are.
    Text,
    /// The subject: one line.
    Subject,
    /// The HTML part: values are escaped.
    Html,
}

/// A text with placeholders, compiled. Cheap to clone. The engine can load, include and call nothing.
#[derive(Clone)]
pub struct Template {
    text: Arc<str>,
    part: Part,
    engine: Arc<Environment<'static>>,
    loose: Vec<(String, usize)>,
    /// Which of `amount` and `payee` it uses.
    payment: [bool; 2],
}

/// All parts of what is said.
#[derive(Debug, Clone)]
pub struct Text {
    /// The plain text.
    pub text: Template,
    /// The subject, for channels that have one.
    pub subject: Option<Template>,
    /// The same as `text` in HTML, for channels that have it.
    pub html: Option<Template>,
}

impl Template {
    /// Compiles a text and tries it: with a site's own values, and also where there is no name and no address.
    ///
    /// # Errors
    ///
    /// When it cannot be rendered, or does not hold its code: everything that is wrong with it, at least one thing.
    pub fn new(text: &str, part: Part, site: &Site) -> Result<Self, Vec<Fault>> {
        let is_variable = |name: &str| is_built_in(name) || site.variables.contains_key(name);
        if part == Part::Subject
            && let Some(at) = text.find(['\n', '\r'])
        {
            return Err(vec![Fault::new(at, Wrong::LineBreak)]);
        }
        let (rewritten, read) = Rewritten::of(text, is_variable);
        let unknown = |(name, at): &(String, usize)| Fault::new(*at, Wrong::Unknown(name.clone()));
        let engine = read.and_then(|()| engine(&rewritten, part)).map_err(|fault| {
            // The engine did not get as far as names.
            let unknown = rewritten.alone.iter().filter(|(name, _)| !is_variable(name)).map(unknown);
            let mut faults: Vec<Fault> = unknown.chain([fault]).collect();
            faults.sort_by_key(|fault| fault.at);
            faults
        })?;
        let used = used(&engine);
        let mut faults: Vec<Fault> = used
            .iter()
            .filter(|name| !is_variable(name))
            .map(|name| Fault::new(rewritten.place(name), Wrong::Unknown(name.clone())))
            .collect();
        let holds = part == Part::Subject || used.iter().any(|name| PAYLOAD.contains(&name.as_str()));
        if !holds {
            faults.push(Fault::new(0, Wrong::NoPayload));
        }
        faults.sort_by_key(|fault| fault.at);
        if !faults.is_empty() {
            return Err(faults);
        }
        let payment = PAYMENT.map(|name| used.iter().any(|used| used == name));
        let (engine, loose) = (Arc::new(engine), rewritten.loose.clone());
        let template = Self { text: text.into(), part, engine, loose, payment };
        for named in [true, false] {
            let tried = template.try_with(&Values::sample(site, 10, named), &rewritten);
            tried.map_err(|fault| vec![fault])?;
        }
        Ok(template)
    }

    /// The text as its author wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The words in single braces that are no variables, so that they stand in the message as they are, each with its
    /// byte in the text.
    pub fn loose(&self) -> impl Iterator<Item = (&str, usize)> {
        self.loose.iter().map(|(name, at)| (name.as_str(), *at))
    }

    /// The name of `amount` and `payee` that it leaves out, if it uses the other.
    pub fn half_of_a_payment(&self) -> Option<&'static str> {
        let [amount, payee] = self.payment;
        (amount != payee).then(|| if amount { PAYMENT[1] } else { PAYMENT[0] })
    }

    /// Whether it uses both `amount` and `payee`.
    pub(super) fn says_payment(&self) -> bool {
        self.payment == [true; 2]
    }

    /// Puts the values in.
    ///
    /// # Errors
    ///
    /// When it takes too much work, when it cannot be done with these values, or when the code would not be in it; of a
    /// payment, when amount or payee would not.
    pub fn render(&self, values: &Values) -> Result<String, Wrong> {
        self.run(values).map_err(|error| wrong(&error)).and_then(|text| self.finished(text, values))
    }

    fn try_with(&self, values: &Values, rewritten: &Rewritten) -> Result<(), Fault> {
        let place = |error: &minijinja::Error| error.range().map_or(0, |range| rewritten.origin(range.start));
        let text = self.run(values).map_err(|error| Fault::new(place(&error), wrong(&error)))?;
        self.finished(text, values).map_err(|wrong| Fault::new(0, wrong)).map(drop)
    }

    fn run(&self, values: &Values) -> Result<String, minijinja::Error> {
        let mut out = Bounded(Vec::new());
        self.engine.get_template(NAME)?.render_captured_to(values.all.clone(), &mut out)?;
        String::from_utf8(out.0).map_err(|_| minijinja::Error::from(ErrorKind::BadSerialization))
    }

    fn finished(&self, text: String, values: &Values) -> Result<String, Wrong> {
        if self.part == Part::Subject {
            let plain = |c: char| if is_unwelcome(c) { ' ' } else { c };
            return Ok(text.chars().map(plain).collect::<String>().trim().to_owned());
        }
        let holds = |value: &str| match self.part {
            Part::Html => text.contains(&HtmlEscape(value).to_string()),
            Part::Text | Part::Subject => text.contains(value),
        };
        if !holds(&values.code) {
            return Err(Wrong::MayLackPayload);
        }
        // An amount of `1` stands in many a text by chance: it must be meant as well.
        let says_payment =
            |parts: &[String; 2]| self.payment == [true; 2] && parts.iter().all(|part| holds(part));
        if values.payment.as_ref().is_some_and(|parts| !says_payment(parts)) {
            return Err(Wrong::LacksPayment);
        }
        Ok(text)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({:?})", self.part, self.text)
    }
}

/// The engine with one template in it, and without filters, tests and functions.
fn engine(rewritten: &Rewritten, part: Part) -> Result<Environment<'static>, Fault> {
    let mut engine = Environment::empty();
    // Else its errors would hold values.
    engine.set_debug(false);
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    // Without delimiters of its own this cannot fail.
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        engine.set_syntax(syntax);
    }
    let escape = move |_: &str| if part == Part::Html { AutoEscape::Html } else { AutoEscape::None };
    engine.set_auto_escape_callback(escape);
    let added = engine.add_template_owned(NAME, rewritten.source.clone());
    added.map_err(|error| {
        let at = error.range().map_or(0, |range| rewritten.origin(range.start));
        Fault::new(at, wrong(&error))
    })?;
    Ok(engine)
}

/// The variables that the template uses, in the order of their names.
fn used(engine: &Environment<'_>) -> Vec<String> {
    let names = engine.get_template(NAME).map(|template| template.undeclared_variables(false));
    let mut names: Vec<String> = names.unwrap_or_default().into_iter().collect();
    names.sort_unstable();
    names
}

/// What the engine says, without any value.
fn wrong(error: &minijinja::Error) -> Wrong {
    match error.kind() {
        ErrorKind::OutOfFuel | ErrorKind::WriteFailure => Wrong::Endless,
        ErrorKind::SyntaxError => Wrong::Syntax(error.detail().unwrap_or("syntax error").to_owned()),
        kind => Wrong::Syntax(kind.to_string()),
    }
}

/// Collects what is rendered, up to [`LARGEST`] bytes.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every name that a text of this site may use.
pub(super) fn variables(site: &Site) -> impl Iterator<Item = &str> {
    BUILT_IN.into_iter().chain(site.variables.keys().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        let variables = [("company".to_owned(), "ACME".to_owned())].into();
        Site { name: "Example".to_owned(), variables, ..Site::default() }
    }

    fn rendered(text: &str, part: Part) -> String {
        match Template::new(text, part, &site()) {
            Ok(template) => template.render(&Values::sample(&site(), 6, true)).unwrap(),
            Err(faults) => {
                faults.iter().map(|fault| format!("{}: {fault}", fault.at)).collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// J33–J38, L14, X4
    #[test]
    fn a_text_is_rendered_with_its_values() {
        for (text, said) in [
            ("{payload} is your {site_name} code.", "735192 is your Example code."),
            ("{{ code }} {{pin}} [[OTP]] {{ otp }}", "735192 735192 735192 735192"),
            ("{code}{% if member_name %}, {member_name}{% endif %}", "735192, Maximiliane Musterma"),
            ("{code}{% if support_email %}?{% else %}!{% endif %}\n", "735192!\n"),
            (
                "{code} by {company}, {expiry_minutes} min, {{ expiry_seconds }} s",
                "735192 by ACME, 10 min, 600 s",
            ),
            ("{code} {% if expiry_minutes > 1 %}minutes{% endif %}", "735192 minutes"),
            ("{ {unknown} } {code} {", "{ {unknown} } 735192 {"),
            ("{code}{# a note #}", "735192"),
            ("{code} {{ '{{ code }}' }}", "735192 {{ code }}"),
        ] {
            assert_eq!(rendered(text, Part::Text), said, "{text}");
        }
        assert_eq!(rendered("a{{ '\\n' }}{code}", Part::Subject), "a 735192");
        assert_eq!(rendered("<b>{code}</b>{{ '<i>' }}", Part::Html), "<b>735192</b>&lt;i&gt;");
    }

    #[test]
    fn every_mistake_of_a_text_is_told_at_its_place() {
        let table = [
            ("Hello", "0: lacks its payload"),
            (
                "é {{ cod }} {{ nmae }}",
                "0: lacks its payload; 6: uses `cod`, which is no variable; 16: uses `nmae`, which is no variable",
            ),
            ("{code} {{ site.name }}", "10: uses `site`, which is no variable"),
            ("{code} {% if x %}{% endif %}", "13: uses `x`, which is no variable"),
            (
                "{code} {% if member_name %}",
                "25: is no template: unexpected end of input, expected end of block",
            ),
            // The brace at the end becomes a longer one for the engine: the place is still one of the text.
            (
                "{code}{% if member_name %}{",
                "26: is no template: unexpected end of input, expected end of block",
            ),
            ("{code} {{ }}", "10: is no template: unexpected end of variable block"),
            ("{code} {{ code|upper }}", "15: is no template: unknown filter"),
            ("{code} {{ code.x.y }}", "14: is no template: undefined value"),
            ("{code} {{ code() }}", "10: is no template: invalid operation"),
            ("{code}{% include 'x' %}", "6: uses `{% include %}`, which is not for texts"),
            ("{% if member_name %}{code}{% endif %}", "0: does not always hold its payload"),
            (
                "{code} {{ cod }} {{ 'a' }} {% if x",
                "10: uses `cod`, which is no variable; 27: has a `{%` that is never closed",
            ),
            ("{code} {{", "7: has a `{{` that is never closed"),
            (
                "{code}{% for a in 'x' * 999 %}{% for b in 'x' * 999 %}{% endfor %}{% endfor %}",
                "0: takes too much work or grows too large to render",
            ),
            ("{code}{{ 'x' * 999999 }}", "0: takes too much work or grows too large to render"),
        ];
        let found: Vec<_> = table.iter().map(|(text, _)| (*text, rendered(text, Part::Text))).collect();
        let expected: Vec<_> = table.iter().map(|(text, told)| (*text, (*told).to_owned())).collect();
        assert_eq!(found, expected);
        assert_eq!(rendered("a\nb", Part::Subject), "1: has a line break, and a subject is one line");
        assert_eq!(rendered("<p>x</p>", Part::Html), "0: lacks its payload");
    }
}
