//! Records found by their labels, newest or oldest first, a page at a time.

use super::{
    Database,
    records::{Found, opened, sealed},
};
use crate::store::{Key, Kind, fault::Fault, view::Labels};
use jiff::Timestamp;
use rusqlite::{
    params_from_iter,
    types::{Value, ValueRef},
};

/// Which records are asked for: those that have every label that is named.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Of which kind.
    pub kind: Kind,
    /// Only those whose id is less than this one: the last of the page before.
    pub before: Option<String>,
    /// Only those whose id is not less than this one.
    pub from: Option<String>,
    /// Only of this application.
    pub application: Option<String>,
    /// Only about this person: its name under each key of the server. Empty: about anybody.
    pub person: Vec<String>,
    /// Only those that stand here.
    pub state: Option<&'static str>,
    /// Only those of this provider.
    pub provider: Option<String>,
    /// Oldest first, instead of newest: the next part goes on behind the last one.
    pub oldest_first: bool,
    /// How many at most.
    pub most: usize,
}

impl Filter {
    /// The newest of a kind.
    pub fn of(kind: Kind, most: usize) -> Self {
        let (before, from, application, person) = (None, None, None, Vec::new());
        Self {
            kind,
            before,
            from,
            application,
            person,
            state: None,
            provider: None,
            oldest_first: false,
            most,
        }
    }
}

/// A part of a list: what was found, and the id that the next part goes on from, if there may be more.
#[derive(Debug)]
pub struct Listed<T> {
    /// What was found, in the order that was asked for: perhaps nothing, although more follows.
    pub found: Vec<T>,
    /// What to give as [`Filter::before`] to go on; oldest first it is what lies before [`Filter::from`].
    pub next: Option<String>,
}

/// How many records one statement looks at, whether they fit or not: so long others wait for the connection at most.
const LOOKED: usize = 1_000;

/// The records that have these labels and whose time is not over, newest first, among the next thousand that an index gives.
pub(in crate::store) fn listed(
    database: &Database,
    filter: &Filter,
    now: Timestamp,
) -> Result<Listed<Found>, Fault> {
    let state = filter.state.map(str::to_owned);
    let mut fits = vec!["(keep_until IS NULL OR keep_until > ?)".to_owned()];
    let mut values: Vec<Value> = vec![now.as_millisecond().into()];
    let mut narrowed = Vec::new();
    for (column, value) in
        [("application", &filter.application), ("state", &state), ("provider", &filter.provider)]
    {
        let Some(value) = value else { continue };
        // The index of people is narrower than that of applications, and only one can lead.
        if column == "application" && filter.person.is_empty() {
            narrowed.push((format!("{column} = ?"), vec![value.clone().into()]));
        } else {
            fits.push(format!("{column} = ?"));
            values.push(value.clone().into());
        }
    }
    if !filter.person.is_empty() {
        let people = filter.person.iter().cloned().map(Value::from).collect();
        narrowed.push((format!("person IN ({})", vec!["?"; filter.person.len()].join(", ")), people));
    }
    let index = match (filter.person.is_empty(), &filter.application) {
        (false, _) => "INDEXED BY records_person",
        (true, Some(_)) => "INDEXED BY records_application",
        (true, None) => "",
    };
    let mut conditions = vec!["kind = ? AND id < ? AND id >= ?".to_owned()];
    // Ids are ASCII: nothing sorts after this.
    let before = filter.before.as_deref().unwrap_or("\u{7f}").to_owned();
    values.extend([i64::from(filter.kind.number()).into(), before.into()]);
    values.push(filter.from.clone().unwrap_or_default().into());
    for (condition, narrowing) in narrowed {
        conditions.push(condition);
        values.extend(narrowing);
    }
    values.push(i64::try_from(LOOKED).unwrap_or(i64::MAX).into());
    let (fits, conditions) = (fits.join(" AND "), conditions.join(" AND "));
    let order = if filter.oldest_first { "ASC" } else { "DESC" };
    let select = format!(
        "SELECT CASE WHEN {fits} THEN body END, keep_until, id FROM records {index} WHERE {conditions}
         ORDER BY id {order} LIMIT ?"
    );
    let mut select = database.connection.prepare_cached(&select)?;
    let mut rows = select.query(params_from_iter(values))?;
    let (mut found, mut looked, mut last) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        let id = row.get::<_, String>(2)?;
        looked += 1;
        if row.get_ref(0)? != ValueRef::Null {
            let key = Key::new(filter.kind, &*id);
            let (body, keep_until) = sealed(row)?;
            let record = opened(&database.seals, &key, &body, Labels::until(keep_until));
            found.push((key, record));
        }
        last = Some(id);
        if found.len() == filter.most {
            break;
        }
    }
    let next = last.filter(|_| looked == LOOKED || found.len() == filter.most);
    Ok(Listed { found, next })
}
