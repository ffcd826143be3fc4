//! A library called straight through its ABI: no lane, no thread, no process.

use abi_stable::{
    library::lib_header_from_path,
    sabi_trait::TD_Opaque,
    std_types::{RArc, RSlice, RVec},
};
use async_ffi::{FfiFuture, FutureExt};
use provider_api::{
    Message, Receipt,
    abi::{FfiHost, FfiHost_TO, InstanceBox, OpenReply, ProviderModRef, Reply, frame, ops},
    testing::json,
};
use std::path::Path;

/// An opened provider.
pub(crate) struct Direct(InstanceBox);

impl Direct {
    pub(crate) fn load(file: &Path) -> Self {
        let header = lib_header_from_path(file).unwrap();
        let module = header.init_root_module::<ProviderModRef>().unwrap();
        let host = FfiHost_TO::from_ptr(RArc::new(Nobody), TD_Opaque);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        match runtime.block_on(module.open()(host, frame::encode(&json!({}), &[]))) {
            OpenReply::Ok(opened) => Self(opened.instance),
            OpenReply::Err(error) => unreachable!("{:?}", String::from_utf8_lossy(&error)),
        }
    }

    pub(crate) async fn deliver(&self, message: &Message) -> Receipt {
        let Reply::Ok(reply) = self.0.call(ops::DELIVER, frame::encode(message, &[])).await else {
            unreachable!("chaos takes messages for `ok`")
        };
        frame::decode(&reply).unwrap().0
    }
}

/// A host that offers nothing and hears nothing.
#[derive(Clone)]
struct Nobody;

impl FfiHost for Nobody {
    fn call(&self, _: u32, _: RVec<u8>) -> FfiFuture<Reply> {
        std::future::ready(Reply::UnknownOp).into_ffi()
    }

    fn query(&self, question: u32, _: u64) -> u64 {
        u64::from(question == ops::QUERY_MAX_LEVEL)
    }

    fn callsite(&self, _: RSlice<'_, u8>) -> u64 {
        0
    }

    fn trace(&self, _: u32, _: u64, _: u64, _: RSlice<'_, u8>) -> u64 {
        0
    }
}
