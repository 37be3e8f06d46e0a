//! Reading: each query names the table that drives it, so that no plan depends on statistics.

use exchange::block::{MOST_BETWEEN_STARTS_MS, WINDOW_MESSAGES};
use exchange::ids::RecordPlace;
use exchange::ports::{FeedScope, LinkKind, QuarantineQuery, RecordQuery, RunFound};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::IndexError;
use crate::names::Names;

/// Position of a submission by its key.
pub(crate) fn submission(
    connection: &Connection,
    agency: i64,
    feed: i64,
    key: &[u8; 16],
) -> Result<Option<u64>, IndexError> {
    connection
        .prepare_cached(
            "SELECT position FROM submission WHERE agency = ?1 AND feed = ?2 AND key = ?3",
        )
        .and_then(|mut statement| {
            statement
                .query_row(params![agency, feed, key], position)
                .optional()
        })
        .map_err(IndexError::database("finding a submission"))
}

/// Runs by filters, in order of place.
pub(crate) fn runs(
    connection: &Connection,
    names: &Names,
    query: &RecordQuery,
) -> Result<Vec<RunFound>, IndexError> {
    let Some(select) = select_runs(names, query) else {
        return Ok(Vec::new());
    };
    let failed = IndexError::database("finding records");
    let mut statement = connection.prepare_cached(&select.sql).map_err(&failed)?;
    let rows = statement
        .query_map(params_from_iter(select.values), run_found)
        .map_err(&failed)?;
    rows.collect::<Result<_, _>>().map_err(&failed)
}

/// Runs that hold values sealed under a key, in order of place.
pub(crate) fn sealed(
    connection: &Connection,
    key: &str,
    limit: u32,
) -> Result<Vec<RunFound>, IndexError> {
    let failed = IndexError::database("finding sealed values");
    let mut statement = connection
        .prepare_cached(
            "SELECT r.position, r.message, r.first, r.last_message, r.last, r.count
             FROM link l CROSS JOIN run r
             ON r.position = l.position AND r.message = l.message AND r.first = l.first
             WHERE l.kind = ?1 AND l.value = ?2 ORDER BY l.position, l.message, l.first LIMIT ?3",
        )
        .map_err(&failed)?;
    let rows = statement
        .query_map(params![LinkKind::Sealed as u8, key, limit], run_found)
        .map_err(&failed)?;
    rows.collect::<Result<_, _>>().map_err(&failed)
}

fn run_found(row: &rusqlite::Row<'_>) -> rusqlite::Result<RunFound> {
    Ok(RunFound {
        place: RecordPlace {
            position: position(row)?,
            message: row.get(1)?,
            ordinal: row.get(2)?,
        },
        last_message: row.get(3)?,
        last: row.get(4)?,
        count: row.get(5)?,
    })
}

/// Quarantined messages by filters.
pub(crate) fn quarantined(
    connection: &Connection,
    names: &Names,
    query: &QuarantineQuery,
) -> Result<Vec<(u64, u16)>, IndexError> {
    let mut select = Select::new("SELECT position, message FROM quarantined q WHERE 1");
    if let Some(code) = &query.code {
        let Some(code) = names.known(code) else {
            return Ok(Vec::new());
        };
        select.and("q.code = ?", [Value::from(code)]);
    }
    if select.feeds("q", names, &query.feeds).is_none() {
        return Ok(Vec::new());
    }
    if let Some((position, message)) = query.after {
        select.and(
            "(q.position, q.message) > (?, ?)",
            [number(position), Value::from(i64::from(message))],
        );
    }
    select
        .sql
        .push_str(" ORDER BY q.position, q.message LIMIT ?");
    select.values.push(Value::from(i64::from(query.limit)));
    let failed = IndexError::database("finding quarantined messages");
    let mut statement = connection.prepare_cached(&select.sql).map_err(&failed)?;
    let rows = statement
        .query_map(params_from_iter(select.values), |row| {
            Ok((position(row)?, row.get(1)?))
        })
        .map_err(&failed)?;
    rows.collect::<Result<_, _>>().map_err(&failed)
}

/// A statement being written.
struct Select {
    sql: String,
    values: Vec<Value>,
}

impl Select {
    fn new(sql: &str) -> Select {
        Select {
            sql: sql.to_owned(),
            values: Vec::new(),
        }
    }

    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.extend(values);
    }

    /// Narrows to the feeds; `None` when none of them was ever written, so nothing can match.
    fn feeds(&mut self, table: &str, names: &Names, scope: &FeedScope) -> Option<()> {
        let FeedScope::Only(feeds) = scope else {
            return Some(());
        };
        let numbers: Vec<Value> = feeds
            .iter()
            .filter_map(|feed| names.known(feed))
            .map(Value::from)
            .collect();
        if numbers.is_empty() {
            return None;
        }
        let places = vec!["?"; numbers.len()].join(", ");
        // The unary plus keeps the feed from driving the query: a scope of many feeds would sort.
        let plus = if numbers.len() == 1 { "" } else { "+" };
        self.and(&format!("{plus}{table}.feed IN ({places})"), numbers);
        Some(())
    }
}

