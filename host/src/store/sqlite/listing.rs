//! Records found by their labels, newest first, a page at a time.

use super::{
    Database,
    records::{Found, opened, sealed},
};
use crate::store::{Key, Kind, fault::Fault, view::Labels};
use jiff::Timestamp;
use rusqlite::{params_from_iter, types::Value};

/// Which records are asked for: those that have every label that is named.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Of which kind.
    pub kind: Kind,
    /// Only those whose id is less than this one: the last of the page before.
    pub before: Option<String>,
    /// Only of this application.
    pub application: Option<String>,
    /// Only about this person: its name under each key of the server. Empty: about anybody.
    pub person: Vec<String>,
    /// Only those that stand here.
    pub state: Option<&'static str>,
    /// Only those of this provider.
    pub provider: Option<String>,
    /// How many at most.
    pub most: usize,
}

impl Filter {
    /// The newest of a kind.
    pub fn of(kind: Kind, most: usize) -> Self {
        Self { kind, before: None, application: None, person: Vec::new(), state: None, provider: None, most }
    }
}

/// The records that have these labels and whose time is not over, newest first.
pub(in crate::store) fn listed(
    database: &Database,
    filter: &Filter,
    now: Timestamp,
) -> Result<Vec<Found>, Fault> {
    // What is not asked for is no part of the statement, so that the index that fits can be used.
    let mut conditions = vec!["kind = ? AND id < ? AND (keep_until IS NULL OR keep_until > ?)".to_owned()];
    // Ids are ASCII: nothing sorts after this.
    let before = filter.before.as_deref().unwrap_or("\u{7f}").to_owned();
    let now = now.as_millisecond();
    let mut values: Vec<Value> = vec![i64::from(filter.kind.number()).into(), before.into(), now.into()];
    let state = filter.state.map(str::to_owned);
    for (column, value) in
        [("application", &filter.application), ("state", &state), ("provider", &filter.provider)]
    {
        if let Some(value) = value {
            conditions.push(format!("{column} = ?"));
            values.push(value.clone().into());
        }
    }
    if !filter.person.is_empty() {
        conditions.push(format!("person IN ({})", vec!["?"; filter.person.len()].join(", ")));
        values.extend(filter.person.iter().cloned().map(Value::from));
    }
    values.push(i64::try_from(filter.most).unwrap_or(i64::MAX).into());
    let conditions = conditions.join(" AND ");
    let select =
        format!("SELECT body, keep_until, id FROM records WHERE {conditions} ORDER BY id DESC LIMIT ?");
    let mut select = database.connection.prepare_cached(&select)?;
    let mut rows = select.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let key = Key::new(filter.kind, row.get::<_, String>(2)?);
        let (body, keep_until) = sealed(row)?;
        let record = opened(&database.seals, &key, &body, Labels::until(keep_until));
        found.push((key, record));
    }
    Ok(found)
}
