//! The door into a provider of this very process.

use super::{Door, Sample, Session};
use crate::{
    DeliveryError, HttpResponse, Manifest, OpenAnswer, Provider,
    abi::{InstanceBox, Reply, frame},
    glue::{self, Facts},
    testing::{
        FakeHost,
        block_on::{block_on, poll_and_drop},
        harness::{self, PATIENCE},
    },
};
use serde_json::Value;
use std::marker::PhantomData;

/// A provider behind the glue, without a file.
pub(super) struct Native<P> {
    facts: Facts,
    http: Option<HttpResponse>,
    provider: PhantomData<P>,
}

impl<P: Provider> Native<P> {
    pub(super) fn new(facts: Facts, sample: &Sample) -> Self {
        Self { facts, http: sample.http.clone().map(Into::into), provider: PhantomData }
    }
}

impl<P: Provider> Door for Native<P> {
    fn manifest(&self) -> Result<Manifest, String> {
        let bytes = glue::describe::<P>(&self.facts);
        let (manifest, _) = frame::decode(&bytes).map_err(|cause| cause.to_string())?;
        Ok(manifest)
    }

    fn open(&self, config: &Value) -> Result<(OpenAnswer, Box<dyn Session>), DeliveryError> {
        let host = match self.http.clone() {
            Some(response) => FakeHost::new().always(response),
            None => FakeHost::new(),
        };
        let (answer, instance) = harness::open::<P>(self.facts, &host, config)?;
        Ok((answer, Box::new(NativeSession(instance))))
    }
}

struct NativeSession(InstanceBox);

impl Session for NativeSession {
    fn call(&self, op: u32, request: Vec<u8>) -> Reply {
        block_on(self.0.call(op, request.into()), PATIENCE)
            .unwrap_or_else(|| Reply::Panicked(frame::encode(&harness::silent(), &[])))
    }

    fn call_and_drop(&self, op: u32, request: Vec<u8>) {
        poll_and_drop(self.0.call(op, request.into()));
    }
}