/// The statement for a record query; `None` when a name was never written, so nothing can match.
fn select_runs(names: &Names, query: &RecordQuery) -> Option<Select> {
    let keys: Vec<(LinkKind, &String)> = [
        (LinkKind::Case, &query.case_number),
        (LinkKind::Device, &query.device),
        (LinkKind::Party, &query.party),
    ]
    .into_iter()
    .filter_map(|(kind, value)| Some((kind, value.as_ref()?)))
    .collect();
    let mut select =
        Select::new("SELECT r.position, r.message, r.first, r.last_message, r.last, r.count FROM ");
    let place_of = if keys.is_empty() { "r" } else { "l0" };
    select.sql.push_str(&tables(&keys, query));
    for (number, (kind, value)) in keys.iter().enumerate() {
        let condition = format!("l{number}.kind = ? AND l{number}.value = ?");
        select.and(
            &condition,
            [Value::from(*kind as i64), Value::from((*value).clone())],
        );
    }
    if let Some(entity) = &query.entity {
        select.and("r.entity = ?", [Value::from(names.known(entity)?)]);
    }
    select.feeds("r", names, &query.feeds)?;
    if let Some(from_ms) = query.from_ms {
        // A run that begins earlier may reach in. How much earlier is what bounds the search.
        let earliest = from_ms.saturating_sub(MOST_BETWEEN_STARTS_MS);
        select.and(
            "r.from_ms >= ? AND r.last_from_ms >= ?",
            [Value::from(earliest), Value::from(from_ms)],
        );
    }
    if let Some(to_ms) = query.to_ms {
        select.and("r.from_ms < ?", [Value::from(to_ms)]);
    }
    if let Some(after) = query.after {
        // The run that holds `after` counts as long as records of it are left. It begins in the
        // window of `after`, so nothing before the window is looked at.
        let window = after.message / WINDOW_MESSAGES * WINDOW_MESSAGES;
        let tail = format!(
            "({place_of}.position, {place_of}.message, {place_of}.first) >= (?, ?, 0) \
             AND (r.position, r.last_message, r.last) > (?, ?, ?)"
        );
        let small = |value: u16| Value::from(i64::from(value));
        select.and(
            &tail,
            [
                number(after.position),
                small(window),
                number(after.position),
                small(after.message),
                small(after.ordinal),
            ],
        );
    }
    select.sql.push_str(&format!(
        " ORDER BY {place_of}.position, {place_of}.message, {place_of}.first LIMIT ?"
    ));
    select.values.push(Value::from(i64::from(query.limit)));
    Some(select)
}

/// The FROM clause: the table that drives comes first, and CROSS JOIN keeps it there.
fn tables(keys: &[(LinkKind, &String)], query: &RecordQuery) -> String {
    let mut text = String::new();
    for number in 0..keys.len() {
        if number == 0 {
            text.push_str("link l0");
        } else {
            text.push_str(&format!(
                " CROSS JOIN link l{number} ON (l{number}.position, l{number}.message, l{number}.first) \
                 = (l0.position, l0.message, l0.first)"
            ));
        }
    }
    if !keys.is_empty() {
        text.push_str(" CROSS JOIN run r ON (r.position, r.message, r.first) = (l0.position, l0.message, l0.first) WHERE 1");
        return text;
    }
    let single_feed = matches!(&query.feeds, FeedScope::Only(feeds) if feeds.len() == 1);
    let bounded = query.from_ms.is_some() && query.to_ms.is_some();
    text.push_str("run r");
    if single_feed && query.entity.is_some() {
        text.push_str(" INDEXED BY run_by_feed");
    } else if bounded {
        text.push_str(" INDEXED BY run_by_time");
    } else {
        text.push_str(" NOT INDEXED");
    }
    text.push_str(" WHERE 1");
    if bounded {
        text.push_str(" AND r.from_ms IS NOT NULL");
    }
    text
}

/// The position in the first column: written by us, so never negative.
fn position(row: &rusqlite::Row<'_>) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(0)?.unsigned_abs())
}

fn number(value: u64) -> Value {
    Value::from(i64::try_from(value).unwrap_or(i64::MAX))
}

/// The plan of a record query, for the test that keeps it free of sorts.
#[cfg(test)]
pub(crate) fn explain(index: &crate::SqliteIndex, query: &RecordQuery) -> String {
    let select = select_runs(&index.names, query).expect("the names are known");
    index
        .with_reader(|connection| {
            let mut statement = connection
                .prepare(&format!("EXPLAIN QUERY PLAN {}", select.sql))
                .expect("prepares");
            let rows = statement
                .query_map(params_from_iter(select.values), |row| {
                    row.get::<_, String>(3)
                })
                .expect("explains");
            Ok(rows
                .map(|row| row.expect("reads"))
                .collect::<Vec<_>>()
                .join("\n"))
        })
        .expect("reads")
}
