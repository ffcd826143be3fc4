//! The program as an operator runs it: a folder of its own, arguments, and what it says.

mod daemon;
mod server;

pub use daemon::Daemon;
pub use server::Server;

use crate::{Dropped, Processes, program};
use serde_json::Value;
use std::{
    ffi::OsStr,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A folder in which the program is run, with an empty environment.
#[derive(Debug)]
pub struct Console {
    folder: Dropped,
}

/// What the program said, and how it ended.
#[derive(Debug)]
pub struct Told {
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// The exit code.
    pub code: i32,
}

impl Console {
    /// A folder with these libraries and no configuration.
    pub fn with(libraries: &[&str]) -> Self {
        Self { folder: Dropped::with(libraries) }
    }

    /// A folder with the library `dry_run` and this `passrelay.toml`.
    pub fn configured(configuration: &str) -> Self {
        let console = Self::with(&["dry_run"]);
        console.write("passrelay.toml", configuration);
        console
    }

    /// The folder with its libraries.
    pub fn folder(&self) -> &Dropped {
        &self.folder
    }

    /// Where a file of this name stands.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).expect("a file can be written");
    }

    /// The text of a file; empty if it is not there.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// The processes that work for this folder.
    pub fn processes(&self) -> Processes {
        Processes::of(self.folder.path())
    }

    /// The program, to be run here.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command
    }

    /// Runs the program with these arguments, separated by spaces.
    pub fn run(&self, arguments: &str) -> Told {
        self.run_with(arguments.split_whitespace())
    }

    /// Runs the program with these arguments.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn run_with<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Told {
        Told::of(&self.command(arguments).output().expect("the program runs"))
    }

    /// Starts `serve` and waits until it serves.
    pub fn serve(&self) -> Server {
        Server::start(self.command(["serve"]))
    }

    /// Starts `serve` with its log in `serve.log` and waits until it serves.
    ///
    /// # Panics
    ///
    /// When it ends instead.
    pub fn daemon(&self) -> Daemon {
        self.daemon_of(self.command(["serve"])).unwrap_or_else(|ended| panic!("it does not serve: {ended:?}"))
    }

    /// The same by a command of another form; or how it ended instead, and what it logged.
    ///
    /// # Errors
    ///
    /// When it ends instead.
    pub fn daemon_of(&self, command: Command) -> Result<Daemon, (Option<i32>, String)> {
        Daemon::start(command, &self.file("serve.log"))
    }

    /// Starts `serve` with a log that goes to `/dev/full`, which takes nothing, and waits until it answers at this
    /// address.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn unheard(&self, address: SocketAddr) -> Daemon {
        let nowhere = fs::File::options().write(true).open("/dev/full").expect("the system has `/dev/full`");
        Daemon::unheard(self.command(["serve"]), nowhere, address, self.file("serve.log"))
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Told {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program speaks UTF-8");
        let code = output.status.code().expect("no signal ended it");
        let told = Self { out: text(&output.stdout), err: text(&output.stderr), code };
        assert!(!told.err.contains("panicked at"), "{told:?}");
        told
    }

    /// The one JSON document on standard output.
    ///
    /// # Panics
    ///
    /// When there is something else.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|cause| panic!("no JSON ({cause}): {self:?}"))
    }

    /// Asserts a mistake on standard error: its exit code, at most three lines, a hint among them.
    ///
    /// # Panics
    ///
    /// When it was something else.
    #[track_caller]
    pub fn is_trouble(&self, code: i32, what: &str, hint: &str) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        assert!(self.err.lines().count() <= 3, "{self:?}");
        assert!(self.err.contains(what) && self.err.contains(&format!("\nhint: {hint}")), "{self:?}");
    }
}
