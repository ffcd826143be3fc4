//! An application that is made at run time: JSON, held to the same rules as `[applications.ID]`, and written back.

use super::{
    applications::{self, Ground},
    mistake::{Mistake, Mistakes},
    providers,
    report::Report,
    routes,
    section::Section,
    shelf::Shelf,
    templates,
    tree::Node,
    unsaved::{Saved, node},
};
use crate::{
    application::{Alphabet, Application, Policy},
    clock::span,
    route::Routes,
    template::Layer,
};
use provider_api::Channel;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// What the JSON of an application means.
#[derive(Debug, Clone)]
pub struct MadeApplication {
    /// The application; it has no keys yet.
    pub application: Application,
    /// What its messages say, by channel.
    pub templates: BTreeMap<Channel, Layer>,
    /// The configured routes, with those that only its methods need.
    pub routes: Routes,
}

/// What an application that was made before means now.
#[derive(Debug, Clone)]
pub struct Reread {
    /// The application, as far as it can be read.
    pub made: MadeApplication,
    /// What is wrong, and therefore missing.
    pub told: Vec<Mistake>,
    /// Whether it may serve: not where this version of the program does not know what its settings mean.
    pub is_whole: bool,
}

impl Saved {
    /// Reads an application that is to be made: the fields of `[applications.ID]`, but for `api_keys`.
    ///
    /// # Errors
    ///
    /// With every mistake; each names its field.
    pub fn application(&self, id: &str, fields: &Map<String, Json>) -> Result<MadeApplication, Mistakes> {
        let (made, told) = self.read(&Shelf::of(&self.libraries, &self.directories), id, fields)?;
        Mistakes::of(told).map_or(Ok(made), Err)
    }

    /// Reads an application that was made before. What has changed around it since takes away what stands on it (a
    /// route, the texts of a channel that name a variable of the site, test recipients), is told, and stops nothing.
    pub fn made_before(&self, id: &str, fields: &Map<String, Json>) -> Reread {
        self.reread(&Shelf::of(&self.libraries, &self.directories), id, fields)
    }

    fn reread(&self, shelf: &Shelf<'_>, id: &str, fields: &Map<String, Json>) -> Reread {
        let mut lost = Vec::new();
        let read = self.read(shelf, id, fields).or_else(|mistakes| {
            lost.extend(mistakes.iter().cloned());
            self.read(shelf, id, &without(fields, &lost))
        });
        if let Ok((made, told)) = read {
            return Reread { made, told: lost.into_iter().chain(told).collect(), is_whole: true };
        }
        let ground = Ground { may_test: false, ..self.ground() };
        let (tree, mut report) = (node(&Json::Object(fields.clone())), Report::new(&self.file, ""));
        let typed = applications::settings(id, Vec::new(), Section::root(&tree), &ground, &mut report);
        let (templates, routes) = (BTreeMap::new(), Routes::default());
        let made = MadeApplication { application: typed.application, templates, routes };
        Reread { made, told: lost, is_whole: false }
    }

    fn ground(&self) -> Ground<'_> {
        Ground { site: &self.site, code: &self.code, limits: &self.limits, may_test: self.may_test }
    }

    /// Reads it, and tells apart what is wrong with its routes.
    fn read(
        &self,
        shelf: &Shelf<'_>,
        id: &str,
        fields: &Map<String, Json>,
    ) -> Result<(MadeApplication, Vec<Mistake>), Mistakes> {
        let mut report = Report::new(&self.file, "");
        let tree = node(&Json::Object(fields.clone()));
        let typed = applications::settings(id, Vec::new(), Section::root(&tree), &self.ground(), &mut report);
        report.close()?;
        let mut report = Report::new(&self.file, "");
        let providers: Vec<providers::Typed> = self.providers.values().map(known).collect();
        let typed = [typed];
        let routes = routes::settle(self.routes.clone(), &providers, &typed, shelf, &mut report);
        let [applications::Typed { application, templates, .. }] = typed;
        let told = report.close().err().map_or_else(Vec::new, |mistakes| mistakes.iter().cloned().collect());
        let about_methods = |mistake: Mistake| Mistake { field: Some("methods".to_owned()), ..mistake };
        let told = told.into_iter().map(about_methods).collect();
        Ok((MadeApplication { application, templates: templates::layers(&templates), routes }, told))
    }
}

