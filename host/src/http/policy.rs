//! `policy`, `code`, `amount`, `payee`, `text` and `from` of a start: what it asks for instead of the application's own.

use super::person::Errors;
use crate::{
    application::{Alphabet, Application, Overrides, Policy},
    clock::span,
    seal::Typed,
    template::{Payment, Templates, Wording},
};
use provider_api::Secret;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// `policy` of a start (X17): whatever it does not say is as the application has it.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyRequest {
    /// Characters of the code: 4 to 10.
    length: Option<i64>,
    /// `numeric`, `letters` or `alphanumeric`.
    alphabet: Option<String>,
    /// Whether letters and digits that read alike are among them.
    look_alikes: Option<bool>,
    /// From the start to the end, for example `10m`: one minute to 24 hours.
    lifetime: Option<String>,
    /// How many codes may be checked: 1 to 10.
    checks: Option<i64>,
    /// Whether only the first check is judged, whatever `checks` says.
    check_once: Option<bool>,
    /// How many messages may be sent, the first included: 1 to 10.
    sends: Option<i64>,
    /// The least time between two messages, for example `30s`.
    pause: Option<String>,
    /// Whether a resend carries a fresh code instead of the same one.
    fresh_on_resend: Option<bool>,
}

impl Errors {
    /// The policy of a start, if it asks for another than the application's.
    pub(super) fn policy(
        &mut self,
        request: Option<PolicyRequest>,
        application: &Application,
    ) -> Option<Policy> {
        let request = request?;
        let overrides = Overrides {
            length: request.length,
            alphabet: self.alphabet(request.alphabet.as_deref()),
            look_alikes: request.look_alikes,
            lifetime: self.span("policy.lifetime", request.lifetime.as_deref()),
            checks: request.checks,
            check_once: request.check_once,
            sends: request.sends,
            pause: self.span("policy.pause", request.pause.as_deref()),
            fresh_code_on_resend: request.fresh_on_resend,
        };
        match application.policy_with(&overrides) {
            Ok(policy) => Some(policy),
            Err(wrong) => {
                for wrong in wrong {
                    self.add(&format!("policy.{}", wrong.field), wrong.detail);
                }
                None
            }
        }
    }

    /// A code that the caller brings (T6).
    pub(super) fn own_code(&mut self, code: Option<&Secret>, application: &Application) -> Option<Typed> {
        let typed = match Typed::read(code?.expose()) {
            Ok(typed) => typed,
            Err(why) => {
                self.add("code", why.to_string());
                return None;
            }
        };
        if let Err(why) = application.admit_own_code(&typed) {
            self.add("code", why);
        }
        Some(typed)
    }

    /// Amount and payee (PSD2): both or none.
    pub(super) fn payment(&mut self, amount: Option<String>, payee: Option<String>) -> Option<Payment> {
        for (field, value) in [("amount", &amount), ("payee", &payee)] {
            if let Some(why) = value.as_deref().and_then(|value| Payment::admit(value).err()) {
                self.add(field, why.to_string());
            }
        }
        match (amount, payee) {
            (Some(amount), Some(payee)) => Some(Payment { amount, payee }),
            (None, None) => None,
            (Some(_), None) => {
                self.add(
                    "payee",
                    "is missing: a code is bound to `amount` and `payee` together, or to neither",
                );
                None
            }
            (None, Some(_)) => {
                self.add(
                    "amount",
                    "is missing: a code is bound to `amount` and `payee` together, or to neither",
                );
                None
            }
        }
    }

    /// What the messages say and whom they come from (X4, X17, X20).
    pub(super) fn wording(
        &mut self,
        text: Option<String>,
        from: Option<String>,
        of_payment: bool,
        application: &Application,
        templates: &Templates,
    ) -> Wording {
        if let Some(why) = text.as_deref().and_then(|text| templates.admit(text, of_payment).err()) {
            self.add("text", why.to_string());
        }
        if let Some(why) = from.as_deref().and_then(|from| application.admit_sender(from).err()) {
            self.add("from", why);
        }
        Wording { text, sender: from, ..Wording::default() }
    }

    fn alphabet(&mut self, word: Option<&str>) -> Option<Alphabet> {
        let word = word?;
        let found = Alphabet::NAMED.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            self.add("policy.alphabet", "expected `numeric`, `letters` or `alphanumeric`");
        }
        found.map(|(_, alphabet)| *alphabet)
    }

    fn span(&mut self, field: &str, written: Option<&str>) -> Option<Duration> {
        let written = written?;
        let read = span::parse(written);
        if read.is_none() {
            self.add(field, "expected a number and a unit, for example `90s`, `10m` or `1h30m`");
        }
        read
    }
}
