//! A record in memory: what it says, by what it is found, and until when it is kept.

use super::view::Labels;
use serde::{Serialize, de::DeserializeOwned};
use std::{any::Any, fmt, sync::OnceLock};

/// What a record may be read as.
pub trait Readable: DeserializeOwned + Clone + Send + Sync + 'static {}

impl<T: DeserializeOwned + Clone + Send + Sync + 'static> Readable for T {}

/// A record; what it says is in JSON.
pub(super) struct Record {
    pub(super) json: Box<[u8]>,
    pub(super) labels: Labels,
    /// What the JSON form says, once somebody has read it.
    said: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Record {
    /// One that was kept in this form.
    pub(super) fn kept(json: &[u8], labels: Labels) -> Self {
        Self { json: json.into(), labels, said: OnceLock::new() }
    }

    /// One that is to be kept.
    pub(super) fn written<T: Serialize>(said: &T, labels: Labels) -> Result<Self, serde_json::Error> {
        Ok(Self { json: serde_json::to_vec(said)?.into(), labels, said: OnceLock::new() })
    }

    /// One that is to be kept, of which nothing is lost in its JSON form.
    pub(super) fn written_whole<T: Serialize + Readable>(
        said: &T,
        labels: Labels,
    ) -> Result<Self, serde_json::Error> {
        let record = Self::written(said, labels)?;
        // It is new, so nothing is there yet.
        let _set = record.said.set(Box::new(said.clone()));
        Ok(record)
    }

    /// What it says; the JSON form is read once.
    pub(super) fn read<T: Readable>(&self) -> Result<T, serde_json::Error> {
        if let Some(said) = self.said.get().and_then(|said| said.downcast_ref::<T>()) {
            return Ok(said.clone());
        }
        let said: T = serde_json::from_slice(&self.json)?;
        // Somebody may have read it as something else.
        let _set = self.said.set(Box::new(said.clone()));
        Ok(said)
    }
}

/// What a record says may be anything.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("labels", &self.labels).finish_non_exhaustive()
    }
}
