//! An address as a stranger gives it: phone number, mailbox or anything else.

use super::text;
use crate::{
    application::Method,
    member::{Carrier, Person, To, judge},
    phone::Region,
};
use provider_api::{Address, AddressKind, Channel, Member, Recipient};

/// What is read is read again as itself, shown masked, and never repeated where it is refused.
pub(super) fn read(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let masked = Recipient::new(text).masked();
    assert!(
        text.chars().count() < 8 || text.contains('•') || !masked.contains(text),
        "the mask hides nothing: {masked}"
    );
    for kind in [AddressKind::Phone, AddressKind::Email, AddressKind::Other("handle".to_owned())] {
        match kind.read(text) {
            Ok(recipient) => valid(&kind, &recipient, text),
            Err(why) => {
                let why = why.to_string();
                assert!(!is_telling(text) || !why.contains(text.trim()), "it is repeated: {why}");
            }
        }
    }
    judged(text);
}

fn valid(kind: &AddressKind, recipient: &Recipient, text: &str) {
    let address = recipient.as_str();
    assert_eq!(address, text.trim(), "nothing is guessed");
    assert_eq!(kind.read(address).as_ref(), Ok(recipient), "read again it is another");
    assert!(address.len() <= 256 && !address.chars().any(char::is_control));
    if *kind == AddressKind::Phone {
        let digits = address.strip_prefix('+').unwrap_or_default();
        assert!((2..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()));
        let hidden = recipient.masked().matches('•').count();
        assert!(hidden >= digits.len().saturating_sub(6), "{hidden} of {} digits are hidden", digits.len());
    }
    // Whatever it says, it says it without a panic.
    let _region = Region::of(address);
}

/// The same through the judgement of a method, as a member's field and as a bare address.
fn judged(text: &str) {
    let (Ok(method), Ok(channel)) = ("sms:code".parse::<Method>(), Channel::new("sms")) else { return };
    let addresses = [Address::phone(Some(channel.clone()), "mobile")];
    let carriers = [Carrier { id: "one", addresses: Some(&addresses) }];
    for person in [Person::To(To(text.to_owned())), Person::Member(Member::with_fields([("mobile", text)]))] {
        match judge(&method, &channel, &carriers, &person) {
            Ok(offer) => assert_eq!(offer.recipient.as_str(), text.trim()),
            Err(why) => assert!(!is_telling(text) || !why.detail.contains(text.trim())),
        }
        assert!(!text.starts_with("+44770090") || !format!("{person:?}").contains(text));
    }
}

/// Whether a text would be known again in a sentence: no words of the sentence's own.
fn is_telling(text: &str) -> bool {
    text.trim().len() >= 12 && !text.trim().contains(' ')
}
