//! The environment: the only place that reads it.

use std::{collections::BTreeMap, fmt};

/// Where `{ env = "NAME" }` is looked up. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Environment(Source);

#[derive(Clone)]
enum Source {
    Process,
    Given(BTreeMap<String, String>),
}

impl Environment {
    /// The environment of this process; a value that is no UTF-8 counts as not set.
    pub fn process() -> Self {
        Self(Source::Process)
    }

    /// An environment of exactly these variables.
    pub fn of<N: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(Source::Given(variables.collect()))
    }

    /// The value of a variable.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub(super) fn value(&self, name: &str) -> Option<String> {
        match &self.0 {
            Source::Process => std::env::var(name).ok(),
            Source::Given(variables) => variables.get(name).cloned(),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment(***)")
    }
}
