//! `passrelay check`: every mistake at once, and what is wrong but stops nothing.

use super::{CONFIGURATION, with_a_broken_library};
use harness::Console;
use serde_json::json;

/// J28, J41, J59: a library that was dropped in is found, and its provider enabled and configured by its own keys.
#[test]
fn a_good_configuration_is_ok() {
    let console = Console::configured(CONFIGURATION);
    let told = console.run("check");
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines[0], "LIBRARY  VERSION  CHANNELS  FILE");
    assert_eq!(lines[1], "dry_run  1.0.0    *         providers/libdry_run.so");
    assert_eq!(lines[2..], ["configuration: 1 provider, 1 application, 2 routes", "ok"]);
    assert_eq!(console.read("outbox.jsonl"), "", "nothing was started");
    assert!(!console.file("passrelay.key").exists());
    let json = console.run("check --json").json();
    assert_eq!((&json["ok"], &json["routes"]["sms"]), (&json!(true), &json!(["dry_run"])));
    assert_eq!(json["file"], "passrelay.toml");
}

const TEN: &str = r#"[server]
listen = "localhost"
[stroe]
[store]
url = "postgres://passrelay:hunter2@db/x"
[log]
filter = "inof"
[providers.dry_run]
isolation = "trhead"
timeout = "10"
[providers.dry_run.config]
outbx = "outbox.jsonl"
fail = "hang"
[applications.web]
api_keys = ["hunter2", { env = "NOT_SET" }]
methods = ["sms"]
code = { length = 3 }
"#;

/// Every mistake with its line and column, in the order of the file, and no secret among them.
#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    let console = Console::configured(TEN);
    let told = console.run("check");
    assert_eq!((told.code, told.out.as_str()), (3, ""), "{told:?}");
    let mistakes: Vec<&str> = told.err.lines().filter(|line| line.starts_with("passrelay.toml:")).collect();
    let places = [
        "2:10", "3:2", "5:7", "7:10", "9:13", "10:11", "11:1", "12:1", "13:8", "15:13", "15:32", "16:12",
        "17:19",
    ];
    let told_places: Vec<String> =
        mistakes.iter().map(|line| line.split(':').skip(1).take(2).collect::<Vec<_>>().join(":")).collect();
    assert_eq!(told_places, places, "{}", told.err);
    for (place, words) in [
        (0, "`server.listen` must be an IP address and a port"),
        (1, "unknown key `stroe`"),
        (3, "`log.filter` is no filter"),
        (6, "`providers.dry_run.config` lacks `outbox`"),
        (7, "unknown key `outbx`"),
        (8, "must be a list, not a text"),
        (10, "names the environment variable `NOT_SET`, which is not set"),
    ] {
        assert!(mistakes[place].contains(words), "{words}: {}", mistakes[place]);
    }
    assert!(told.err.contains("hint: did you mean `store`?\n"), "{}", told.err);
    assert!(told.err.ends_with("\n13 mistakes: nothing is started\n"), "{}", told.err);
    assert!(!told.err.contains("hunter2"), "{}", told.err);

    let json = console.run("check --json");
    assert_eq!((json.code, json.err.as_str()), (3, ""));
    assert!(!json.out.contains("hunter2"));
    let json = json.json();
    assert_eq!(json["mistakes"].as_array().unwrap().len(), 13);
    assert_eq!((&json["mistakes"][1]["line"], &json["mistakes"][1]["column"]), (&json!(3), &json!(2)));
    for command in ["serve", "providers list", "methods --field mobile=+447700900123"] {
        assert_eq!(console.run(command).code, 3, "{command}");
    }
}

#[test]
fn a_file_that_is_no_toml_or_not_there_is_told() {
    let console = Console::configured("listen = = 1\n[x\n");
    let told = console.run("check");
    assert_eq!(told.code, 3);
    assert!(
        told.err.starts_with("passrelay.toml:1:") && told.err.contains("\npassrelay.toml:2:"),
        "{told:?}"
    );
    console.run("check --config gone.toml").is_trouble(3, "gone.toml: cannot be read", "name another file");
    console.run("check --config providers").is_trouble(3, "providers: cannot be read", "name another file");
}

/// J24: what is missing disables its provider only, and the message says which file and why.
#[test]
fn a_broken_library_is_a_warning_with_a_remedy() {
    let told = with_a_broken_library().run("check");
    assert_eq!(told.code, 1, "{told:?}");
    let warning = "warning: passrelay.toml:12:12: provider `bad` is left out: its library `providers/libbad.so` was refused";
    assert!(told.err.starts_with(warning) && told.err.contains("\nhint: "), "{told:?}");
    assert!(told.err.lines().count() <= 3, "{told:?}");
    assert!(told.out.ends_with("not ok: 1 warning\n"), "{told:?}");
}

/// What no schema can express a provider tells itself when it is opened.
#[test]
fn a_provider_that_does_not_open_is_a_warning_with_its_own_words() {
    let console = Console::configured("[providers.dry_run.config]\noutbox = \"missing/outbox.jsonl\"\n");
    let told = console.run("check");
    assert_eq!(told.code, 1, "{told:?}");
    let warning = "warning: passrelay.toml: provider `dry_run` does not open: misconfigured: ";
    assert!(told.err.starts_with(warning) && told.err.contains("whose folder does not exist"), "{told:?}");
    assert_eq!(told.err.lines().count(), 1, "{told:?}");
    assert!(told.out.ends_with("not ok: 1 warning\n"), "{told:?}");
}

/// J24, J58: without the file there is no provider, and the message says where to put it.
#[test]
fn a_missing_library_is_a_warning_that_says_where_to_put_it() {
    let console = Console::with(&[]);
    console.write("passrelay.toml", CONFIGURATION);
    let told = console.run("check");
    assert_eq!(told.code, 1, "{told:?}");
    assert!(
        told.err.contains("there is no library `dry_run`\nhint: put `libdry_run.so` into `providers`"),
        "{told:?}"
    );
}

/// A library that may write the files which its keys name is named one of the server's own.
#[test]
fn a_library_gets_no_file_of_the_servers_own() {
    for own in ["passrelay.key", "passrelay.toml", "providers", "passrelay-copies/x", "passrelay.db-wal", "."]
    {
        let console = Console::configured(&CONFIGURATION.replace("outbox.jsonl", own));
        let told = console.run("check");
        let why = "where files of the server's own are: name another place";
        assert!(told.code == 1 && told.err.contains(why), "{own}: {told:?}");
        assert!(!console.file("passrelay.key").exists(), "{own}");
    }
}
