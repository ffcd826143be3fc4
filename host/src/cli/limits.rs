//! `passrelay limits`: how much of each limit is used, and how somebody is let go.

use super::{
    arguments::{Limits, Subject},
    operator::{Operator, Question},
    page::Page,
    table::table,
    trouble::Trouble,
};
use crate::clock::span;
use provider_api::Secret;
use serde_json::{Map, Value, json};
use std::{path::Path, time::Duration};

/// Does what is asked.
pub(super) async fn run(file: Option<&Path>, command: Limits) -> Result<Page, Trouble> {
    let operator = Operator::of(file).await?;
    let (what, subject) = match command {
        Limits::Show(subject) => ("find", subject),
        Limits::Free(subject) => ("free", subject),
    };
    let answer = operator.ask(Question::post(&["v1", "limits", what], &request(&subject))).await?;
    let text = list(&answer);
    Ok(Page::new(if what == "free" { format!("freed; now it is\n{text}") } else { text }, answer))
}

fn request(subject: &Subject) -> Value {
    let Subject { application, whom } = subject;
    let fields = [
        ("to", &whom.to),
        ("member_id", &whom.member),
        ("entity", &whom.entity),
        ("api_key", &whom.api_key),
        ("ip", &whom.ip),
    ];
    let given =
        fields.into_iter().filter_map(|(field, whom)| Some((field, whom.as_ref().map(Secret::expose)?)));
    let given = given.chain([("application", application.as_str())]);
    Value::Object(given.map(|(field, value)| (field.to_owned(), json!(value))).collect::<Map<_, _>>())
}

fn list(answer: &Value) -> String {
    let limits = answer["limits"].as_array().map_or(&[][..], Vec::as_slice);
    if limits.is_empty() {
        return "no limit is configured that counts this".to_owned();
    }
    let rows: Vec<[String; 5]> = limits.iter().map(row).collect();
    table(["LIMIT", "USED", "OF", "IN", "STATE"], &rows)
}

fn row(limit: &Value) -> [String; 5] {
    let number = |field: &str| limit[field].as_u64();
    let time = |field: &str| number(field).map(|seconds| span::write(Duration::from_secs(seconds)));
    let count = |field: &str| number(field).map_or_else(|| "-".to_owned(), |count| count.to_string());
    let state = match (limit["locked"] == true, time("reset_seconds")) {
        (true, Some(reset)) => format!("used up, more in {reset}"),
        (true, None) => "locked until it is freed".to_owned(),
        (false, Some(reset)) => format!("more in {reset}"),
        (false, None) => "-".to_owned(),
    };
    let name = limit["name"].as_str().unwrap_or("-").to_owned();
    [name, count("used"), count("quota"), time("window_seconds").unwrap_or_else(|| "a row".to_owned()), state]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_listed_with_what_is_used_and_when_there_is_more() {
        let answer = json!({ "limits": [
            {"name": "sends_per_recipient", "used": 5, "quota": 5, "window_seconds": 600, "reset_seconds": 90, "locked": true},
            {"name": "failed_checks_per_recipient", "used": 3, "quota": 10, "window_seconds": 3600,
             "reset_seconds": 3600, "locked": false},
            {"name": "failed_checks_in_a_row_per_recipient", "used": 100, "quota": 100, "locked": true},
            {"name": "sends_per_application", "used": 0, "quota": 9, "window_seconds": 60, "locked": false},
        ]});
        assert_eq!(
            list(&answer),
            "LIMIT                                 USED  OF   IN     STATE\n\
             sends_per_recipient                   5     5    10m    used up, more in 1m30s\n\
             failed_checks_per_recipient           3     10   1h     more in 1h\n\
             failed_checks_in_a_row_per_recipient  100   100  a row  locked until it is freed\n\
             sends_per_application                 0     9    1m     -"
        );
        assert_eq!(list(&json!({ "limits": [] })), "no limit is configured that counts this");
    }
}
