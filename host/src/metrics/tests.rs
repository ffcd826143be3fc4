//! Every metric is counted once, and the table in the README says the same as the text.

use super::*;
use std::collections::BTreeSet;

/// Each metric touched once.
fn touched() -> String {
    let metrics = Metrics::new(Timestamp::from_second(1_700_000_000).unwrap());
    for kind in [Start::New, Start::Resend, Start::Resend] {
        metrics.start(kind);
    }
    metrics.check(true);
    metrics.check(false);
    metrics.request("POST", "/v1/verifications/{id}/checks", 200, Duration::from_micros(300));
    metrics.request("GET", "none", 404, Duration::ZERO);
    metrics.problem("GET", "none", "no-route");
    metrics.delivery("one", "failed", "throttled", Some(Duration::from_millis(200)));
    metrics.canary_delivery("one", "sent", "");
    metrics.jobs(3);
    metrics.batch(3, 2_000, 0.001);
    metrics.queue_wait(0.000_1);
    let lane = |id: &str, state| ProviderNow {
        id: id.to_owned(),
        state,
        lane: Some((2, 1024)),
        canary: Some("ready"),
    };
    metrics.text(&[lane("gone", "ready")]).unwrap();
    let closed = ProviderNow { id: "two".to_owned(), state: "failed", lane: None, canary: None };
    metrics.text(&[lane("one", "throttled"), closed]).unwrap()
}

#[test]
fn what_is_counted_is_shown() {
    let text = touched();
    for line in [
        "passrelay_starts_total{kind=\"new\"} 1",
        "passrelay_starts_total{kind=\"resend\"} 2",
        "passrelay_starts_total{kind=\"replay\"} 0",
        "passrelay_checks_total{verdict=\"right\"} 1",
        "passrelay_checks_total{verdict=\"wrong\"} 1",
        "passrelay_approvals_total 1",
        "passrelay_problems_total{method=\"GET\",route=\"none\",problem=\"no-route\"} 1",
        "passrelay_deliveries_total{provider=\"one\",outcome=\"failed\",failure=\"throttled\"} 1",
        "passrelay_canary_deliveries_total{provider=\"one\",outcome=\"sent\",failure=\"\"} 1",
        "passrelay_canary_state{provider=\"one\",state=\"ready\"} 1",
        "passrelay_delivery_duration_seconds_sum{provider=\"one\"} 0.2",
        "passrelay_http_request_duration_seconds_bucket{le=\"0.0005\",method=\"POST\",route=\"/v1/verifications/{id}/checks\",status=\"2xx\"} 1",
        "passrelay_ledger_jobs_total 3",
        "passrelay_ledger_batch_jobs_bucket{le=\"4.0\"} 1",
        "passrelay_ledger_batch_size_bytes_sum 2000.0",
        "passrelay_ledger_commit_duration_seconds_count 1",
        "passrelay_ledger_queue_wait_seconds_count 1",
        "passrelay_lane_depth{provider=\"one\"} 2",
        "passrelay_lane_places{provider=\"one\"} 1024",
        "passrelay_provider_state{provider=\"one\",state=\"throttled\"} 1",
        "passrelay_provider_state{provider=\"one\",state=\"ready\"} 0",
        "passrelay_provider_state{provider=\"two\",state=\"failed\"} 1",
        "passrelay_start_time_seconds 1700000000.0",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    assert!(text.ends_with("# EOF\n") && text.contains("passrelay_build_info{version=\"0."), "{text}");
    assert!(!text.contains("gone"), "a provider that is gone is forgotten: {text}");
}

/// The names of the labels of a series.
fn labels(line: &str) -> BTreeSet<String> {
    let inside =
        line.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).map_or("", |(inside, _)| inside);
    let names =
        inside.split("\",").filter_map(|label| label.split_once('=').map(|(name, _)| name.to_owned()));
    names.filter(|name| name != "le").collect()
}

/// `| name | labels | help |` of each metric, as the text has them.
fn rows(text: &str) -> BTreeSet<String> {
    let described = text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' '));
    let row = |(name, help): (&str, &str)| {
        let kind = text.lines().find_map(|line| line.strip_prefix(&format!("# TYPE {name} "))).unwrap();
        let suffix = match kind {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        let series = text.lines().filter(|line| line.starts_with(name));
        let labels: BTreeSet<String> = series.flat_map(labels).collect();
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{name}{suffix}` | {kind} | {} | {help} |", labels.join(", "))
    };
    described.map(row).collect()
}

#[test]
fn the_table_in_the_readme_lists_every_metric_and_no_other() {
    let readme = include_str!("../../../README.md");
    let documented: BTreeSet<String> =
        readme.lines().filter(|line| line.starts_with("| `passrelay_")).map(str::to_owned).collect();
    let rows = rows(&touched());
    let missing: Vec<&String> = rows.difference(&documented).collect();
    let gone: Vec<&String> = documented.difference(&rows).collect();
    assert!(missing.is_empty() && gone.is_empty(), "missing: {missing:#?}\ngone: {gone:#?}");
}
