//! From a fresh clone to a checked code: a server on loopback whose messages land in a file.
//!
//! `cargo run --release -p quickstart`. Everything it makes is in one private folder, `/tmp/passrelay-quickstart`: the
//! dropped-in library, the configuration, the key file and the outbox. `--listen ADDRESS` and `--folder FOLDER` change
//! where.

mod arguments;
mod folder;

use arguments::Arguments;
use folder::Folder;
use passrelay::{
    app::{App, World},
    config::{Draft, Environment},
    plugin::{self, Libraries},
    seal::forbid_core_dumps,
    telemetry,
};
use std::{
    env,
    error::Error,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::ExitCode,
};

fn main() -> ExitCode {
    // A provider's process is this program too.
    if let Some(ended) = plugin::run_as_provider_process(env::args_os().skip(1)) {
        return ended;
    }
    match tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| runtime.block_on(serve())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody reads standard error there is nothing left to tell.
            drop(writeln!(io::stderr(), "error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    forbid_core_dumps()?;
    let arguments = Arguments::read(env::args().skip(1))?;
    let folder = Folder::make(&arguments.folder(), &env::current_exe()?)?;
    telemetry::start("warn", telemetry::Format::Text)?;
    let app = match start(&folder, arguments.listen).await {
        // The usual port is taken: any other will do, unless one was asked for.
        Err(_) if !arguments.insists => start(&folder, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?,
        started => started?,
    };
    // It serves also where nobody reads how.
    drop(writeln!(io::stdout(), "{}", welcome(app.address()?, folder.path())));
    app.serve(async {
        // An error says that there are no signals here: then it serves until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
    .await;
    Ok(())
}

async fn start(folder: &Folder, listen: SocketAddr) -> Result<App, Box<dyn Error>> {
    let file = folder.configure(listen)?;
    let draft = Draft::load(Some(&file), Environment::process());
    let world = World::of_this_process();
    let libraries = Libraries::scan(draft.libraries(), world.workshop.program()).await;
    if let Some(refusal) = libraries.refused().first() {
        return Err(refusal.to_string().into());
    }
    let config = draft.finish(&libraries)?;
    Ok(App::start(config, &libraries, &world).await?)
}

fn welcome(address: SocketAddr, folder: &Path) -> String {
    let key = folder::KEY;
    let folder = folder.display();
    format!(
        "Passrelay serves on http://{address}; what it uses is in {folder}

1. Start a verification:

  curl -s http://{address}/v1/verifications -H 'Authorization: Bearer {key}' \\
    -H 'Content-Type: application/json' -d '{{\"to\":\"+447700900123\"}}'

2. Read the code, which the `dry_run` provider wrote to a file instead of sending it:

  tail -n 1 {folder}/outbox.jsonl

3. Check it, with the verification's id for ID and the code for CODE:

  curl -s http://{address}/v1/verifications/ID/checks -H 'Authorization: Bearer {key}' \\
    -H 'Content-Type: application/json' -d '{{\"code\":\"CODE\"}}'

Ctrl-C ends it."
    )
}
