//! What tells series of one metric apart: words of ours, ids of the configuration, patterns of routes; nothing else.

use prometheus_client::encoding::EncodeLabelSet;
use std::sync::Arc;

/// The program.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Build {
    pub(super) version: &'static str,
}

/// A start.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Started {
    pub(super) kind: &'static str,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Checked {
    pub(super) verdict: &'static str,
}

/// A problem, by the route that it was met on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Refused {
    pub(super) method: &'static str,
    pub(super) route: Arc<str>,
    pub(super) problem: Arc<str>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Requested {
    pub(super) method: &'static str,
    pub(super) route: Arc<str>,
    pub(super) status: &'static str,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Delivered {
    pub(super) provider: Arc<str>,
    pub(super) outcome: &'static str,
    pub(super) failure: &'static str,
}

/// Who was handed a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Handed {
    pub(super) provider: Arc<str>,
}

/// A provider that is open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Open {
    pub(super) provider: Arc<str>,
}

/// A state that a provider may be in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct State {
    pub(super) provider: Arc<str>,
    pub(super) state: &'static str,
}
