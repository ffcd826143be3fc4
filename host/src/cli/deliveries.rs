//! `passrelay deliveries`: what became of messages, of a server that runs or in the store that it left.

use super::{
    arguments::Deliveries,
    operator::{Operator, Question},
    page::{Page, one_line},
    table::table,
    trouble::Trouble,
};
use serde_json::Value;
use std::path::Path;

/// Finds what is asked for.
pub(super) async fn run(file: Option<&Path>, asked: &Deliveries) -> Result<Page, Trouble> {
    let operator = Operator::of(file).await?;
    let query = query(asked);
    let found = operator.ask(Question { query: &query, ..Question::get(&["v1", "deliveries"]) }).await?;
    Ok(Page::new(list(&found), found))
}

fn query(asked: &Deliveries) -> Vec<(&'static str, &str)> {
    let Deliveries { to, status, failure, provider, channel, application, since, until, limit, after } =
        asked;
    let fields = [
        ("status", status),
        ("failure", failure),
        ("provider", provider),
        ("channel", channel),
        ("application", application),
        ("since", since),
        ("until", until),
        ("limit", limit),
        ("after", after),
    ];
    let given = fields.into_iter().filter_map(|(field, value)| Some((field, value.as_deref()?)));
    given.chain(to.as_ref().map(|to| ("to", to.expose()))).collect()
}

fn list(found: &Value) -> String {
    let deliveries = found["deliveries"].as_array().map_or(&[][..], Vec::as_slice);
    let rows: Vec<[String; 7]> = deliveries.iter().map(row).collect();
    let heads = ["ID", "CREATED", "CHANNEL", "RECIPIENT", "PROVIDER", "STATUS", "WHY"];
    let text = if rows.is_empty() { "no such delivery".to_owned() } else { table(heads, &rows) };
    match found["next"].as_str() {
        // The store looks through so many at a time, whether they fit or not.
        Some(next) if rows.is_empty() => {
            format!("{text} among the newest; look on with `--after {}`", one_line(next))
        }
        Some(next) => format!("{text}\nthere may be more: `--after {}`", one_line(next)),
        None => text,
    }
}

fn row(delivery: &Value) -> [String; 7] {
    let word = |field: &str| delivery[field].as_str().unwrap_or("-").to_owned();
    let repeated = if delivery["repeated"] == true { ", repeated" } else { "" };
    let status = format!("{}{repeated}", word("status"));
    let said = ["failure", "failure_code", "detail"].map(|field| delivery[field].as_str());
    let why = said.into_iter().flatten().collect::<Vec<_>>().join(": ");
    let why = match delivery["not_before"].as_str() {
        Some(at) if why.is_empty() => format!("not before {at}"),
        _ => why,
    };
    let why = if why.is_empty() { "-".to_owned() } else { why };
    [word("id"), word("created_at"), word("channel"), word("recipient"), word("provider"), status, why]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn deliveries_are_listed_with_what_became_of_them_and_why() {
        let found = json!({ "deliveries": [
            {"id": "dlv_2", "status": "failed", "provider": "one", "channel": "sms", "recipient": "+44•••••••123",
             "repeated": true, "created_at": "2026-01-02T03:04:06Z", "failure": "opted_out", "failure_code": "21610",
             "detail": "said\u{1b}[2J stop"},
            {"id": "dlv_1", "status": "queued", "provider": "one", "channel": "sms", "recipient": "+44•••••••123",
             "repeated": false, "created_at": "2026-01-02T03:04:05Z", "not_before": "2026-01-02T03:05:05Z"},
            {"id": "dlv_0", "status": "sent", "provider": "two", "channel": "email", "recipient": "a•••@example.com",
             "repeated": false, "created_at": "2026-01-02T03:04:04Z"},
        ], "next": "dlv_0" });
        assert_eq!(
            list(&found),
            "ID     CREATED               CHANNEL  RECIPIENT         PROVIDER  STATUS            WHY\n\
             dlv_2  2026-01-02T03:04:06Z  sms      +44•••••••123     one       failed, repeated  opted_out: 21610: said [2J stop\n\
             dlv_1  2026-01-02T03:04:05Z  sms      +44•••••••123     one       queued            not before 2026-01-02T03:05:05Z\n\
             dlv_0  2026-01-02T03:04:04Z  email    a•••@example.com  two       sent              -\n\
             there may be more: `--after dlv_0`"
        );
        assert_eq!(list(&json!({ "deliveries": [] })), "no such delivery");
        let far = list(&json!({ "deliveries": [], "next": "dlv_9" }));
        assert_eq!(far, "no such delivery among the newest; look on with `--after dlv_9`");
    }
}
