//! How the hosts of a library are shown: a list that keeps it from nowhere must not look like one that does.

use crate::cli::table::words;
use provider_api::hosts::Pattern;

/// The hosts as they are declared or permitted, loudly if that is every host.
pub(super) fn shown(hosts: &[String]) -> String {
    let is_wide = |host: &String| Pattern::parse(host).is_ok_and(|host| host.is_wide());
    if hosts.iter().any(is_wide) { format!("ANY HOST ({})", words(hosts)) } else { words(hosts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reaches_everything_is_told_loudly() {
        let shown = |hosts: &[&str]| shown(&hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>());
        assert_eq!(shown(&["api.example.com", "*.example.com"]), "api.example.com *.example.com");
        assert_eq!(shown(&["api.example.com", "*"]), "ANY HOST (api.example.com *)");
        assert_eq!(shown(&["*.com"]), "ANY HOST (*.com)");
    }
}
