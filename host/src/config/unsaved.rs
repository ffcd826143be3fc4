//! Keys of a provider that are not saved yet: laid over the saved ones and held to the same schema.

use super::{
    Config, FILE,
    environment::Environment,
    mistake::Mistakes,
    provider_keys, providers,
    report::Report,
    shelf::Shelf,
    tree::{Entry, Node, Value},
};
use crate::plugin::{Libraries, Settings};
use serde_json::{Map, Value as Json};
use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc};

/// The providers as they are saved. `Debug` shows no secret.
pub struct Saved {
    providers: BTreeMap<String, Settings>,
    libraries: Arc<Libraries>,
    directories: Vec<PathBuf>,
    environment: Environment,
    file: PathBuf,
}

/// Why a provider cannot be had with unsaved keys.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// There is neither a provider nor a library of this name.
    #[error("there is no provider and no library `{0}`")]
    Unknown(String),
    /// Its configuration says `enabled = false`, or it was left out.
    #[error("provider `{0}` is not enabled")]
    Disabled(String),
    /// Its library is missing, refused or unusable.
    #[error("{why}")]
    Library {
        /// The reason.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The keys are wrong or incomplete.
    #[error(transparent)]
    Keys(#[from] Mistakes),
}

impl Saved {
    /// What a configuration says, with the libraries that it was held to.
    pub fn new(config: &Config, libraries: Arc<Libraries>) -> Self {
        Self {
            providers: config.providers.clone(),
            libraries,
            directories: config.libraries.directories.clone(),
            environment: config.environment.clone(),
            file: config.file.clone().unwrap_or_else(|| PathBuf::from(FILE)),
        }
    }

    /// The settings of a provider with these keys laid over its saved ones; `null` takes a saved key away.
    ///
    /// A name that no provider has but a library is a provider of that library with these keys alone. Mistakes name the
    /// keys as `config.KEY`.
    ///
    /// # Errors
    ///
    /// When there is nothing to be had, or the keys are wrong or incomplete: then with every mistake.
    pub fn with(&self, id: &str, unsaved: &Map<String, Json>) -> Result<Settings, Unready> {
        let shelf = Shelf::of(&self.libraries, &self.directories);
        let mut settings = match self.providers.get(id) {
            Some(saved) if !saved.enabled => return Err(Unready::Disabled(id.to_owned())),
            Some(saved) => saved.clone(),
            None => unsaved_provider(id, &shelf).ok_or_else(|| Unready::Unknown(id.to_owned()))?,
        };
        let manifest = shelf.manifest(&settings.library).ok_or_else(|| {
            let (why, hint) = shelf.absence(&settings.library);
            Unready::Library { why, hint }
        })?;
        let mut report = Report::new(&self.file, "");
        let keys = node(&Json::Object(laid_over(&settings.config, unsaved)), "config", &mut report);
        let keys = keys.unwrap_or_else(|| Node::empty_table(0));
        let read = provider_keys::read("config", &keys, manifest, &self.environment, &mut report);
        settings.config = read.map_err(|why| Unready::Library {
            why: why.to_string(),
            hint: Some("that is a fault of the library: ask its author".to_owned()),
        })?;
        report.close()?;
        Ok(settings)
    }
}

/// What an empty table under this name would mean, if a library has the name.
fn unsaved_provider(id: &str, shelf: &Shelf<'_>) -> Option<Settings> {
    shelf.manifest(id)?;
    Some(providers::of_keys(id, Node::empty_table(0)).settings)
}

fn laid_over(saved: &Json, unsaved: &Map<String, Json>) -> Map<String, Json> {
    let mut keys = saved.as_object().cloned().unwrap_or_default();
    keys.extend(unsaved.clone());
    keys.retain(|_, value| !value.is_null());
    keys
}

/// JSON as it would stand in the file, which knows no `null`.
fn node(json: &Json, path: &str, report: &mut Report) -> Option<Node> {
    let value = match json {
        Json::Null => {
            report.mistake_of(
                path.to_owned(),
                0,
                format!("`{path}` is `null`"),
                Some("leave it out".to_owned()),
            );
            return None;
        }
        Json::Bool(flag) => Value::Flag(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Value::Whole(whole.into()),
            (_, Some(whole)) => Value::Whole(whole.into()),
            _ => Value::Fraction(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => {
            let item = |(index, item)| node(item, &format!("{path}[{index}]"), report);
            Value::List(items.iter().enumerate().filter_map(item).collect())
        }
        Json::Object(keys) => {
            let entry = |(key, value): (&String, &Json)| {
                let node = node(value, &format!("{path}.{}", super::tree::shown(key)), report)?;
                Some(Entry { key: key.clone(), at: 0, node })
            };
            Value::Table(keys.iter().filter_map(entry).collect())
        }
    };
    Some(Node { at: 0, value })
}

impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saved").field("providers", &self.providers).finish_non_exhaustive()
    }
}
