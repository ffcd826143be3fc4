//! A provider on tokio, called from threads that have no runtime.

use crate::{WithTokio, spawn};
use provider_api::{
    Channel, DeliveryError, Failure, Host, JsonSchema, Message, Payload, Provider, Receipt, Recipient,
    schemars,
    testing::{Harness, Sample, conforms, json},
};
use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Handle,
};

/// Longer than anything here takes; only ever waited for by a test that fails.
const LONG: Duration = Duration::from_secs(5);

/// Where a provider tells its test that something of it was dropped: by the name in its configuration.
static DROPS: Mutex<Vec<(String, Sender<&'static str>)>> = Mutex::new(Vec::new());

fn told_of(name: &str) -> Receiver<&'static str> {
    let (sender, receiver) = channel();
    DROPS.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), sender));
    receiver
}

fn tell(name: &str, what: &'static str) {
    let drops = DROPS.lock().unwrap_or_else(PoisonError::into_inner);
    for (_, sender) in drops.iter().filter(|(known, _)| known == name) {
        sender.send(what).unwrap();
    }
}

/// Tells when it is dropped, and whether it finds a runtime then.
struct Tells(String);

impl Drop for Tells {
    fn drop(&mut self) {
        tell(&self.0, if Handle::try_current().is_ok() { "dropped inside" } else { "dropped outside" });
    }
}

#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Who is told of drops.
    #[serde(default)]
    name: String,
}

struct OnTokio {
    name: String,
    _tells: Tells,
}

impl Provider for OnTokio {
    type Config = Config;

    async fn open(config: Config, _: Host) -> Result<Self, DeliveryError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(Self { _tells: Tells(config.name.clone()), name: config.name })
    }

    // No `async fn`: the runtime is already needed when the method is called.
    fn deliver(&self, message: Message) -> impl Future<Output = Result<Receipt, DeliveryError>> + Send {
        let timer = tokio::time::sleep(Duration::from_millis(1));
        async move {
            let tells = Tells(self.name.clone());
            match message.text.as_str() {
                "wait" => timer.await,
                "spawn and wait" => {
                    let task = spawn(async move {
                        std::future::pending::<()>().await;
                        drop(tells);
                    });
                    task.await.map_err(|_| DeliveryError::broken("the task ended"))?;
                }
                "panic" => panic!("on purpose"),
                text => echo(text).await.map_err(|cause| DeliveryError::unknown(cause.to_string()))?,
            }
            Ok(Receipt::new(message.id))
        }
    }
}

/// Sends a text over a socket and reads it back.
async fn echo(text: &str) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let (mut from, mut to) = stream.split();
        tokio::io::copy(&mut from, &mut to).await
    });
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert_eq!(answer, text);
    server.await.map_err(std::io::Error::other)?.map(drop)
}

fn open(name: &str) -> Harness<WithTokio<OnTokio>> {
    Harness::open(json!({ "name": name })).unwrap()
}

fn message(text: &str) -> Message {
    let sms = Channel::new("sms").unwrap();
    Message::new("m1", sms, Recipient::new("+447700900123"), Payload::code("493817"), text)
}

#[test]
fn timers_and_sockets_work_on_a_thread_without_a_runtime() {
    assert!(Handle::try_current().is_err());
    open("").deliver(&message("hello")).unwrap();
    assert!(Handle::try_current().is_err());
}

#[test]
fn they_work_on_many_threads_at_once() {
    let provider = open("");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| provider.deliver(&message("hello")).unwrap());
        }
    });
}

#[test]
fn an_abandoned_delivery_and_what_it_spawned_are_dropped_inside_the_runtime() {
    for text in ["wait", "spawn and wait"] {
        let told = told_of(text);
        let provider = open(text);
        assert!(provider.abandon(&message(text)));
        assert_eq!(told.recv_timeout(LONG), Ok("dropped inside"), "{text}");
        provider.deliver(&message("hello")).unwrap();
    }
}

#[test]
fn the_provider_is_dropped_inside_the_runtime() {
    let told = told_of("dropped");
    drop(open("dropped"));
    assert_eq!(told.recv_timeout(LONG), Ok("dropped inside"));
    assert_eq!(told.try_recv().ok(), None);
}

#[test]
fn a_task_ends_when_its_handle_is_dropped() {
    let told = told_of("task");
    let runtime = crate::runtime::handle().unwrap();
    let task = {
        let _inside = runtime.enter();
        spawn(async {
            let _tells = Tells("task".to_owned());
            tell("task", "running");
            std::future::pending::<()>().await;
        })
    };
    assert_eq!(told.recv_timeout(LONG), Ok("running"));
    drop(task);
    assert_eq!(told.recv_timeout(LONG), Ok("dropped inside"));
}

#[test]
fn a_panic_is_an_error_of_that_delivery_alone() {
    let provider = open("");
    let error = provider.deliver(&message("panic")).unwrap_err();
    assert_eq!(error.failure, Failure::Broken);
    assert!(error.text.contains("on purpose"), "{error}");
    provider.deliver(&message("hello")).unwrap();
}

#[test]
fn a_host_with_a_runtime_of_its_own_is_no_obstacle() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let provider = open("");
    runtime.block_on(async {
        // A runtime without timers: what works here works by the provider's own.
        provider.deliver(&message("hello")).unwrap();
    });
    let _inside = runtime.enter();
    drop(provider);
}

provider_api::export_provider!(WithTokio<OnTokio>, id = "on_tokio", channels = ["*"]);

#[test]
fn a_provider_on_tokio_conforms() {
    let sample = Sample::new(json!({}), message("493817 is your code."));
    conforms::<WithTokio<OnTokio>, _>(&sample).assert();
}
