//! Accepts connections, bounds each in number and time, and lets the last requests finish at the end.

mod listener;
mod traffic;

pub use listener::Listener;

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Semaphore, watch},
};
use tower::ServiceExt as _;
use traffic::Traffic;

/// What a listener puts up with.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Connections at once; the others wait in the kernel's queue.
    connections: usize,
    /// From accepting a connection to the end of the first request's head; also from the wish to end a connection to
    /// its end, as long as no request is under way.
    head: Duration,
    /// From the last answer on a connection to the end of the next request's head: longer than the 60 seconds for
    /// which proxies keep connections, lest they ask on one that is just being closed.
    idle: Duration,
    /// From the wish to end to the end of the last request.
    grace: Duration,
}

const LIMITS: Limits = Limits {
    connections: 10_000,
    head: Duration::from_secs(10),
    idle: Duration::from_secs(75),
    grace: Duration::from_secs(30),
};

/// The most bytes of a request's head, and so of what a connection of HTTP/1 holds of what a stranger sends.
const LARGEST_HEAD: usize = 32 * 1024;

/// The same for HTTP/2.
const LARGEST_HEAD_2: u32 = 32 * 1024;

/// The pause after a refused accept: the reason, mostly too many open files, does not pass at once.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves HTTP/1.1 and HTTP/2 without TLS until `shutdown` is ready, then takes no more connections and gives the
/// requests under way 30 seconds.
pub async fn serve(listener: impl Listener, router: Router, shutdown: impl Future<Output = ()>) {
    serve_within(LIMITS, listener, router, shutdown).await;
}

async fn serve_within(
    limits: Limits,
    listener: impl Listener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(limits.connections));
    // Every connection holds a receiver, so the channel is closed when the last one has ended.
    let end = watch::Sender::new(());
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
            Ok(stream) => {
                let connection = connection(&builder, stream, router.clone(), limits, end.subscribe());
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
    end.send_replace(());
    if tokio::time::timeout(limits.grace, end.closed()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

/// The builder's own time-out for heads stays off: it knows HTTP/1 only, and that only once the protocol is known.
fn builder(limits: Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().header_read_timeout(None).max_buf_size(LARGEST_HEAD);
    // A peer that is gone without a word does not answer; one that is only silent does.
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.head)
        .max_concurrent_streams(200)
        .max_header_list_size(LARGEST_HEAD_2);
    builder
}

/// One connection, to its end: the peer's, the server's, or that of patience with one on which nothing is asked.
fn connection<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    builder: &auto::Builder<TokioExecutor>,
    stream: S,
    router: Router,
    limits: Limits,
    mut end: watch::Receiver<()>,
) -> impl Future<Output = ()> + Send + use<S> {
    let traffic = Traffic::none();
    let service = service_fn({
        let traffic = traffic.clone();
        move |request: Request<Incoming>| {
            let under_way = traffic.begin();
            let answer = router.clone().oneshot(request.map(Body::new));
            async move {
                let answer = answer.await;
                drop(under_way);
                answer
            }
        }
    });
    let served = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    async move {
        let mut served = pin!(served);
        tokio::select! {
            // First what the peer did: a request that came in time is one, however late this is looked at.
            biased;
            outcome = &mut served => return ended(outcome),
            () = traffic.ceases(limits.head, limits.idle) => tracing::debug!("nothing is asked on a connection"),
            _ = end.changed() => {}
        }
        // What is under way is still answered, and the peer is told to ask elsewhere. One that does not care is cut.
        served.as_mut().graceful_shutdown();
        tokio::select! {
            outcome = &mut served => ended(outcome),
            () = traffic.ceases(limits.head, limits.head) => tracing::debug!("a connection was cut"),
        }
    }
}

