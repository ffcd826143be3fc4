//! What a Service has besides an application: fields of Twilio's, kept and answered as they were given.

use crate::{
    http::twilio::{Refused, form::Form, rate_limits::RateLimit},
    template::Wording,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The most characters of a friendly name, and the most digits in it: with more it could pass for a code (T28).
const LONGEST_NAME: usize = 32;
const MOST_DIGITS: usize = 4;

/// The most bytes of any other text.
const LONGEST: usize = 256;

/// What a Service has besides an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "they are the contract's own fields")]
pub(in crate::http) struct Settings {
    /// Whether its application was made here, and not by the native API: said when it is made, and never changed.
    pub(super) made_here: bool,
    /// Whom its messages speak for.
    pub(in crate::http) friendly_name: String,
    /// Whether a number is looked at before it is sent to.
    pub(in crate::http) lookup_enabled: bool,
    /// Whether payments are what it approves: then every start names amount and payee.
    pub(in crate::http) psd2_enabled: bool,
    /// Whether a landline is refused an SMS, where numbers are looked at.
    pub(in crate::http) skip_sms_to_landlines: bool,
    dtmf_input_required: bool,
    tts_name: Option<String>,
    /// Whether an SMS says that the code is nobody else's business.
    pub(in crate::http) do_not_share_warning_enabled: bool,
    /// Whether a start may bring its own code.
    pub(in crate::http) custom_code_enabled: bool,
    default_template_sid: Option<String>,
    verify_event_subscription_enabled: bool,
    push: Push,
    /// How factors of one-time passwords by time are made.
    pub(in crate::http) totp: Totp,
    whatsapp: Whatsapp,
    passkeys: Passkeys,
    /// The limits that its caller made.
    pub(in crate::http) rate_limits: Vec<RateLimit>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Push {
    include_date: bool,
    apn_credential_sid: Option<String>,
    fcm_credential_sid: Option<String>,
}

/// How factors of one-time passwords by time are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::http) struct Totp {
    /// Who gives them out; the friendly name where nothing is said.
    pub(in crate::http) issuer: Option<String>,
    /// Seconds of a step: 20 to 60.
    pub(in crate::http) time_step: u64,
    /// Digits of a code: 3 to 8.
    pub(in crate::http) code_length: u64,
    /// How many steps before and after the present one are good: 0 to 2.
    pub(in crate::http) skew: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Whatsapp {
    msg_service_sid: Option<String>,
    from: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Passkeys {
    relying_party: RelyingParty,
    authenticator_attachment: Option<String>,
    discoverable_credentials: Option<String>,
    user_verification: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct RelyingParty {
    id: Option<String>,
    name: Option<String>,
    origins: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            made_here: false,
            friendly_name: String::new(),
            lookup_enabled: false,
            psd2_enabled: false,
            skip_sms_to_landlines: false,
            dtmf_input_required: true,
            tts_name: None,
            do_not_share_warning_enabled: false,
            custom_code_enabled: false,
            default_template_sid: None,
            verify_event_subscription_enabled: false,
            push: Push::default(),
            totp: Totp::default(),
            whatsapp: Whatsapp::default(),
            passkeys: Passkeys::default(),
            rate_limits: Vec::new(),
        }
    }
}

impl Default for Totp {
    fn default() -> Self {
        Self { issuer: None, time_step: 30, code_length: 6, skew: 1 }
    }
}

impl Settings {
    /// What was kept; what a later version does not know any more is left out.
    pub(super) fn kept(kept: &Map<String, Value>) -> Self {
        Self::deserialize(kept).unwrap_or_default()
    }

    /// As it is kept.
    pub(super) fn to_keep(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }

    /// With whatever a form says.
    pub(super) fn with(mut self, form: &Form) -> Result<Self, Refused> {
        if form.has("FriendlyName") {
            friendly_name(form)?.clone_into(&mut self.friendly_name);
        }
        for (field, name) in [
            (&mut self.lookup_enabled, "LookupEnabled"),
            (&mut self.psd2_enabled, "Psd2Enabled"),
            (&mut self.skip_sms_to_landlines, "SkipSmsToLandlines"),
            (&mut self.dtmf_input_required, "DtmfInputRequired"),
            (&mut self.do_not_share_warning_enabled, "DoNotShareWarningEnabled"),
            (&mut self.custom_code_enabled, "CustomCodeEnabled"),
            (&mut self.verify_event_subscription_enabled, "VerifyEventSubscriptionEnabled"),
            (&mut self.push.include_date, "Push.IncludeDate"),
        ] {
            *field = form.flag(name)?.unwrap_or(*field);
        }
        let party = &mut self.passkeys.relying_party;
        for (field, name) in [
            (&mut self.tts_name, "TtsName"),
            (&mut self.default_template_sid, "DefaultTemplateSid"),
            (&mut self.push.apn_credential_sid, "Push.ApnCredentialSid"),
            (&mut self.push.fcm_credential_sid, "Push.FcmCredentialSid"),
            (&mut self.totp.issuer, "Totp.Issuer"),
            (&mut self.whatsapp.msg_service_sid, "Whatsapp.MsgServiceSid"),
            (&mut self.whatsapp.from, "Whatsapp.From"),
            (&mut party.id, "Passkeys.RelyingParty.Id"),
            (&mut party.name, "Passkeys.RelyingParty.Name"),
            (&mut self.passkeys.authenticator_attachment, "Passkeys.AuthenticatorAttachment"),
            (&mut self.passkeys.discoverable_credentials, "Passkeys.DiscoverableCredentials"),
            (&mut self.passkeys.user_verification, "Passkeys.UserVerification"),
        ] {
            if form.has(name) {
                *field = form.short(name, LONGEST)?.map(str::to_owned);
            }
        }
        let origins = form.all("Passkeys.RelyingParty.Origins");
        if !origins.is_empty() {
            // Repeated, as the SDKs send a list, or with commas.
            let each = origins.into_iter().flat_map(|list| list.split(','));
            party.origins = each.filter(|origin| !origin.is_empty()).map(str::to_owned).collect();
        }
        for (field, name, bounds) in [
            (&mut self.totp.time_step, "Totp.TimeStep", 20..=60),
            (&mut self.totp.code_length, "Totp.CodeLength", 3..=8),
            (&mut self.totp.skew, "Totp.Skew", 0..=2),
        ] {
            *field = form.whole(name, bounds)?.unwrap_or(*field);
        }
        Ok(self)
    }

    /// As it is answered, but for what the application says.
    pub(super) fn shown(&self) -> Map<String, Value> {
        let mut fields = self.to_keep();
        for ours in ["rate_limits", "made_here"] {
            fields.remove(ours);
        }
        let issuer = self.totp.issuer.as_deref().unwrap_or(&self.friendly_name);
        if let Some(Value::Object(totp)) = fields.get_mut("totp") {
            totp.insert("issuer".to_owned(), issuer.into());
        }
        fields
    }
}

/// A name that may stand in a message: short, and with so few digits that it cannot pass for a code (T28).
pub(in crate::http) fn friendly_name(form: &Form) -> Result<&str, Refused> {
    const NAME: &str = "FriendlyName";
    let name = form.needed(NAME, LONGEST)?;
    if name.chars().count() > LONGEST_NAME || name.trim() != name {
        let why = format!("expected at most {LONGEST_NAME} characters, without a space at either end");
        return Err(Refused::invalid(NAME, &why));
    }
    in_messages(NAME, name)?;
    Ok(name)
}

/// Holds a name to what may stand in a message: no marks that turn a text around, and few digits of any script (T28).
pub(in crate::http) fn in_messages(parameter: &str, name: &str) -> Result<(), Refused> {
    Wording::admit_site_name(name).map_err(|why| Refused::invalid(parameter, &why.to_string()))?;
    if name.chars().filter(|c| c.is_numeric()).count() > MOST_DIGITS {
        return Err(Refused::invalid(parameter, &format!("it has more than {MOST_DIGITS} digits")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::read(text.as_bytes()).unwrap()
    }

    /// T28
    #[test]
    fn a_name_that_could_pass_for_a_code_is_none() {
        for good in ["My+App", "a", "4711", "Ada's+Books+%26+Co", &"x".repeat(32)] {
            assert!(friendly_name(&form(&format!("FriendlyName={good}"))).is_ok(), "{good}");
        }
        let (turned, arabic) = ("a%E2%80%AEb", "%D9%A1%D9%A2%D9%A3%D9%A4%D9%A5");
        for bad in ["", "12345", "1a2b3c4d5", "+a", &"x".repeat(33), "a%0Ab", turned, arabic] {
            let refused = friendly_name(&form(&format!("FriendlyName={bad}"))).unwrap_err();
            assert!(format!("{refused:?}").contains("60200"), "{bad}");
        }
        assert!(friendly_name(&Form::default()).is_err());
    }

    #[test]
    fn what_is_given_is_kept_and_what_is_not_stays() {
        let given = "FriendlyName=Acme&LookupEnabled=TRUE&Totp.TimeStep=60&Whatsapp.From=whatsapp%3A%2B1555\
                     &Passkeys.RelyingParty.Origins=https%3A%2F%2Fa,https%3A%2F%2Fb&DtmfInputRequired=false";
        let settings = Settings::default().with(&form(given)).unwrap();
        let kept = Settings::kept(&settings.to_keep());
        assert_eq!(kept, settings);
        let changed = kept.with(&form("FriendlyName=Other&Whatsapp.From=")).unwrap();
        assert_eq!((changed.totp.time_step, changed.lookup_enabled), (60, true));
        assert_eq!((changed.friendly_name.as_str(), changed.whatsapp.from), ("Other", None));
        assert_eq!(changed.passkeys.relying_party.origins, ["https://a", "https://b"]);
        assert_eq!(settings.shown()["totp"]["issuer"], "Acme");
        for bad in ["LookupEnabled=yes", "Totp.Skew=3", "Totp.TimeStep=19", "TtsName=%00"] {
            assert!(Settings::default().with(&form(bad)).is_err(), "{bad}");
        }
    }
}
