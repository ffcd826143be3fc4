//! `passrelay keys`: makes, lists and revokes API keys, of a server that runs or in the store that it left; and adds a key to
//! the server's own.

mod rotate;

use super::{
    arguments::{Keys, NewKey},
    operator::{Operator, Question},
    page::{Page, one_line},
    table::table,
    trouble::Trouble,
};
use serde_json::{Map, Value, json};
use std::path::Path;

/// What is said with a key, for it cannot be had a second time.
const ONCE: &str = "It is told this once: keep it where the application finds it.";

/// Does what is asked.
pub(super) async fn run(file: Option<&Path>, command: Keys) -> Result<Page, Trouble> {
    match command {
        // Asked of no server: a key file is whole before one starts.
        Keys::Rotate => rotate::run(file),
        Keys::New(asked) => {
            let operator = Operator::or_made(file).await?;
            let made = operator.ask(Question::post(&["v1", "keys"], &request(asked))).await?;
            Ok(Page::new(new(&made, operator.forgets()), made))
        }
        Keys::List => {
            let kept = Operator::of(file).await?.ask(Question::get(&["v1", "keys"])).await?;
            Ok(Page::new(list(&kept), kept))
        }
        Keys::Revoke { id } => {
            // Whoever pastes the whole key means the key; its secret goes nowhere.
            let id = id.expose();
            let id = id.strip_prefix("prk_").and_then(|rest| rest.split('_').next()).unwrap_or(id);
            Operator::of(file).await?.ask(Question::delete(&["v1", "keys", id])).await?;
            Ok(Page::new(format!("revoked {}", one_line(id)), json!({ "revoked": id })))
        }
    }
}

fn request(asked: NewKey) -> Value {
    let NewKey { application, scope, name, expires_at } = asked;
    let fields = [("application", application), ("scope", scope), ("name", name), ("expires_at", expires_at)];
    let given = fields.into_iter().filter_map(|(field, value)| Some((field.to_owned(), json!(value?))));
    Value::Object(given.collect::<Map<String, Value>>())
}

fn new(made: &Value, forgets: bool) -> String {
    let key = made["key"].as_str().unwrap_or_default();
    let until = if forgets { "\nThe server keeps it in memory: it ends with the server." } else { "" };
    format!("{key}\n\n{} {}. {ONCE}{until}", word(made, "id"), good_for(made))
}

fn list(kept: &Value) -> String {
    let keys = kept["keys"].as_array().map_or(&[][..], Vec::as_slice);
    if keys.is_empty() {
        return "no API key was made at run time; those of the configuration file stand there".to_owned();
    }
    let row = |key: &Value| {
        let good_for = match key["application"].as_str() {
            Some(application) => application.to_owned(),
            None => format!("({})", word(key, "scope")),
        };
        [
            word(key, "id"),
            good_for,
            word(key, "name"),
            word(key, "created_at"),
            word(key, "expires_at"),
            word(key, "last_used_at"),
        ]
    };
    let rows: Vec<[String; 6]> = keys.iter().map(row).collect();
    table(["ID", "APPLICATION", "NAME", "CREATED", "EXPIRES", "LAST USED"], &rows)
}

fn good_for(key: &Value) -> String {
    match (key["scope"].as_str(), key["application"].as_str()) {
        (_, Some(application)) => format!("calls as application `{application}`"),
        (Some("operator"), None) => "is good for operator routes".to_owned(),
        _ => "calls as every application: the header `Passrelay-Application` says which".to_owned(),
    }
}

/// A text of the answer; a dash where there is none.
fn word(key: &Value, field: &str) -> String {
    let text = key[field].as_str().filter(|text| !text.is_empty());
    text.map_or_else(|| "-".to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_stands_alone_on_the_first_line_and_is_said_to_be_told_once() {
        let made = json!({"id": "0a", "scope": "application", "application": "web", "key": "prk_0a_1b"});
        let text = new(&made, false);
        assert_eq!(text, format!("prk_0a_1b\n\n0a calls as application `web`. {ONCE}"));
        assert!(new(&made, true).ends_with("it ends with the server."));
        let made = json!({"id": "0a", "scope": "account", "application": null, "key": "prk_0a_1b"});
        assert!(new(&made, false).contains("the header `Passrelay-Application` says which"));
    }

    #[test]
    fn keys_are_listed_without_their_secrets() {
        assert!(list(&json!({ "keys": [] })).starts_with("no API key was made"));
        let kept = json!({"keys": [
            {"id": "0a", "scope": "application", "application": "web", "name": "ci\u{1b}", "created_at": "2026-01-02T03:04:05Z",
             "expires_at": null, "last_used_at": "2026-01-02T04:00:00Z"},
            {"id": "0b", "scope": "operator", "application": null, "name": "", "created_at": "2026-01-02T03:04:06Z",
             "expires_at": "2027-01-01T00:00:00Z", "last_used_at": null},
        ]});
        assert_eq!(
            list(&kept),
            "ID  APPLICATION  NAME  CREATED               EXPIRES               LAST USED\n\
             0a  web          ci    2026-01-02T03:04:05Z  -                     2026-01-02T04:00:00Z\n\
             0b  (operator)   -     2026-01-02T03:04:06Z  2027-01-01T00:00:00Z  -"
        );
    }
}