fn ended(outcome: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = outcome {
        tracing::debug!(error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
        sync::{Notify, oneshot},
    };

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    const KEPT: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    const BRIEF: Limits = Limits {
        connections: 1,
        head: Duration::from_millis(200),
        idle: Duration::from_millis(50),
        grace: LIMITS.grace,
    };

    fn hello() -> Router {
        Router::new().route("/", get(async || "hello"))
    }

    /// A router whose answer waits, and the two ends of the waiting: it was asked, it may answer.
    fn waiting() -> (Router, Arc<Notify>, Arc<Notify>) {
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
        (Router::new().route("/", get(handler)), asked, may_go)
    }

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
        let (address, stop, server) = start(LIMITS, hello()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = ask(&mut stream, REQUEST).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
        stop.send(()).unwrap();
        server.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn the_request_under_way_is_finished_before_the_end() {
        let (router, asked, may_go) = waiting();
        let (address, stop, server) = start(LIMITS, router).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = tokio::spawn(async move { ask(&mut stream, REQUEST).await });
        asked.notified().await;
        stop.send(()).unwrap();
        may_go.notify_one();
        assert!(answer.await.unwrap().ends_with("done"));
        server.await.unwrap();
    }

    #[tokio::test]
    async fn a_large_head_is_refused() {
        let (address, _stop, _server) = start(LIMITS, hello()).await;
        for (bytes, status) in [(24 * 1024, "200"), (40 * 1024, "431")] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let head =
                format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: {}\r\n\r\n", "x".repeat(bytes));
            // The server may hang up before it heard all.
            let _sent = stream.write_all(head.as_bytes()).await;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer[9..], status.as_bytes(), "{bytes}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_asks_nothing_is_ended_and_frees_its_place() {
        let (address, _stop, _server) = start(Limits { idle: LIMITS.idle, ..BRIEF }, hello()).await;
        for half in [&b""[..], b"P", b"PRI * HTTP/2", b"GET / HTTP/1.1\r\nhost:"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let answer = ask(&mut stream, half).await;
            assert!(!answer.contains("hello"), "{answer}");
        }
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut stream, REQUEST).await.ends_with("hello"));
    }

    #[tokio::test]
    async fn a_connection_on_which_nothing_more_is_asked_is_ended_and_frees_its_place() {
        let (address, _stop, _server) = start(Limits { head: LIMITS.head, ..BRIEF }, hello()).await;
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            assert!(ask(&mut stream, KEPT).await.ends_with("hello"));
        }
    }

    #[tokio::test]
    async fn half_a_second_request_does_not_keep_a_connection() {
        let (address, _stop, _server) = start(BRIEF, hello()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = ask(&mut stream, &[KEPT, b"GET / HT"].concat()).await;
        assert_eq!(answer.matches("hello").count(), 1, "{answer}");
    }

    /// Its peer answers every ping, so nothing but its silence tells it from one in use.
    #[tokio::test]
    async fn an_idle_connection_of_http_2_is_ended_and_frees_its_place() {
        let (address, _stop, _server) = start(Limits { head: LIMITS.head, ..BRIEF }, hello()).await;
        let pooled = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
        let answer = pooled.get(format!("http://{address}")).send().await.unwrap();
        assert_eq!(answer.version(), reqwest::Version::HTTP_2);
        assert_eq!(answer.text().await.unwrap(), "hello");
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut stream, REQUEST).await.ends_with("hello"));
    }

    /// The other connections are the clock: they are ended for their silence while the request is under way.
    #[tokio::test]
    async fn a_request_under_way_is_waited_for_however_long_it_takes() {
        let (router, asked, may_go) = waiting();
        let router = router.fallback(async || "tick");
        let (address, _stop, _server) =
            start(Limits { connections: 3, head: LIMITS.head, ..BRIEF }, router).await;
        for http_2 in [false, true] {
            let client = reqwest::Client::builder().no_proxy();
            let client = if http_2 { client.http2_prior_knowledge() } else { client }.build().unwrap();
            let answer = tokio::spawn(client.get(format!("http://{address}")).send());
            asked.notified().await;
            for _ in 0..3 {
                let mut other = TcpStream::connect(address).await.unwrap();
                let told = ask(&mut other, b"GET /clock HTTP/1.1\r\nhost: x\r\n\r\n").await;
                assert!(told.ends_with("tick"), "{told}");
            }
            may_go.notify_one();
            assert_eq!(answer.await.unwrap().unwrap().text().await.unwrap(), "done", "{http_2}");
        }
    }
}
