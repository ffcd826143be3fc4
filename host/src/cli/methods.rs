//! `passrelay methods`: which methods a member would be offered, and why others not.

use super::{arguments::Methods, page::Page, setup, table::table, trouble::Trouble, wiring};
use crate::{application::Application, config::Config, member::Refusal, phone::Region};
use provider_api::Member;
use serde_json::json;
use std::{collections::BTreeMap, path::Path};

/// What a member is offered: the same as `POST /v1/methods` answers.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub(super) struct Offer {
    /// In the order in which they are offered.
    pub(super) methods: Vec<Offered>,
    /// Those that do not reach this member.
    pub(super) unavailable: Vec<Refusal>,
}

/// A method that reaches the member.
#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct Offered {
    /// The method.
    pub(super) id: String,
    /// The channel.
    pub(super) channel: String,
    /// What is delivered.
    pub(super) payload: String,
    /// The masked recipient.
    pub(super) recipient: String,
    /// Where its number belongs, if it is one and its region is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<Region>,
    /// Whether it is the one that is offered first.
    pub(super) preferred: bool,
}

/// Asks as an application would.
pub(super) async fn run(file: Option<&Path>, asked: Methods) -> Result<Page, Trouble> {
    let member = member(&asked)?;
    let setup = setup::load(file).await?;
    let application = application(&setup.config, asked.application.as_deref())?.clone();
    let warnings = setup.config.warnings.clone();
    Ok(page(&wiring::methods(setup, &application, member).await?).with_warnings(&warnings))
}

fn member(asked: &Methods) -> Result<Member, Trouble> {
    let mut fields = BTreeMap::new();
    for field in &asked.fields {
        match field.expose().split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => fields.insert(name.trim(), value),
            // The value is not told: it is somebody's address.
            _ => {
                return Err(
                    Trouble::new("`--field` is no NAME=VALUE").with_hint("`--field mobile=+447700900123`")
                );
            }
        };
    }
    let mut member = Member::with_fields(fields);
    member.id.clone_from(&asked.member_id);
    member.locale = asked.locale.as_ref().map(ToString::to_string);
    Ok(member)
}

pub(super) fn application<'a>(config: &'a Config, named: Option<&str>) -> Result<&'a Application, Trouble> {
    let ids: Vec<&str> = config.applications.keys().map(String::as_str).collect();
    let known = format!("there is `{}`", ids.join("`, `"));
    match (named, ids.as_slice()) {
        (_, []) => {
            Err(Trouble::new("no application is configured")
                .with_hint("configure one as `[applications.ID]`"))
        }
        (Some(id), _) => config
            .applications
            .get(id)
            .ok_or_else(|| Trouble::new(format!("there is no application `{id}`")).with_hint(known)),
        (None, [_]) => {
            config.applications.values().next().ok_or_else(|| Trouble::new("no application is configured"))
        }
        (None, _) => Err(Trouble::new("there are several applications: say which").with_hint(known)),
    }
}

fn page(offer: &Offer) -> Page {
    let offered = offer.methods.iter().map(|method| {
        let state = if method.preferred { "preferred" } else { "available" };
        let region = method.region.map_or_else(|| "-".to_owned(), |region| region.to_string());
        [method.id.clone(), method.recipient.clone(), region, state.to_owned()]
    });
    let unavailable = offer.unavailable.iter().map(|method| {
        let state = format!("{}: {}", method.reason, method.detail);
        [method.id.to_string(), "-".to_owned(), "-".to_owned(), state]
    });
    let rows: Vec<[String; 4]> = offered.chain(unavailable).collect();
    Page::new(table(["METHOD", "RECIPIENT", "REGION", "STATE"], &rows), json!(offer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Draft, Environment},
        plugin::Libraries,
    };
    use provider_api::Secret;

    fn asked(fields: &[&str]) -> Methods {
        Methods {
            application: None,
            fields: fields.iter().map(|field| Secret::new(*field)).collect(),
            member_id: Some("42".to_owned()),
            locale: None,
        }
    }

    #[test]
    fn fields_are_read_as_they_are_typed() {
        let member = member(&asked(&["mobile=+447700900123", "note=a=b", "empty="])).unwrap();
        assert_eq!(member.fields["note"], "a=b");
        assert_eq!(member.fields["empty"], "");
        assert_eq!(member.id.as_deref(), Some("42"));
        for bad in ["+447700900123", "=x"] {
            let told = super::member(&asked(&[bad])).unwrap_err().text();
            assert_eq!(told, "error: `--field` is no NAME=VALUE\nhint: `--field mobile=+447700900123`");
        }
    }

    #[test]
    fn the_only_application_need_not_be_named() {
        let application = |id: &str| {
            format!(
                "[applications.{id}]\napi_keys = [\"a-key-of-twenty-characters-{id}\"]\nmethods = [\"off:code\"]\n"
            )
        };
        let read = |text: String| {
            let text = format!("[providers.off]\nenabled = false\n{text}");
            let draft = Draft::parse(&text, Path::new("p.toml"), Environment::of([("", "")]));
            draft.finish(&Libraries::default()).unwrap()
        };
        let (none, one) = (read(String::new()), read(application("web")));
        let two = read(application("web") + &application("app"));
        assert_eq!(super::application(&one, None).unwrap().id, "web");
        assert_eq!(super::application(&two, Some("app")).unwrap().id, "app");
        for (config, named, told) in [
            (&none, None, "error: no application is configured\nhint: configure one as `[applications.ID]`"),
            (&one, Some("x"), "error: there is no application `x`\nhint: there is `web`"),
            (&two, None, "error: there are several applications: say which\nhint: there is `app`, `web`"),
        ] {
            assert_eq!(super::application(config, named).unwrap_err().text(), told);
        }
    }

    /// J9, J19: the methods that reach the member, and why the others do not.
    #[test]
    fn methods_are_told_with_recipient_or_reason() {
        let offer = Offer {
            methods: vec![Offered {
                id: "sms:code".to_owned(),
                channel: "sms".to_owned(),
                payload: "code".to_owned(),
                recipient: "+44•••••••123".to_owned(),
                region: Region::named("GB"),
                preferred: true,
            }],
            unavailable: vec![Refusal::new(
                &"email:code".parse().unwrap(),
                "no_address".to_owned(),
                "member field `email` is empty".to_owned(),
            )],
        };
        let page = page(&offer);
        assert_eq!(
            page.text,
            "METHOD      RECIPIENT      REGION  STATE\n\
             sms:code    +44•••••••123  GB      preferred\n\
             email:code  -              -       no_address: member field `email` is empty"
        );
        assert_eq!(page.json["methods"][0]["region"], "GB");
        assert_eq!(page.json["methods"][0]["preferred"], true);
    }
}
