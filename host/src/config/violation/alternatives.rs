//! Keys of which a library takes one set or another: `auth_token`, or `api_key_sid` and `api_key_secret`.

use super::{Here, Kind};
use crate::config::{report::Report, tree::shown};
use jsonschema::ValidationError;

/// Tells what each form still lacks, if that is all that is wrong with every one of them; else says no.
pub(super) fn tell_lacking(
    branches: &[Vec<ValidationError<'static>>],
    here: &Here<'_>,
    report: &mut Report,
) -> bool {
    let lacking = |error: &ValidationError<'static>| match error.kind() {
        Kind::Required { property } if error.instance_path().as_str() == here.pointer => {
            property.as_str().map(str::to_owned)
        }
        _ => None,
    };
    let sets: Option<Vec<Vec<String>>> =
        branches.iter().map(|errors| errors.iter().map(lacking).collect()).collect();
    let Some(sets) = sets.filter(|sets| sets.iter().all(|set| !set.is_empty())) else { return false };
    let what = format!("`{}` lacks {}", here.path(), joined(&least(sets), ", or "));
    report.missing(here.path().to_owned(), here.at(), what, here.help());
    true
}

/// Tells that several forms fit of which one is expected; `required` names the keys of each.
pub(super) fn tell_several(
    branches: &[Vec<ValidationError<'static>>],
    required: &[Vec<String>],
    here: &Here<'_>,
    report: &mut Report,
) {
    let fitting = branches.iter().zip(required).filter(|(errors, _)| errors.is_empty());
    let sets: Vec<Vec<String>> = fitting.map(|(_, keys)| keys.clone()).collect();
    if sets.len() < 2 || sets.iter().any(Vec::is_empty) {
        return here.wrong("has several of the forms of which the library expects one", report);
    }
    here.wrong(&format!("has {}; only one of these may stand there", joined(&sets, " as well as ")), report);
}

/// The sets without those that hold another one, the small ones first.
fn least(mut sets: Vec<Vec<String>>) -> Vec<Vec<String>> {
    sets.sort_by_key(Vec::len);
    let mut least: Vec<Vec<String>> = Vec::new();
    for set in sets {
        if !least.iter().any(|smaller| smaller.iter().all(|key| set.contains(key))) {
            least.push(set);
        }
    }
    least
}

/// `a`, or `b` and `c`
fn joined(sets: &[Vec<String>], or: &str) -> String {
    let named = |set: &Vec<String>| {
        set.iter().map(|key| format!("`{}`", shown(key))).collect::<Vec<_>>().join(" and ")
    };
    sets.iter().map(named).collect::<Vec<_>>().join(or)
}
