//! Accepts connections, bounds each in number and time, and lets the last requests finish at the end.

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
};
use tower::ServiceExt as _;

/// What a listener puts up with.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Connections at once; the others wait in the kernel's queue.
    connections: usize,
    /// From accepting a connection, or from the last answer on it, to the end of the next request's head.
    head: Duration,
    /// From the wish to end to the end of the last request.
    grace: Duration,
}

const LIMITS: Limits =
    Limits { connections: 10_000, head: Duration::from_secs(10), grace: Duration::from_secs(30) };

/// The pause after a refused accept: the reason, mostly too many open files, does not pass at once.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves HTTP/1.1 and HTTP/2 without TLS until `shutdown` is ready, then takes no more connections and gives the
/// requests under way 30 seconds.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    serve_within(LIMITS, listener, router, shutdown).await;
}

async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let builder = builder(limits);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, _peer)) => {
                let connection = connection(&builder, stream, router.clone(), limits.head, &graceful);
                tokio::spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

fn builder(limits: Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(limits.head).max_concurrent_streams(200);
    builder
}

/// One connection, to its end. The builder's own time-outs begin only once it knows the protocol, so a connection
/// that never gets to its first request is ended here.
fn connection(
    builder: &auto::Builder<TokioExecutor>,
    stream: TcpStream,
    router: Router,
    head: Duration,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    // Answers are small: they are not to wait for more. Where that cannot be set they only take longer.
    let _set = stream.set_nodelay(true);
    let spoke = Arc::new(Notify::new());
    let service = service_fn({
        let spoke = Arc::clone(&spoke);
        move |request: Request<Incoming>| {
            spoke.notify_one();
            router.clone().oneshot(request.map(Body::new))
        }
    });
    let served = graceful.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
    async move {
        tokio::select! {
            served = served => {
                if let Err(error) = served {
                    tracing::debug!(error, "a connection broke off");
                }
            }
            () = silent(&spoke, head) => tracing::debug!("a connection never asked anything"),
        }
    }
}

/// Ends once nothing was asked in time.
async fn silent(spoke: &Notify, limit: Duration) {
    if tokio::time::timeout(limit, spoke.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        sync::oneshot,
    };

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

    async fn start(
        limits: Limits,
        router: Router,
    ) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let stopped = async {
                let _stopped = stopped.await;
            };
            serve_within(limits, listener, router, stopped).await;
        });
        (address, stop, server)
    }

    async fn ask(stream: &mut TcpStream, request: &[u8]) -> String {
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_request_is_answered_and_the_server_ends_when_it_is_told_to() {
        let (address, stop, server) = start(LIMITS, Router::new().route("/", get(async || "hello"))).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = ask(&mut stream, REQUEST).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
        stop.send(()).unwrap();
        server.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn the_request_under_way_is_finished_before_the_end() {
        let (asked, may_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (asked, may_go) = (Arc::clone(&asked), Arc::clone(&may_go));
            move || {
                let (asked, may_go) = (Arc::clone(&asked), Arc::clone(&may_go));
                async move {
                    asked.notify_one();
                    may_go.notified().await;
                    "done"
                }
            }
        };
        let (address, stop, server) = start(LIMITS, Router::new().route("/", get(handler))).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = tokio::spawn(async move { ask(&mut stream, REQUEST).await });
        asked.notified().await;
        stop.send(()).unwrap();
        may_go.notify_one();
        assert!(answer.await.unwrap().ends_with("done"));
        server.await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_asks_nothing_is_ended_and_frees_its_place() {
        let limits = Limits { connections: 1, head: Duration::from_millis(50), ..LIMITS };
        let (address, _stop, _server) = start(limits, Router::new().route("/", get(async || "hello"))).await;
        for half in [&b""[..], b"P", b"PRI * HTTP/2", b"GET / HTTP/1.1\r\nhost:"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let answer = ask(&mut stream, half).await;
            assert!(!answer.contains("hello"), "{answer}");
        }
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut stream, REQUEST).await.ends_with("hello"));
    }
}
