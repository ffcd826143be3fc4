//! Texts of the operator on their way to Twilio: in the member's language, counted in parts.

use super::{ADA, BOTH, provider, started, stop};
use harness::Twilio;
use serde_json::json;

/// A language with a text of its own, and what it costs: its parts, and the alphabet that decides how much fits into one.
const TEXTS: [(&str, &str, usize, u32, &str); 8] = [
    // The code and so many of these: 160 septets fit into one part, 153 into each of several.
    ("de", "a", 154, 1, "GSM-7"),
    ("nl", "a", 155, 2, "GSM-7"),
    ("it", "a", 301, 3, "GSM-7"),
    // Two septets each.
    ("fr", "€", 77, 1, "GSM-7"),
    ("es", "€", 78, 2, "GSM-7"),
    // One letter outside of GSM-7: 70 units fit into one part, 67 into each of several.
    ("pt", "ç", 64, 1, "UCS-2"),
    ("pl", "ł", 65, 2, "UCS-2"),
    // Two units each.
    ("ja", "😀", 65, 3, "UCS-2"),
];

/// L14, S10, X5, X26: the text of the member's language goes to Twilio whole, and the receipt says what it costs: by
/// Twilio's count where it has one, else by ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_by_language_is_counted_in_parts() {
    let templates = TEXTS.map(|(language, letter, count, ..)| {
        let text = letter.repeat(count);
        format!("[providers.sms_twilio.templates.locales.{language}]\ngeneric = \"{{payload}}{text}\"\n")
    });
    let templates = templates.concat();
    let service = format!("from = \"MG{}\"", "0b".repeat(16));
    for (isolation, from) in BOTH.into_iter().zip(["", service.as_str()]) {
        let twilio = Twilio::start().await;
        let world =
            started(&format!("{}{templates}", provider("sms_twilio", isolation, &twilio, from))).await;
        for (place, (language, letter, count, parts, encoding)) in TEXTS.into_iter().enumerate() {
            let number = format!("+4477009005{place:02}");
            let member = json!({ "locale": language, "fields": { "mobile": number } });
            let start = world.begin(&json!({ "member": member })).await;
            let [delivery] = world.deliveries(&start.path()).await.try_into().unwrap();
            assert_eq!(
                (&delivery["segments"], &delivery["encoding"]),
                (&json!(parts), &json!(encoding)),
                "{language} {from}"
            );
            let sent = twilio.posted().pop().unwrap();
            let (code, text) = sent.form.get("Body").unwrap().split_at(6);
            assert_eq!(text, letter.repeat(count), "{language}");
            world.keeps_secret(code);
            world.keeps_secret(&number);
            assert_eq!(world.check(&start.path(), code).await.body["status"], "approved");
        }
        stop(world, &twilio).await;
    }
}

/// X5: who says no language is written to in that of the number's country.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_without_a_language_is_written_to_in_its_countrys() {
    let twilio = Twilio::start().await;
    let world = started(&provider("sms_twilio", "process", &twilio, "")).await;
    for (number, text) in [
        ("+4915123456789", "ist Ihr Code für Example."),
        ("+33612345678", "est votre code Example."),
        (ADA, "is your Example code."),
    ] {
        world.begin(&json!({ "to": number })).await;
        let sent = twilio.posted().pop().unwrap();
        assert_eq!(sent.form.get("To"), Some(number));
        assert_eq!(sent.form.get("Body").unwrap().split_once(' ').unwrap().1, text);
    }
    stop(world, &twilio).await;
}
