//! Mistakes of a configuration as the errors of a request's fields.

use crate::{
    config::{Mistake, Mistakes},
    http::problem::FieldError,
};

/// Each mistake by its field; one about no field in particular is about `whole`.
pub(super) fn of_mistakes(mistakes: &Mistakes, whole: &str) -> Vec<FieldError> {
    mistakes.iter().map(|mistake| field(mistake, whole)).collect()
}

/// A mistake as the error of a field, which its words need not name again.
fn field(mistake: &Mistake, whole: &str) -> FieldError {
    let field = mistake.field.as_deref().unwrap_or(whole);
    let what = mistake.what.strip_prefix(&format!("`{field}` ")).unwrap_or(&mistake.what);
    let hint = mistake.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
    FieldError::new(field, format!("{what}{hint}"))
}
