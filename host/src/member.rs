//! Which methods a member is offered, and why not the others: judged from the declared addresses alone.

use crate::{application::Method, phone::Region};
use provider_api::{
    Address, AddressKind, Availability, Channel, InvalidAddress, InvalidEmail, InvalidPhone, Member,
    Recipient, is_word,
};

/// Who is to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// A member: each provider finds its address among the fields (J6, J11).
    Member(Member),
    /// An address as it was given, to be read as the kind that the method needs. `Debug` must not show it.
    To(To),
}

/// An address as it was given. `Debug` shows it masked.
#[derive(Clone, PartialEq, Eq)]
pub struct To(pub String);

impl std::fmt::Debug for To {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Recipient::new(self.0.as_str()).masked())
    }
}

/// A provider that may carry a method.
#[derive(Debug, Clone, Copy)]
pub struct Carrier<'a> {
    /// Its id.
    pub id: &'a str,
    /// Which fields it declares; `None` if it is not open or does not serve the channel.
    pub addresses: Option<&'a [Address]>,
}

/// A method that reaches the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The method.
    pub method: Method,
    /// Its channel.
    pub channel: Channel,
    /// Where it reaches the person.
    pub recipient: Recipient,
    /// Whether the recipient is a phone number.
    pub is_phone: bool,
    /// The providers that reach the person there, first choice first; at least one.
    pub providers: Vec<String>,
    /// Whether the application offers it first.
    pub preferred: bool,
}

impl Offer {
    /// Where its number belongs, if it is one and its region is known.
    ///
    /// Looked up when it is asked for: a start does not need it, and it costs more than all other judging.
    pub fn region(&self) -> Option<Region> {
        Region::of(self.recipient.as_str()).filter(|_| self.is_phone)
    }
}

/// The word for a provider that did not say in time whether it reaches somebody.
pub const NOT_ANSWERING: &str = "not_answering";

/// A method that does not reach the person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Refusal {
    /// The method.
    pub id: Method,
    /// A word for programs: `no_address`, `invalid_address`, `no_route`, `provider_unavailable`, `not_answering`, or a provider's
    /// own.
    pub reason: String,
    /// A sentence for people. No address.
    pub detail: String,
}

impl Refusal {
    /// A method that does not reach the person, with the word and the sentence.
    pub fn new(method: &Method, reason: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { id: method.clone(), reason: reason.into(), detail: detail.into() }
    }

    /// Whether the same question may be answered otherwise in a moment.
    pub fn is_passing(&self) -> bool {
        self.reason == NOT_ANSWERING
    }

    /// A provider's own word on a member it does not reach, as its lane cleaned it.
    pub fn by_provider(offer: &Offer, provider: &str, answer: Availability) -> Self {
        let reason = answer
            .reason
            .filter(|reason| is_word(reason))
            .unwrap_or_else(|| "provider_unavailable".to_owned());
        let detail =
            answer.detail.unwrap_or_else(|| format!("provider `{provider}` does not reach this member"));
        Self::new(&offer.method, reason, detail)
    }
}

/// Judges one method: where its providers reach this person, or why none does (J18–J21).
///
/// The first provider that reads an address settles the recipient; those that would read another one are left out, as
/// one code belongs to one recipient.
pub fn judge(
    method: &Method,
    channel: &Channel,
    carriers: &[Carrier<'_>],
    person: &Person,
) -> Result<Offer, Refusal> {
    if !method.is_code() {
        let detail = format!("payload `{}` is not delivered by this version, only `code` is", method.payload);
        return Err(Refusal::new(method, "unsupported_payload", detail));
    }
    if carriers.is_empty() {
        return Err(Refusal::new(method, "no_route", format!("channel `{channel}` has no providers")));
    }
    let mut offer: Option<Offer> = None;
    let mut refusal = None;
    for carrier in carriers {
        match read(method, channel, carrier, person) {
            Ok((recipient, kind)) => match &mut offer {
                Some(offer) if offer.recipient == recipient => offer.providers.push(carrier.id.to_owned()),
                Some(_) => {}
                None => {
                    let (method, channel, providers) =
                        (method.clone(), channel.clone(), vec![carrier.id.to_owned()]);
                    let is_phone = *kind == AddressKind::Phone;
                    offer = Some(Offer { method, channel, recipient, is_phone, providers, preferred: false });
                }
            },
            Err(why) => refusal = worse(refusal, why),
        }
    }
    offer.ok_or_else(|| refusal.unwrap_or_else(|| Refusal::new(method, "no_route", "no provider")))
}

/// Of two refusals the one that the caller can do something about; else the first.
fn worse(first: Option<Refusal>, other: Refusal) -> Option<Refusal> {
    match first {
        Some(first) if first.reason != "provider_unavailable" || other.reason == "provider_unavailable" => {
            Some(first)
        }
        _ => Some(other),
    }
}

fn read<'a>(
    method: &Method,
    channel: &Channel,
    carrier: &Carrier<'a>,
    person: &Person,
) -> Result<(Recipient, &'a AddressKind), Refusal> {
    let Some(addresses) = carrier.addresses else {
        let detail = format!("provider `{}` is not available for channel `{channel}`", carrier.id);
        return Err(Refusal::new(method, "provider_unavailable", detail));
    };
    let Some(address) = Address::for_channel(addresses, channel) else {
        let detail = format!("provider `{}` declares no address for channel `{channel}`", carrier.id);
        return Err(Refusal::new(method, "provider_unavailable", detail));
    };
    let (value, name) = match person {
        Person::Member(member) => {
            let field = &address.field;
            (member.fields.get(field).map_or("", String::as_str), format!("member field `{field}`"))
        }
        Person::To(To(to)) => (to.as_str(), "`to`".to_owned()),
    };
    let read = address.kind.read(value).map_err(|why| refused(method, &name, &address.kind, &why))?;
    Ok((read, &address.kind))
}

