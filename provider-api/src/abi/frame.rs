//! How a message is laid out: a length, a JSON head, a raw blob.

use abi_stable::std_types::RVec;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// The bytes are no frame, or its head is not what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidFrame(String);

impl fmt::Display for InvalidFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidFrame {}

/// Lays out `[u32 little-endian length of the head][head as JSON][blob]`.
///
/// A head that cannot be written as JSON becomes `null`: none of our own types can fail.
pub fn encode<T: Serialize>(head: &T, blob: &[u8]) -> RVec<u8> {
    let mut bytes = Vec::with_capacity(256 + blob.len());
    bytes.extend_from_slice(&[0; 4]);
    if serde_json::to_writer(&mut bytes, head).is_err() {
        bytes.truncate(4);
        bytes.extend_from_slice(b"null");
    }
    let length = u32::try_from(bytes.len() - 4).unwrap_or(u32::MAX);
    if let Some(prefix) = bytes.first_chunk_mut::<4>() {
        *prefix = length.to_le_bytes();
    }
    bytes.extend_from_slice(blob);
    bytes.into()
}

/// Takes a frame apart into its head and its blob.
///
/// # Errors
///
/// When the bytes end before the head does.
pub fn split(frame: &[u8]) -> Result<(&[u8], &[u8]), InvalidFrame> {
    let (length, rest) =
        frame.split_first_chunk::<4>().ok_or_else(|| InvalidFrame("the frame is too short".into()))?;
    let length = u32::from_le_bytes(*length) as usize;
    rest.split_at_checked(length)
        .ok_or_else(|| InvalidFrame(format!("the head has {length} bytes of {}", rest.len())))
}

/// Reads the head of a frame; also gives its blob.
///
/// # Errors
///
/// When the bytes are no frame, or the head is no `T`. The words say where, never what stood there.
pub fn decode<T: DeserializeOwned>(frame: &[u8]) -> Result<(T, &[u8]), InvalidFrame> {
    let (head, blob) = split(frame)?;
    let value = serde_json::from_slice(head).map_err(|cause| InvalidFrame(without_values(&cause)))?;
    Ok((value, blob))
}

/// serde_json quotes the value it did not expect, and that may be a secret: only class and place are kept, and the
/// name of a key that is missing.
fn without_values(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    let what = match cause.classify() {
        serde_json::error::Category::Data if text.starts_with("missing field") => {
            text.split(" at line").next().unwrap_or("missing field")
        }
        serde_json::error::Category::Data => "a value has the wrong type",
        _ => "not JSON",
    };
    format!("{what} (column {})", cause.column())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_error_never_quotes_the_value() {
        let frame = encode(&"hunter2", b"");
        let error = decode::<u32>(&frame).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }

    proptest! {
        #[test]
        fn a_frame_comes_back_as_it_was(text: String, blob: Vec<u8>) {
            let frame = encode(&text, &blob);
            let (head, rest) = decode::<String>(&frame).unwrap();
            prop_assert_eq!((head, rest), (text, blob.as_slice()));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let _answer = decode::<serde_json::Value>(&bytes);
        }
    }
}
