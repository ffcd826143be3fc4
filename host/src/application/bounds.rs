//! How far one start may go from its application's policy.

use super::{Alphabet, Application, Policy};
use crate::{clock::span, seal::Typed};
use std::{ops::RangeInclusive, time::Duration};

/// What a start may ask for instead of the application's policy. By default as far as any policy may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Characters of a code, also of one that the caller brings.
    pub length: RangeInclusive<u8>,
    /// The alphabets to choose from; at least one.
    pub alphabets: Vec<Alphabet>,
    /// From the start of a verification to its end.
    pub lifetime: RangeInclusive<Duration>,
    /// Checks of one verification.
    pub checks: RangeInclusive<u8>,
    /// Sends of one verification, the first included.
    pub sends: RangeInclusive<u8>,
    /// The least time between two sends.
    pub pause: RangeInclusive<Duration>,
}

impl Default for Bounds {
    /// As far as any policy may go: X10 (4 to 10 characters), X14 (1 to 10 checks), X11 lies within a minute to 24 hours.
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            length: 4..=10,
            alphabets: Alphabet::NAMED.map(|(_, alphabet)| alphabet).to_vec(),
            lifetime: Duration::from_mins(1)..=DAY,
            checks: 1..=10,
            sends: 1..=10,
            pause: Duration::ZERO..=DAY,
        }
    }
}

/// What a start asks for instead of the application's policy (X17); what it does not say is as the application has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Characters of a code.
    pub length: Option<i64>,
    /// From which characters a code is made.
    pub alphabet: Option<Alphabet>,
    /// Whether letters and digits that read alike are among them.
    pub look_alikes: Option<bool>,
    /// From the start of the verification to its end.
    pub lifetime: Option<Duration>,
    /// How many checks are judged.
    pub checks: Option<i64>,
    /// Whether only the first one is.
    pub check_once: Option<bool>,
    /// How many messages may be sent.
    pub sends: Option<i64>,
    /// The least time between two of them.
    pub pause: Option<Duration>,
    /// Whether a resend carries a fresh code.
    pub fresh_code_on_resend: Option<bool>,
}

/// Something that an application does not allow a start to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfBounds {
    /// What: `length`, `alphabet`, `lifetime`, `checks`, `sends` or `pause`.
    pub field: &'static str,
    /// The bounds, and what helps.
    pub detail: String,
}

impl Application {
    /// The policy of one start.
    ///
    /// # Errors
    ///
    /// When it asks for what the application does not allow: everything that is wrong with it.
    pub fn policy_with(&self, overrides: &Overrides) -> Result<Policy, Vec<OutOfBounds>> {
        let mut asking = Asking { application: self, wrong: Vec::new() };
        let (bounds, policy) = (&self.bounds, &self.policy);
        let asked = Policy {
            length: asking.whole("length", overrides.length, &bounds.length, policy.length),
            alphabet: asking.alphabet(overrides.alphabet),
            look_alikes: overrides.look_alikes.unwrap_or(policy.look_alikes),
            lifetime: asking.span("lifetime", overrides.lifetime, &bounds.lifetime, policy.lifetime),
            checks: asking.whole("checks", overrides.checks, &bounds.checks, policy.checks),
            check_once: overrides.check_once.unwrap_or(policy.check_once),
            sends: asking.whole("sends", overrides.sends, &bounds.sends, policy.sends),
            pause: asking.span("pause", overrides.pause, &bounds.pause, policy.pause),
            fresh_code_on_resend: overrides.fresh_code_on_resend.unwrap_or(policy.fresh_code_on_resend),
        };
        if asking.wrong.is_empty() { Ok(asked) } else { Err(asking.wrong) }
    }

    /// Whether a code that the caller brings is one (T6): ASCII letters and digits, as many as a code may have here.
    ///
    /// # Errors
    ///
    /// When it is none, in words that do not repeat it.
    pub fn admit_own_code(&self, code: &Typed) -> Result<(), String> {
        let (text, length) = (code.expose(), &self.bounds.length);
        let fits = u8::try_from(text.len()).is_ok_and(|count| length.contains(&count));
        if fits && code.is_plain() {
            return Ok(());
        }
        let (least, most) = length.clone().into_inner();
        Err(format!("expected {least} to {most} ASCII letters or digits"))
    }
}

struct Asking<'a> {
    application: &'a Application,
    wrong: Vec<OutOfBounds>,
}

