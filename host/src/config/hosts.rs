//! `allow_hosts` of a provider: which of the hosts that its library declares it may reach.

use super::{
    report::Report,
    section::Field,
    suggestion::{listed, nearest},
    tree::Value,
};
use crate::plugin::declared_hosts;
use provider_api::{Manifest, hosts::Pattern};
use serde_json::Value as Json;

const FORM: &str = "a host such as \"api.example.com\", \"api.example.com:8443\", \"*.example.com\" (any name below) or \"*\", \
    in lower case and without `https://`";

/// The permitted hosts, each with where it stands.
#[derive(Clone)]
pub(super) struct Permitted {
    path: String,
    hosts: Vec<(usize, Pattern)>,
}

/// Reads the list; an empty one permits none.
pub(super) fn read(field: &Field<'_>, report: &mut Report) -> Option<Permitted> {
    let is_empty = matches!(&field.node.value, Value::List(items) if items.is_empty());
    let items = if is_empty { Vec::new() } else { field.list(FORM, report)? };
    let host = |item: Field<'_>| match Pattern::parse(item.text(report)?) {
        Ok(Pattern::Key(_)) | Err(_) => {
            item.wrong("has an item that is no host", FORM.to_owned(), report);
            None
        }
        Ok(host) => Some((item.at(), host)),
    };
    Some(Permitted { path: field.path.clone(), hosts: items.into_iter().filter_map(host).collect() })
}

impl Permitted {
    /// The hosts alone.
    pub(super) fn patterns(&self) -> Vec<Pattern> {
        self.hosts.iter().map(|(_, host)| host.clone()).collect()
    }

    /// Tells each host that the library declares in no way: it would never be reached.
    pub(super) fn hold(&self, manifest: &Manifest, config: &Json, report: &mut Report) {
        let declared = declared_hosts(manifest, config);
        for (at, host) in self.hosts.iter().filter(|(_, host)| !declared.could_be(host)) {
            let known: Vec<&str> = manifest.hosts.iter().map(String::as_str).collect();
            let meant =
                nearest(&host.to_string(), known.iter().copied().filter(|host| !host.starts_with('{')));
            let hint = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if known.is_empty() => format!("`{}` declares no host at all", manifest.id),
                None => format!("`{}` declares {}", manifest.id, listed(&known)),
            };
            let what = format!("`{}` permits a host that its library does not declare", self.path);
            report.mistake_of(self.path.clone(), *at, what, Some(hint));
        }
    }
}