fn refused(method: &Method, name: &str, kind: &AddressKind, why: &InvalidAddress) -> Refusal {
    if is_empty(why) {
        return Refusal::new(method, "no_address", format!("{name} is empty"));
    }
    let kind = match kind {
        AddressKind::Phone => "phone number",
        AddressKind::Email => "e-mail address",
        _ => "address",
    };
    Refusal::new(method, "invalid_address", format!("{name} is no {kind}: {why}"))
}

fn is_empty(why: &InvalidAddress) -> bool {
    matches!(
        why,
        InvalidAddress::Empty
            | InvalidAddress::Phone(InvalidPhone::Empty)
            | InvalidAddress::Email(InvalidEmail::Empty)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms() -> Channel {
        Channel::new("sms").unwrap()
    }

    fn member(fields: &[(&str, &str)]) -> Person {
        Person::Member(Member::with_fields(fields.iter().copied()))
    }

    fn outcome(method: &str, carriers: &[Carrier<'_>], person: &Person) -> String {
        match judge(&method.parse().unwrap(), &sms(), carriers, person) {
            Ok(offer) => format!("{} by {}", offer.recipient.as_str(), offer.providers.join(", ")),
            Err(refusal) => format!("{}: {}", refusal.reason, refusal.detail),
        }
    }

    /// J11, J13, J18–J22: a method is offered only where a valid address stands in the declared field.
    #[test]
    fn a_member_is_offered_what_reaches_them() {
        let mobile = [Address::phone(None, "mobile")];
        let work = [Address::phone(None, "work")];
        let email = [Address::email(Some(Channel::new("email").unwrap()), "email")];
        let one = Carrier { id: "one", addresses: Some(&mobile) };
        let two = Carrier { id: "two", addresses: Some(&work) };
        let closed = Carrier { id: "closed", addresses: None };
        let silent = Carrier { id: "silent", addresses: Some(&email) };
        let ada: &[(&str, &str)] = &[("mobile", " +447700900123\r\n")];
        for (carriers, fields, says) in [
            (&[one][..], ada, "+447700900123 by one"),
            (&[one, one], ada, "+447700900123 by one, one"),
            (&[two, one], ada, "+447700900123 by one"),
            (&[one, two], &[("mobile", "+12345"), ("work", "+12345")], "+12345 by one, two"),
            (&[one, two], &[("mobile", "+12345"), ("work", "+12346")], "+12345 by one"),
            (&[closed, one], ada, "+447700900123 by one"),
            (&[one], &[], "no_address: member field `mobile` is empty"),
            (&[one], &[("mobile", " \n")], "no_address: member field `mobile` is empty"),
            (
                &[one],
                &[("mobile", "07700900123")],
                "invalid_address: member field `mobile` is no phone number: the number does not begin with `+` and its \
                 country code",
            ),
            (&[closed, one], &[], "no_address: member field `mobile` is empty"),
            (&[closed], ada, "provider_unavailable: provider `closed` is not available for channel `sms`"),
            (&[silent], ada, "provider_unavailable: provider `silent` declares no address for channel `sms`"),
            (&[], ada, "no_route: channel `sms` has no providers"),
        ] {
            assert_eq!(outcome("sms:code", carriers, &member(fields)), says);
        }
    }

    #[test]
    fn an_address_given_directly_must_be_of_the_methods_kind() {
        let mobile = [Address::phone(None, "mobile")];
        let one = [Carrier { id: "one", addresses: Some(&mobile) }];
        let to = |to: &str| Person::To(To(to.to_owned()));
        assert_eq!(outcome("sms:code", &one, &to("+447700900123")), "+447700900123 by one");
        let refused = outcome("sms:code", &one, &to("ada@example.com"));
        assert!(refused.starts_with("invalid_address: `to` is no phone number: "), "{refused}");
        assert!(!refused.contains("ada"), "{refused}");
        assert!(!format!("{:?}", to("+447700900123")).contains("7700900"));
    }

    #[test]
    fn a_link_is_not_delivered_by_this_version() {
        assert!(outcome("sms:link", &[], &member(&[])).starts_with("unsupported_payload: "));
    }

    #[test]
    fn a_provider_may_refuse_in_its_own_words() {
        let mobile = [Address::phone(None, "mobile")];
        let one = [Carrier { id: "one", addresses: Some(&mobile) }];
        let to = Person::To(To("+447700900123".to_owned()));
        let offer = judge(&"sms:code".parse().unwrap(), &sms(), &one, &to).unwrap();
        let own = Availability::unavailable("opted_out", "they said stop");
        let own = Refusal::by_provider(&offer, "one", own);
        assert_eq!((own.reason.as_str(), own.detail.as_str()), ("opted_out", "they said stop"));
        let odd = Refusal::by_provider(&offer, "one", Availability::unavailable("+447700900123", ""));
        assert_eq!(odd.reason, "provider_unavailable");
    }
}