impl Asking<'_> {
    fn whole(
        &mut self,
        field: &'static str,
        asked: Option<i64>,
        bounds: &RangeInclusive<u8>,
        usual: u8,
    ) -> u8 {
        let Some(asked) = asked else { return usual };
        let Some(fits) = u8::try_from(asked).ok().filter(|asked| bounds.contains(asked)) else {
            self.refuse(field, &format!("{} to {}", bounds.start(), bounds.end()), field);
            return usual;
        };
        fits
    }

    fn span(
        &mut self,
        field: &'static str,
        asked: Option<Duration>,
        bounds: &RangeInclusive<Duration>,
        usual: Duration,
    ) -> Duration {
        let asked = asked.unwrap_or(usual);
        if asked != usual && !bounds.contains(&asked) {
            let (least, most) = (span::write(*bounds.start()), span::write(*bounds.end()));
            self.refuse(field, &format!("{least} to {most}"), field);
        }
        asked
    }

    fn alphabet(&mut self, asked: Option<Alphabet>) -> Alphabet {
        let usual = self.application.policy.alphabet;
        let asked = asked.unwrap_or(usual);
        let allowed = &self.application.bounds.alphabets;
        if asked != usual && !allowed.contains(&asked) {
            let words: Vec<String> = allowed.iter().map(|word| format!("`{}`", word.as_str())).collect();
            self.refuse("alphabet", &words.join(" or "), "alphabets");
        }
        asked
    }

    fn refuse(&mut self, field: &'static str, allowed: &str, key: &str) {
        let id = &self.application.id;
        let detail = format!(
            "expected {allowed}: application `{id}` allows no other (`applications.{id}.bounds.{key}`)"
        );
        self.wrong.push(OutOfBounds { field, detail });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::application::TestRecipients;
    use proptest::prelude::*;

    /// An application that allows a little.
    pub(crate) fn narrow() -> Application {
        Application {
            id: "web".to_owned(),
            keys: Vec::new(),
            methods: Vec::new(),
            preferred: None,
            policy: Policy::default(),
            bounds: Bounds {
                length: 6..=8,
                alphabets: vec![Alphabet::Numeric, Alphabet::Letters],
                lifetime: Duration::from_mins(5)..=Duration::from_mins(30),
                checks: 2..=5,
                sends: 1..=5,
                pause: Duration::from_secs(10)..=Duration::from_mins(2),
            },
            test_recipients: TestRecipients::default(),
            senders: Vec::new(),
            events: crate::application::Events::default(),
            limits: crate::limit::Rules::off(),
            service_sid: None,
        }
    }

    /// X17, T23, T25, T26, X10, X11, X14
    #[test]
    fn what_a_start_asks_for_goes_before_what_the_application_has() {
        let application = narrow();
        assert_eq!(application.policy_with(&Overrides::default()), Ok(application.policy.clone()));
        let all = Overrides {
            length: Some(8),
            alphabet: Some(Alphabet::Letters),
            look_alikes: Some(true),
            lifetime: Some(Duration::from_mins(5)),
            checks: Some(2),
            check_once: Some(true),
            sends: Some(1),
            pause: Some(Duration::from_secs(10)),
            fresh_code_on_resend: Some(true),
        };
        let policy = Policy {
            length: 8,
            alphabet: Alphabet::Letters,
            look_alikes: true,
            lifetime: Duration::from_mins(5),
            checks: 2,
            check_once: true,
            sends: 1,
            pause: Duration::from_secs(10),
            fresh_code_on_resend: true,
        };
        assert_eq!(application.policy_with(&all), Ok(policy));
    }

    #[test]
    fn what_is_out_of_bounds_is_told_all_at_once_with_the_bounds() {
        let asked = Overrides {
            length: Some(9),
            alphabet: Some(Alphabet::Alphanumeric),
            lifetime: Some(Duration::from_hours(1)),
            checks: Some(-1),
            sends: Some(300),
            pause: Some(Duration::ZERO),
            ..Overrides::default()
        };
        let wrong = narrow().policy_with(&asked).unwrap_err();
        let told: Vec<String> =
            wrong.into_iter().map(|wrong| format!("{}: {}", wrong.field, wrong.detail)).collect();
        let expected = [
            ("length", "6 to 8", "length"),
            ("alphabet", "`numeric` or `letters`", "alphabets"),
            ("lifetime", "5m to 30m", "lifetime"),
            ("checks", "2 to 5", "checks"),
            ("sends", "1 to 5", "sends"),
            ("pause", "10s to 2m", "pause"),
        ];
        let expected: Vec<String> = expected
            .iter()
            .map(|(field, allowed, key)| {
                format!("{field}: expected {allowed}: application `web` allows no other (`applications.web.bounds.{key}`)")
            })
            .collect();
        assert_eq!(told, expected);
    }

    /// T6
    #[test]
    fn an_own_code_is_letters_and_digits_within_the_bounds() {
        let application = narrow();
        for (typed, is_one) in [
            ("123456", true),
            ("12-34 56", true),
            ("abcdefgh", true),
            ("12345", false),
            ("123456789", false),
            ("12345é", false),
        ] {
            let admitted = application.admit_own_code(&Typed::read(typed).unwrap());
            assert_eq!(admitted.is_ok(), is_one, "{typed}");
            assert!(admitted.err().is_none_or(|why| why == "expected 6 to 8 ASCII letters or digits"));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_policy_stays_within_the_bounds(
            length: Option<i64>, checks: Option<i64>, sends in prop::option::of(-3i64..20), lifetime in prop::option::of(0u64..100_000),
        ) {
            let application = Application { bounds: Bounds::default(), ..narrow() };
            let lifetime = lifetime.map(Duration::from_secs);
            let asked = Overrides { length, lifetime, checks, sends, ..Overrides::default() };
            if let Ok(policy) = application.policy_with(&asked) {
                let bounds = Bounds::default();
                prop_assert!(bounds.length.contains(&policy.length) && bounds.checks.contains(&policy.checks));
                prop_assert!(bounds.sends.contains(&policy.sends) && bounds.lifetime.contains(&policy.lifetime));
                prop_assert!(policy.judged() >= 1);
            }
        }
    }
}
