//! Sealed records as somebody else wrote them into the store.

use crate::seal::{Chance, Keys, Sealed};
use std::sync::OnceLock;

const CLEAR: &[u8] = b"+447700900123";

/// Nothing but what was sealed is ever opened, and nothing of it is printed.
pub(super) fn sealed(bytes: &[u8]) {
    static KEYS: OnceLock<(Keys, Chance)> = OnceLock::new();
    let (keys, chance) = KEYS.get_or_init(|| {
        let chance = Chance::seeded(7);
        let keys = Keys::ephemeral(&chance);
        assert!(keys.is_some(), "chance makes keys");
        keys.map(|keys| (keys, chance)).into_iter().next().unwrap_or_else(|| std::process::abort())
    });
    let stranger = Sealed::from_bytes(bytes.to_vec());
    // A fuzzer that looks into our memory may send what we sealed: then it is that.
    if let Ok(clear) = keys.open("member/1", &stranger) {
        assert_eq!(clear.as_slice(), CLEAR, "it was not sealed here");
    }
    assert_eq!(format!("{stranger:?}"), "Sealed(***)");
    let json = serde_json::to_string(&stranger).unwrap_or_default();
    assert_eq!(serde_json::from_str::<Sealed>(&json).ok().as_ref(), Some(&stranger), "it is kept as it was");
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(read) = Sealed::try_from(text.to_owned())
    {
        assert_eq!(String::from(read), text.to_lowercase(), "a text has one meaning");
    }
    damaged(keys, chance, bytes);
}

/// What is sealed here and then changed by these bytes is not opened; unchanged, it is.
fn damaged(keys: &Keys, chance: &Chance, change: &[u8]) {
    let sealed = keys.seal("member/1", CLEAR, chance);
    let mut bytes = sealed.as_bytes().to_vec();
    for (byte, change) in bytes.iter_mut().zip(change) {
        *byte ^= change;
    }
    let same = bytes == sealed.as_bytes();
    let opened = keys.open("member/1", &Sealed::from_bytes(bytes));
    assert_eq!(opened.is_ok_and(|clear| clear.as_slice() == CLEAR), same, "a changed byte went unseen");
    assert!(keys.open("member/2", &sealed).is_err(), "it was moved");
}
