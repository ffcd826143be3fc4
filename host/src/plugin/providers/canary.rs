//! Another file of a provider's library that has a share of its deliveries: how it is, and how a list shows it.

use super::{super::Tally, ProviderEvent, version::Version};
use crate::plugin::{Libraries, LibraryInfo, settings};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// What is to be a provider's canary, as far as the configuration and the folders say.
#[derive(Debug)]
pub(super) enum Wanted {
    /// A file that is to be opened beside the provider's own.
    File(Box<LibraryInfo>),
    /// There is none.
    Absent(Absence),
}

/// Why a provider that is to have a canary runs alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Absence {
    pub(super) state: CanaryState,
    pub(super) reason: String,
}

/// Why nothing is shared once the canary is what the provider runs.
const PROMOTED: &str = "the provider itself runs this file: nothing is shared, and `canary` can go";

/// A provider's canary.
#[derive(Debug, Clone)]
pub(super) enum Beside {
    /// Opened, or not and why.
    Version(Arc<Version>),
    /// There is none to be opened.
    Absent(Absence),
}

/// How a canary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CanaryState {
    /// It has its share.
    Ready,
    /// It is left alone until a time: its provider has all deliveries.
    Resting,
    /// It could not be opened: its provider has all deliveries.
    Failed,
    /// No file with its hash is in the folders, or that file was refused.
    Waiting,
    /// Its file is what the provider itself runs.
    Promoted,
}

/// Another file of a provider's library that has a share of its deliveries.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Canary")]
pub struct CanaryStatus {
    /// The SHA-256 of its file.
    pub sha256: String,
    /// Of a hundred deliveries so many go through it.
    pub weight: u8,
    /// Its version, where there is such a file.
    pub version: Option<String>,
    /// The id of the minisign key that signed it, where signatures are asked for.
    pub signed_by: Option<String>,
    /// Since when it is opened, or not.
    pub since: Option<Timestamp>,
    /// `ready`, `resting`, `failed`, `waiting` or `promoted`.
    pub state: CanaryState,
    /// Why it is so, where there is a reason.
    pub reason: Option<String>,
    /// What became of its deliveries since it was opened; nothing where it is not open.
    pub deliveries: Option<Tally>,
    /// What happened to it, the newest last: at most ten.
    pub events: Vec<ProviderEvent>,
    /// The word for why it is left alone, if it is.
    #[serde(skip)]
    pub rest: Option<&'static str>,
}

impl CanaryStatus {
    /// Why its provider has all deliveries, if it has.
    pub fn why_idle(&self) -> Option<&str> {
        self.reason.as_deref().filter(|_| self.state != CanaryState::Ready)
    }
}

impl Wanted {
    /// What these folders have for it.
    pub(super) fn of(canary: &settings::Canary, library: &str, libraries: &Libraries) -> Self {
        let absent = |state, reason| Self::Absent(Absence { state, reason });
        if let Some(info) = libraries.canary(library, &canary.sha256) {
            return Self::File(Box::new(info.clone()));
        }
        match libraries.by_id(library) {
            Some(info) if info.sha256 == canary.sha256 => absent(CanaryState::Promoted, PROMOTED.to_owned()),
            _ => absent(CanaryState::Waiting, libraries.why_no_canary(&canary.sha256)),
        }
    }
}

impl Beside {
    pub(super) fn version(&self) -> Option<&Arc<Version>> {
        if let Self::Version(version) = self { Some(version) } else { None }
    }

    pub(super) fn status(&self, canary: &settings::Canary) -> CanaryStatus {
        let (sha256, weight) = (canary.sha256.clone(), canary.weight);
        match self {
            Self::Absent(Absence { state, reason }) => CanaryStatus {
                sha256,
                weight,
                version: None,
                signed_by: None,
                since: None,
                state: *state,
                reason: Some(reason.clone()),
                deliveries: None,
                events: Vec::new(),
                rest: None,
            },
            Self::Version(version) => {
                let (state, reason) = match &version.lane {
                    Ok(lane) => lane.resting().map_or_else(
                        || (CanaryState::Ready, version.record.apart()),
                        |(why, until)| (CanaryState::Resting, Some(format!("{why}; until {until}"))),
                    ),
                    Err(reason) => (CanaryState::Failed, Some(reason.clone())),
                };
                let info = version.info.as_ref();
                let lane = version.lane.as_ref().ok();
                CanaryStatus {
                    sha256,
                    weight,
                    version: info.map(|info| info.manifest.version.clone()),
                    signed_by: info.and_then(|info| info.signer).map(|key| key.to_string()),
                    since: Some(version.since),
                    state,
                    reason,
                    deliveries: lane.map(|lane| lane.tally()),
                    events: version.record.events(),
                    rest: lane.and_then(|lane| lane.rest()),
                }
            }
        }
    }
}
