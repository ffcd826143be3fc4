//! Guesses which word was meant.

/// The known word that is nearest to one that was written, if it is near enough to be a slip.
pub(super) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = written.to_lowercase();
    let slips = 1 + written.chars().count() / 4;
    known
        .into_iter()
        .map(|word| (distance(&lower, word), word))
        .filter(|(distance, word)| *distance <= slips && *distance < word.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The known word that was surely meant, where other words may be right too: the same but for `_`, `-` and case, with
/// letters in another order, or with one letter wrong, two in a long word.
pub(super) fn slip<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |word: &str| word.to_lowercase().replace(['_', '-'], "");
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let typed = letters(written);
    let slips = if typed.chars().count() < 12 { 1 } else { 2 };
    known.into_iter().filter(|word| *word != written).find(|word| {
        let word = letters(word);
        distance(&typed, &word) <= slips || sorted(&typed) == sorted(&word)
    })
}

/// A hint that asks for the nearest word or else names all of them.
pub(super) fn hint(written: &str, known: &[&str]) -> Option<String> {
    match nearest(written, known.iter().copied()) {
        Some(word) => Some(format!("did you mean `{word}`?")),
        None => (!known.is_empty()).then(|| format!("known here: {}", listed(known))),
    }
}

/// Words for people: `` `a`, `b` ``.
pub(super) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// How many letters must be put in, left out or changed (Levenshtein), for words of up to 64 letters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(64).enumerate() {
        let (mut diagonal, mut left) = (i, i + 1);
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let above = *cell;
            *cell = (above + 1).min(left + 1).min(diagonal + usize::from(from != *to));
            (diagonal, left) = (above, *cell);
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_finds_the_word_that_was_meant() {
        let known = ["length", "lifetime", "checks", "sends", "to"];
        for (written, meant) in [
            ("chekcs", Some("checks")),
            ("Length", Some("length")),
            ("lifetme", Some("lifetime")),
            ("send", Some("sends")),
            ("xy", None),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }

    #[test]
    fn a_word_of_ones_own_is_no_slip() {
        let known = ["sign_in", "register", "bind_mfa", "user_permission_validation", "locales"];
        for (written, meant) in [
            ("signin", Some("sign_in")),
            ("Sign-In", Some("sign_in")),
            ("sing_in", Some("sign_in")),
            ("registr", Some("register")),
            ("user_permision_validaton", Some("user_permission_validation")),
            ("locale", Some("locales")),
            ("sign_in", None),
            ("sign_up", None),
            ("bind_sms", None),
            ("payout", None),
            ("", None),
        ] {
            assert_eq!(slip(written, known), meant, "{written}");
        }
    }

    #[test]
    fn the_distance_of_two_words_counts_letters() {
        for (a, b, letters) in [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2)] {
            assert_eq!(distance(a, b), letters);
            assert_eq!(distance(b, a), letters);
        }
    }
}
