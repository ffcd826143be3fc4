//! What a provider is handed.

use crate::{
    clock::after,
    delivery::Delivery,
    seal::Code,
    template::{Occasion, Said, Templates},
    verification::Verification,
};
use jiff::Timestamp;
use provider_api::{Message, Payload};

/// Writes the message of a delivery. Its id is the same for every provider that is asked; its deadline is set by the lane.
pub(super) fn write(
    verification: &Verification,
    delivery: &Delivery,
    code: &Code,
    templates: &Templates,
    now: Timestamp,
) -> Message {
    let said = templates.say(&Occasion {
        application: Some(&verification.application),
        provider: &delivery.provider,
        channel: &delivery.channel,
        recipient: &delivery.recipient,
        purpose: &verification.purpose,
        locale: verification.locale.as_deref(),
        member_name: verification.member_name.as_ref(),
        payment: verification.payment.as_ref(),
        wording: Some(&verification.wording),
        code: code.expose(),
        expires_in: verification.time_left(now),
    });
    let Said { text, subject, html, locale, passed_over } = said;
    if let Some(wrong) = passed_over {
        tracing::error!(
            delivery.id = %delivery.id, provider.id = %delivery.provider, application.id = %verification.application,
            purpose = %verification.purpose, reason = %wrong, "a text cannot be rendered: the built-in one took its place"
        );
    }
    let (channel, recipient) = (delivery.channel.clone(), delivery.recipient.clone());
    let payload = Payload::code(code.expose());
    let mut message = Message::new(delivery.message.as_str(), channel, recipient, payload, text);
    message.delivery_id = delivery.id.to_string();
    (message.subject, message.html, message.locale) = (subject, html, locale);
    message.purpose.clone_from(&verification.purpose);
    message.expires_at_ms = verification.expires_at.as_millisecond();
    message.repeated = delivery.repeated;
    message.sender.clone_from(&verification.wording.sender);
    message
}

/// Writes a message that is sent by hand, outside of any verification.
pub fn by_hand(occasion: &Occasion<'_>, said: Said, now: Timestamp) -> Message {
    // No verification stands behind it, so its name says that it was sent by hand.
    let id = format!("man_{}", now.as_millisecond());
    let (channel, recipient) = (occasion.channel.clone(), occasion.recipient.clone());
    let payload = Payload::code(occasion.code);
    let mut message = Message::new(id.clone(), channel, recipient, payload, said.text);
    message.delivery_id = id;
    (message.subject, message.html, message.locale) = (said.subject, said.html, said.locale);
    occasion.purpose.clone_into(&mut message.purpose);
    message.expires_at_ms = after(now, occasion.expires_in).as_millisecond();
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::millis,
        delivery::tests::delivery,
        seal::{Chance, Keys},
        template::{Layer, Part, Site, Template, Text},
        verification::tests::{policy, verification},
    };

    #[test]
    fn a_message_says_all_that_a_provider_needs() {
        let mut verification = verification(policy(), millis(1_000));
        let mut delivery = delivery("one", &[]);
        delivery.repeated = true;
        let keys = Keys::ephemeral(&Chance::seeded(1)).unwrap();
        keys.newest().id().clone_into(&mut verification.key);
        let code = verification.code(&keys, 0).unwrap();
        let site = Site { name: "Example".to_owned(), ..Site::default() };
        let mut templates = Templates { site: site.clone(), ..Templates::default() };
        let message = write(&verification, &delivery, &code, &templates, millis(1_000));
        assert_eq!(message.text, format!("{} is your Example code.", code.expose()));
        assert_eq!(message.payload.expose(), code.expose());
        assert_eq!(
            (message.id.as_str(), message.delivery_id.as_str()),
            (delivery.id.as_str(), delivery.id.as_str())
        );
        assert_eq!((message.expires_at_ms, message.deadline_ms), (601_000, 0));
        assert_eq!((message.locale.as_deref(), message.subject, message.html), (Some("en"), None, None));
        assert!(message.repeated && !message.test);

        // J33, J36: the operator's own text, and what is left of the code's life.
        let text = "{payload} for {member_name}, {expiry_minutes} min";
        let own = Template::new(text, Part::Text, &site).unwrap();
        let mut layer = Layer::default();
        layer.add(None, "generic", Text { text: own, subject: None, html: None });
        templates.providers.insert("one".to_owned(), layer);
        let message = write(&verification, &delivery, &code, &templates, millis(241_000));
        assert_eq!(message.text, format!("{} for Ada, 6 min", code.expose()));
        assert_eq!(message.locale, None);
    }

    #[test]
    fn what_a_member_is_called_is_not_shown_by_debug() {
        let verification = verification(policy(), millis(1_000));
        assert_eq!(verification.member_name.as_ref().unwrap().as_str(), "Ada");
        assert!(!format!("{verification:?}").contains("Ada"));
    }
}
