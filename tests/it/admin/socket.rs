//! The socket itself: its owner's alone, taken over from a dead server, never from a living one, gone at the end.

use super::{configuration, world};
use harness::{Console, World};
use reqwest::Method;
use rustix::process::Signal;
use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::UnixStream,
    },
};

const CONFIGURATION: &str =
    "[server]\nlisten = \"127.0.0.1:0\"\n[providers.dry_run.config]\noutbox = \"o.jsonl\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_is_its_owners_alone() {
    let world = world("thread", "").await;
    let found = fs::metadata(world.socket()).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    assert_eq!(world.ask(world.operate(Method::GET, "/v1/providers")).await.status, 200);
    world.stop().await;
}

/// What is an operator's alone does not exist for the others, and the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn each_listener_answers_its_own_routes_only() {
    let world = world("thread", "").await;
    for (method, path) in [(Method::GET, "/v1/providers"), (Method::POST, "/v1/providers/dry_run/tests")] {
        world.ask(world.request(method, path)).await.is_problem(404, "no-route");
    }
    for path in ["/", "/v1/verifications", "/v1/methods", "/healthz", "/v1/providers/dry_run"] {
        world.ask(world.operate(Method::GET, path)).await.is_problem(404, "no-route");
    }
    let wrong = world.ask(world.operate(Method::GET, "/v1/providers/dry_run/tests")).await;
    wrong.is_problem(405, "method-not-allowed");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_socket_where_the_configuration_says_off() {
    let text = format!("admin = \"off\"\n{}", configuration("thread", ""));
    let world = World::start(&text).await;
    assert!(!world.socket().exists());
    world.bare(Method::GET, "/healthz").send().await.unwrap();
    world.stop().await;
}

#[test]
fn a_socket_goes_with_its_server_and_one_of_a_killed_server_is_replaced() {
    let console = Console::configured(CONFIGURATION);
    let socket = console.file("passrelay-admin.sock");
    let killed = console.serve();
    killed.signal(Signal::KILL);
    killed.ended();
    assert!(socket.exists() && UnixStream::connect(&socket).is_err(), "a dead server leaves its name behind");
    let server = console.serve();
    UnixStream::connect(&socket).unwrap();
    assert_eq!(server.stop().0, Some(0));
    assert!(!socket.exists());
}

#[test]
fn a_second_server_is_told_whose_socket_it_is_and_takes_nothing_away() {
    let console = Console::configured(CONFIGURATION);
    let server = console.serve();
    console.run("serve").is_trouble(
        1,
        "the admin socket `passrelay-admin.sock` belongs to a running server",
        "end that server, or change `server.admin`",
    );
    UnixStream::connect(console.file("passrelay-admin.sock")).unwrap();
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_server_that_cannot_have_its_socket_does_not_start() {
    let console = Console::configured(CONFIGURATION);
    console.write("passrelay-admin.sock", "dear");
    console.run("serve").is_trouble(
        1,
        "the admin socket cannot be `passrelay-admin.sock`: something else stands there",
        "remove it, or change `server.admin`",
    );
    assert_eq!(console.read("passrelay-admin.sock"), "dear");
    console.write(
        "nowhere.toml",
        &CONFIGURATION.replace("[server]", "[server]\nadmin = \"unix:no/where.sock\""),
    );
    console.run("serve --config nowhere.toml").is_trouble(
        1,
        "cannot make the admin socket `no/where.sock`: No such file or directory",
        "change `server.admin`; \"off\" for none",
    );
}
