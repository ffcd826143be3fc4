//! `passrelay providers …`: looks at providers and their libraries, and tries them.

mod conform;
mod docs;
mod free;
mod hosts;
mod inspect;
mod list;
mod new;
mod schema;
mod test;
mod try_it;

use super::{arguments::Providers, page::Page, trouble::Trouble};
use std::path::Path;

/// Does what is asked for.
pub(super) async fn run(file: Option<&Path>, command: Providers) -> Result<Page, Trouble> {
    match command {
        Providers::List => list::run(file).await,
        Providers::Free { provider } => free::run(file, &provider).await,
        Providers::Inspect { file: library } => inspect::run(file, &library),
        Providers::Schema { library } => schema::run(file, &library).await,
        Providers::Docs { library } => docs::run(file, &library).await,
        Providers::Test(asked) => test::run(file, asked).await,
        Providers::New(asked) => new::run(&asked),
        Providers::Conform(asked) => conform::run(file, asked).await,
        Providers::Try(asked) => try_it::run(asked).await,
    }
}
