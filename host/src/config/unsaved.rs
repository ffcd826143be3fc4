//! Keys of a provider that are not saved yet: laid over the saved ones and held to the same schema.

use super::{
    Config, FILE,
    environment::Environment,
    mistake::Mistakes,
    provider_keys, providers,
    report::Report,
    routes,
    shelf::Shelf,
    smscx::SmsCx,
    tree::{Entry, Node, Value},
    twilio::Twilio,
    webhooks::Webhooks,
};
use crate::{
    application::Policy,
    limit::Rules,
    plugin::{Isolation, Libraries, Sandbox, Settings},
    template::Site,
};
use serde_json::{Map, Value as Json};
use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc};

/// The providers as they are saved. `Debug` shows no secret.
pub struct Saved {
    pub(super) providers: BTreeMap<String, Settings>,
    pub(super) libraries: Arc<Libraries>,
    pub(super) directories: Vec<PathBuf>,
    environment: Environment,
    pub(super) file: PathBuf,
    pub(super) site: Site,
    pub(super) code: Policy,
    pub(super) limits: Rules,
    pub(super) may_test: bool,
    pub(super) routes: routes::Typed,
    /// The account that the Twilio Verify face answers as.
    pub twilio: Option<Twilio>,
    /// The face that callers of SMS.CX know.
    pub smscx: Option<SmsCx>,
    /// How events reach applications.
    pub webhooks: Webhooks,
    /// Where callers reach the server, if the file says so.
    pub public_url: Option<String>,
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
            site: config.templates.site.clone(),
            code: config.code.clone(),
            limits: config.limits.clone(),
            may_test: config.server.allow_test_recipients,
            routes: routes::typed(&config.routes),
            twilio: config.twilio.clone(),
            smscx: config.smscx.clone(),
            webhooks: config.webhooks,
            public_url: config.server.public_url.clone(),
        }
    }

    /// The settings of a provider with these keys laid over its saved ones; `null` takes a saved key away.
    ///
    /// A name that no provider has but a library is a provider of that library with these keys alone. Mistakes name the
    /// keys as `config.KEY`. What is only tried runs in a process of its own, whatever its `isolation` says.
    ///
    /// A saved secret goes wherever unsaved keys point, were it a `base_url` of the caller's. That gives nothing away:
    /// whoever may open the admin socket is the server's own user, who can read the file and the environment as well. An
    /// operator who has nothing but a key is refused this.
    ///
    /// # Errors
    ///
    /// When there is nothing to be had, or the keys are wrong or incomplete: then with every mistake.
    pub fn with(&self, id: &str, unsaved: &Map<String, Json>) -> Result<Settings, Unready> {
        self.with_from(&Shelf::of(&self.libraries, &self.directories), id, unsaved)
    }

    /// The same with libraries that need not be files.
    fn with_from(
        &self,
        shelf: &Shelf<'_>,
        id: &str,
        unsaved: &Map<String, Json>,
    ) -> Result<Settings, Unready> {
        let mut settings = match self.providers.get(id) {
            Some(saved) if !saved.enabled => return Err(Unready::Disabled(id.to_owned())),
            Some(saved) if saved.isolation == Isolation::Thread => {
                // Trusted with the whole host, it is trusted with a process.
                Settings { isolation: Isolation::Process, sandbox: Sandbox::Off, ..saved.clone() }
            }
            Some(saved) => saved.clone(),
            None => unsaved_provider(id, shelf).ok_or_else(|| Unready::Unknown(id.to_owned()))?,
        };
        let manifest = shelf.manifest(&settings.library).ok_or_else(|| {
            let (why, hint) = shelf.absence(&settings.library);
            Unready::Library { why, hint }
        })?;
        let mut report = Report::new(&self.file, "");
        let keys = node(&Json::Object(laid_over(&settings.config, unsaved)));
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

/// JSON as it would stand in the file.
pub(super) fn node(json: &Json) -> Node {
    let value = match json {
        Json::Null => Value::Nothing,
        Json::Bool(flag) => Value::Flag(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Value::Whole(whole.into()),
            (_, Some(whole)) => Value::Whole(whole.into()),
            _ => Value::Fraction(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(node).collect()),
        Json::Object(keys) => {
            let entry = |(key, value): (&String, &Json)| Entry { key: key.clone(), at: 0, node: node(value) };
            Value::Table(keys.iter().map(entry).collect())
        }
    };
    Node { at: 0, value }
}

impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saved").field("providers", &self.providers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Draft;
    use provider_api::Manifest;
    use serde_json::json;
    use std::path::Path;

    const SAVED: &str = "[providers.one]\nlibrary = \"lib\"\ntimeout = \"3s\"\nallow_hosts = [\"a.example\"]\n\
        [providers.one.config]\ntoken = { env = \"TOKEN\" }\nhosts = [\"a\"]\n\
        [providers.off]\nenabled = false\nlibrary = \"lib\"\n";

    fn library() -> [Manifest; 1] {
        let mut manifest = Manifest::default();
        manifest.id = "lib".to_owned();
        manifest.hosts = vec!["*.example".to_owned()];
        manifest.config_schema = json!({
            "type": "object",
            "required": ["token"],
            "properties": {
                "token": { "type": "string", "format": "password" },
                "hosts": { "type": "array", "items": { "type": "string" } },
                "ratio": { "type": "number", "maximum": 1 },
                "count": { "type": "integer" },
                "file": { "type": "string", "format": "path" },
                "inner": { "type": "object", "properties": { "key": { "type": "boolean" } } },
            },
            "additionalProperties": false,
        });
        [manifest]
    }

    fn with(id: &str, unsaved: &Json) -> Result<Settings, Unready> {
        with_saved(SAVED, id, unsaved)
    }

    fn with_saved(saved: &str, id: &str, unsaved: &Json) -> Result<Settings, Unready> {
        let found = library();
        let shelf = Shelf::new(&found, &[], &[]);
        let environment = Environment::of([("TOKEN", "saved-token"), ("OTHER", "other-token")]);
        let draft = Draft::parse(saved, Path::new("conf/p.toml"), environment);
        let config = draft.finish_with(&Shelf::new(&found, &[], &[])).unwrap();
        let keys = unsaved.as_object().unwrap();
        Saved::new(&config, Arc::default()).with_from(&shelf, id, keys)
    }

    fn told(id: &str, unsaved: &Json) -> Vec<String> {
        let Unready::Keys(mistakes) = with(id, unsaved).unwrap_err() else { return Vec::new() };
        mistakes.iter().filter_map(|mistake| mistake.field.clone()).collect()
    }

    #[test]
    fn what_is_typed_goes_before_what_is_saved_and_the_rest_stays() {
        for (unsaved, config) in [
            (json!({}), json!({ "token": "saved-token", "hosts": ["a"] })),
            (json!({ "hosts": null }), json!({ "token": "saved-token" })),
            (
                json!({ "hosts": ["b", "c"], "ratio": 0.5, "count": -7 }),
                json!({ "token": "saved-token", "hosts": ["b", "c"], "ratio": 0.5, "count": -7 }),
            ),
            (
                json!({ "token": { "env": "OTHER" }, "inner": { "key": true } }),
                json!({ "token": "other-token", "hosts": ["a"], "inner": { "key": true } }),
            ),
        ] {
            let settings = with("one", &unsaved).unwrap();
            assert_eq!(settings.config, config);
            assert_eq!((settings.id.as_str(), settings.timeout.as_secs()), ("one", 3));
            assert_eq!(settings.allow_hosts.map(|hosts| hosts.len()), Some(1));
        }
    }

    /// Both begin at the folder of the file, each once.
    #[test]
    fn a_relative_path_is_the_same_saved_and_unsaved() {
        let saved =
            "[providers.one]\nlibrary = \"lib\"\n[providers.one.config]\ntoken = \"t\"\nfile = \"a.pem\"\n";
        let expected = std::env::current_dir().unwrap().join("conf/a.pem");
        for unsaved in [json!({}), json!({ "file": "a.pem" })] {
            let settings = with_saved(saved, "one", &unsaved).unwrap();
            assert_eq!(settings.config["file"], json!(expected));
        }
    }

    #[test]
    fn a_library_without_a_provider_is_one_with_these_keys_alone() {
        let settings = with("lib", &json!({ "token": "typed" })).unwrap();
        assert_eq!((settings.library.as_str(), settings.timeout.as_secs()), ("lib", 10));
        assert_eq!(settings.config, json!({ "token": "typed" }));
        assert_eq!(told("lib", &json!({})), ["config.token"]);
        assert!(matches!(with("two", &json!({})), Err(Unready::Unknown(_))));
        assert!(matches!(with("off", &json!({ "token": "typed" })), Err(Unready::Disabled(_))));
    }

    /// J17, J48
    #[test]
    fn every_mistake_names_its_key_and_no_value() {
        let wrong = json!({
            "token": null, "hosts": [null, 1, "x"], "ratio": 17, "count": "secret-word", "inner": { "kee": 1 },
        });
        let mut fields = told("one", &wrong);
        fields.sort_unstable();
        let expected = ["config.count", "config.hosts[0]", "config.hosts[1]", "config.ratio", "config.token"];
        assert_eq!(fields, expected);
        assert!(!format!("{:?}", with("one", &wrong)).contains("secret-word"));
        assert_eq!(told("one", &json!({ "token": { "env": "NOWHERE" } })), ["config.token.env"]);
        assert_eq!(told("one", &json!({ "count": { "env": "OTHER" } })), ["config.count"]);
    }
}
