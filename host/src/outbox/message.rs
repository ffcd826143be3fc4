//! What a provider is handed.

use crate::{
    application::Site,
    delivery::Delivery,
    seal::Code,
    template::{GENERIC, render},
    verification::Verification,
};
use provider_api::{Message, Payload};

/// Writes the message of a delivery. Its id is the same for every provider that is asked; its deadline is set by the lane.
pub(super) fn write(verification: &Verification, delivery: &Delivery, code: &Code, site: &Site) -> Message {
    let text = render(GENERIC, &[("payload", code.expose()), ("site_name", &site.name)]);
    let (channel, recipient) = (delivery.channel.clone(), delivery.recipient.clone());
    let payload = Payload::code(code.expose());
    let mut message = Message::new(delivery.message.as_str(), channel, recipient, payload, text);
    message.delivery_id = delivery.id.to_string();
    message.locale.clone_from(&verification.locale);
    message.purpose.clone_from(&verification.purpose);
    message.expires_at_ms = verification.expires_at.as_millisecond();
    message.repeated = delivery.repeated;
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::millis,
        delivery::tests::delivery,
        seal::{Chance, Keys},
        verification::tests::{policy, verification},
    };

    #[test]
    fn a_message_says_all_that_a_provider_needs() {
        let verification = verification(policy(), millis(1_000));
        let mut delivery = delivery("one", &[]);
        delivery.repeated = true;
        let keys = Keys::ephemeral(&Chance::seeded(1)).unwrap();
        let code = verification.code(keys.newest(), 0);
        let site = Site { name: "Example".to_owned(), support_email: String::new() };
        let message = write(&verification, &delivery, &code, &site);
        assert_eq!(message.text, format!("{} is your Example code.", code.expose()));
        assert_eq!(message.payload.expose(), code.expose());
        assert_eq!(
            (message.id.as_str(), message.delivery_id.as_str()),
            (delivery.id.as_str(), delivery.id.as_str())
        );
        assert_eq!((message.expires_at_ms, message.deadline_ms), (601_000, 0));
        assert!(message.repeated && !message.test);
    }
}
