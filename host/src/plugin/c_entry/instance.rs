//! An opened provider in C as the object that every provider is.

use super::{
    services::Services,
    table::{Opaque, Table},
};
use abi_stable::std_types::RVec;
use async_ffi::{FfiFuture, FutureExt};
use provider_api::{
    DeliveryError,
    abi::{FfiInstance, Reply, frame, ops},
};
use tokio::sync::oneshot;

/// The provider. It is never freed by the host: `close` is its last call.
#[derive(Clone, Copy)]
pub(super) struct Instance {
    pub(super) table: Table,
    pub(super) provider: Opaque,
    pub(super) services: &'static Services,
}

impl FfiInstance for Instance {
    fn call(&self, op: u32, request: RVec<u8>) -> FfiFuture<Reply> {
        let instance = *self;
        if op == ops::SET_MAX_LEVEL {
            return std::future::ready(self.services.set_level(&request)).into_ffi();
        }
        // The library is asked when the future is polled first, so that a call that nobody waits for is none.
        async move {
            let Ok((head, body)) = frame::split(&request) else {
                let error = DeliveryError::broken("the host's request is unreadable");
                return Reply::Err(frame::encode(&error, &[]));
            };
            let (call, answer) = instance.services.calls.begin();
            let mut under_way = UnderWay { instance, call };
            instance.table.call(instance.provider, call, op, head, body);
            under_way.answered(answer).await
        }
        .into_ffi()
    }
}

/// A call that was not answered yet: dropped, the library is told that nobody waits.
struct UnderWay {
    instance: Instance,
    call: u64,
}

impl UnderWay {
    async fn answered(&mut self, answer: oneshot::Receiver<Reply>) -> Reply {
        // Its sender is kept until it was used or this is dropped.
        answer.await.unwrap_or(Reply::UnknownOp)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Instance { table, provider, services } = self.instance;
        if services.calls.forget(self.call) {
            table.cancel(provider, self.call);
        }
    }
}
