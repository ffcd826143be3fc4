//! The environment: the only place that reads it.

use std::{collections::BTreeMap, fmt, sync::Arc};

/// Where `{ env = "NAME" }` is looked up. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Environment(Arc<dyn Fn(&str) -> Option<String> + Send + Sync>);

impl Environment {
    /// The environment of this process; a value that is no UTF-8 counts as not set.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn process() -> Self {
        Self(Arc::new(|name| std::env::var(name).ok()))
    }

    /// An environment of exactly these variables.
    pub fn of<N: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let variables: BTreeMap<String, String> =
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self(Arc::new(move |name| variables.get(name).cloned()))
    }

    /// The value of a variable.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment(***)")
    }
}
