//! Secrets of authenticator apps, and what else strangers say of them.

use crate::{
    factor::{Details, FactorName, Identity, Metadata},
    seal::{CodeHash, SharedSecret},
};

/// A secret that is read is written as it is read again, has the codes of what it says, and is never printed.
pub(super) fn said(text: &str) {
    if let Ok(secret) = SharedSecret::read(text) {
        let written = secret.expose();
        assert_eq!(SharedSecret::read(&written).as_ref(), Ok(&secret), "it is read as it is written");
        assert_eq!(format!("{secret:?}"), "SharedSecret(***)");
        for (digits, (_, hash)) in (3..=8).zip(CodeHash::NAMED.into_iter().cycle()) {
            let code = secret.code(hash, u64::from(digits), digits);
            assert!(code.expose().len() == usize::from(digits), "a code has its digits");
            assert!(code.expose().bytes().all(|byte| byte.is_ascii_digit()), "a code is digits");
        }
    }
    if let Ok(identity) = Identity::try_from(text.to_owned()) {
        assert!((8..=64).contains(&identity.as_str().len()), "an identity is short");
    }
    if let Ok(name) = FactorName::try_from(text.to_owned()) {
        assert!(!name.as_str().chars().any(char::is_control), "a name steers no terminal");
    }
    if let Ok(metadata) = Metadata::read(text) {
        assert!(metadata.texts().values().all(serde_json::Value::is_string), "metadata is texts");
    }
    if let Ok(Some(details)) = Details::read(Some(text), text.lines()) {
        assert!(details.fields.len() <= 20, "details are few");
    }
}
