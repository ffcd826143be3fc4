//! Takes secrets out of a stranger's words before they reach a log or an answer.

/// The most characters that are kept.
const LONGEST: usize = 500;

/// The text with each secret hidden, with or without its leading `+`, without control characters, cut to 500 characters.
pub fn redacted(text: &str, secrets: &[&str]) -> String {
    // Control characters first: what stands apart only by one of them would join.
    let mut text: String = text.chars().filter(|c| !c.is_control()).collect();
    for secret in
        secrets.iter().map(|secret| secret.trim_start_matches('+')).filter(|secret| !secret.is_empty())
    {
        text = text.replace(secret, "•••");
    }
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secrets_and_control_characters_are_gone() {
        for (text, kept) in [
            ("all is well", "all is well"),
            ("cannot send 123456 to +447700900123", "cannot send ••• to +•••"),
            ("to=447700900123\r\nx", "to=•••x"),
            ("123\u{0}456", "•••"),
            ("12345", "12345"),
        ] {
            assert_eq!(redacted(text, &["123456", "+447700900123", ""]), kept);
        }
        assert_eq!(redacted(&"x".repeat(2 * LONGEST), &[]).len(), LONGEST);
    }

    proptest! {
        #[test]
        fn whatever_is_said_the_secret_is_not_in_it(before in "\\PC{0,20}", secret in "[0-9]{6}", after in "\\PC{0,20}") {
            let said = [before, secret.clone(), after].concat();
            prop_assert!(!redacted(&said, &[&secret]).contains(&secret));
        }
    }
}