/// The fields without what stands on the configuration and is wrong: the texts of a channel, test recipients.
fn without(fields: &Map<String, Json>, wrong: &[Mistake]) -> Map<String, Json> {
    let mut fields = fields.clone();
    for path in wrong.iter().filter_map(|mistake| mistake.field.as_deref()) {
        let mut keys = path.split('.');
        match (keys.next(), keys.next()) {
            (Some("templates"), Some(channel)) => {
                let texts = fields.get_mut("templates").and_then(Json::as_object_mut);
                texts.map(|texts| texts.remove(channel));
            }
            (Some("test_recipients"), _) => drop(fields.remove("test_recipients")),
            _ => {}
        }
    }
    fields
}

/// A configured provider, as far as routes ask for it.
fn known(settings: &crate::plugin::Settings) -> providers::Typed {
    providers::Typed { settings: settings.clone(), ..providers::of_keys(&settings.id, Node::empty_table(0)) }
}

/// The fields of an application as they are read, with those that were left out; no keys.
pub fn written(application: &Application) -> Map<String, Json> {
    let Application { methods, preferred, policy, service_sid, .. } = application;
    let Policy {
        length,
        alphabet,
        look_alikes,
        lifetime,
        checks,
        check_once,
        sends,
        pause,
        fresh_code_on_resend,
    } = policy;
    let alphabet = match alphabet {
        Alphabet::Numeric => "numeric",
        Alphabet::Letters => "letters",
        Alphabet::Alphanumeric => "alphanumeric",
    };
    let code = json!({
        "length": length, "alphabet": alphabet, "look_alikes": look_alikes, "lifetime": span::write(*lifetime),
        "checks": checks, "check_once": check_once, "sends": sends, "pause": span::write(*pause),
        "fresh_on_resend": fresh_code_on_resend,
    });
    let mut fields = Map::from_iter([("methods".to_owned(), json!(methods)), ("code".to_owned(), code)]);
    fields.extend(preferred.iter().map(|method| ("preferred".to_owned(), json!(method))));
    fields.extend(service_sid.iter().map(|sid| ("service_sid".to_owned(), json!(sid.as_str()))));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::TestRecipients;
    use crate::config::{Draft, Environment};
    use provider_api::Manifest;
    use std::{path::Path, sync::Arc};

    const FILE: &str = "[providers.one]\nlibrary = \"lib\"\n[providers.any]\n[providers.gone]\n";

    fn manifests() -> [Manifest; 2] {
        [("lib", "sms"), ("any", "*")].map(|(id, channel)| {
            let mut manifest = Manifest::default();
            manifest.id = id.to_owned();
            manifest.channels = vec![channel.to_owned()];
            manifest
        })
    }

    fn read(fields: &Json) -> Result<(MadeApplication, Vec<Mistake>), Mistakes> {
        let manifests = manifests();
        let shelf = Shelf::new(&manifests, &[], &[]);
        let draft = Draft::parse(FILE, Path::new("p.toml"), Environment::of([("", "")]));
        let config = draft.finish_with(&Shelf::new(&manifests, &[], &[])).unwrap();
        Saved::new(&config, Arc::default()).read(&shelf, "shop", fields.as_object().unwrap())
    }

    /// X3, T22, T23: an application of one's own, with its own settings.
    #[test]
    fn what_is_left_out_is_as_in_the_file_and_what_is_written_is_read_again() {
        let (made, told) = read(&json!({ "methods": ["one:code"] })).unwrap();
        assert_eq!((made.application.policy.clone(), told), (Policy::default(), Vec::new()));
        let all = json!({
            "methods": ["one:code", "any:code"], "preferred": "any:code",
            "code": { "length": 8, "alphabet": "letters", "look_alikes": false, "check_once": false, "lifetime": "5m", "checks": 3, "sends": 2, "pause": "1m",
                      "fresh_on_resend": true },
        });
        let (made, _) = read(&all).unwrap();
        assert_eq!(Json::Object(written(&made.application)), all);
    }

    #[test]
    fn every_mistake_is_told_at_once_by_its_field() {
        let wrong = json!({
            "methods": ["sms", "one:code"], "preferred": "two:code", "api_keys": ["a-key-of-twenty-characters"],
            "code": { "length": 3, "lenght": 6, "lifetime": 600 }, "templates": { "sms": { "generic": "no code" } },
        });
        let mistakes = read(&wrong).unwrap_err();
        let mut told: Vec<_> = mistakes.iter().filter_map(|mistake| mistake.field.as_deref()).collect();
        told.sort_unstable();
        let expected = [
            "api_keys",
            "code.lenght",
            "code.length",
            "code.lifetime",
            "methods",
            "preferred",
            "templates.sms.generic",
        ];
        assert_eq!(told, expected, "{mistakes}");
        assert_eq!(mistakes.iter().count(), 7, "{mistakes}");
        assert!(!mistakes.to_string().contains("a-key-of"), "{mistakes}");
        let mistakes = read(&json!({})).unwrap_err();
        let only = mistakes.iter().next().unwrap();
        assert_eq!((only.what.as_str(), only.field.as_deref()), ("`methods` is missing", Some("methods")));
    }

    #[test]
    fn what_the_file_takes_away_is_missing_and_stops_nothing_and_what_is_unknown_does_not_serve() {
        let reread = |file: &str, fields: &Json| {
            let (manifests, environment) = (manifests(), Environment::of([("", "")]));
            let shelf = Shelf::new(&manifests, &[], &[]);
            let draft = Draft::parse(&format!("{FILE}{file}"), Path::new("p.toml"), environment);
            let config = draft.finish_with(&Shelf::new(&manifests, &[], &[])).unwrap();
            Saved::new(&config, Arc::default()).reread(&shelf, "shop", fields.as_object().unwrap())
        };
        let fields = json!({
            "methods": ["one:code", "any:code"], "code": { "length": 8 }, "test_recipients": { "+447700900123": "123456" },
            "templates": { "sms": { "generic": "{payload} {{ brand }}" }, "push": { "generic": "{payload} it is" } },
        });
        let full = "[server]\nallow_test_recipients = true\n[site.variables]\nbrand = \"B\"\n";
        let Reread { made, told, is_whole } = reread(full, &fields);
        assert_eq!((made.templates.len(), told.len(), is_whole), (2, 0, true), "{told:?}");
        assert!(
            format!("{:?}", made.application.test_recipients) != format!("{:?}", TestRecipients::default())
        );

        let Reread { made, told, is_whole } = reread("", &fields);
        let of: Vec<_> = told.iter().filter_map(|mistake| mistake.field.as_deref()).collect();
        assert_eq!((of, is_whole), (vec!["test_recipients", "templates.sms.generic"], true), "{told:?}");
        assert_eq!(made.templates.keys().map(Channel::as_str).collect::<Vec<_>>(), ["push"]);
        assert_eq!((made.application.policy.length, made.application.methods.len()), (8, 2));
        assert_eq!(
            format!("{:?}", made.application.test_recipients),
            format!("{:?}", TestRecipients::default())
        );

        let Reread { made, told, is_whole } =
            reread(full, &json!({ "methods": ["one:code"], "colour": "red" }));
        assert_eq!((told[0].field.as_deref(), is_whole), (Some("colour"), false));
        assert_eq!(made.application.methods.len(), 1, "it can be shown");
    }

    #[test]
    fn a_method_brings_its_route_and_one_without_is_told() {
        let (made, told) = read(&json!({ "methods": ["one:code", "push:code"] })).unwrap();
        let push = Channel::new("push").unwrap();
        assert_eq!((made.routes.of(&push), told), (&["any".to_owned()][..], Vec::new()));
        let (made, told) = read(&json!({ "methods": ["sms:code"] })).unwrap();
        assert_eq!(made.application.methods.len(), 1, "it is read all the same");
        assert_eq!(told[0].what, "`sms` has no route, and `any`, `one` serve it");
        assert_eq!((told.len(), told[0].field.as_deref()), (1, Some("methods")));
    }
}
