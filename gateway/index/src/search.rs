//! Finding entries for searches: one table drives, in order of position, and the others are asked
//! for each position it gives.

use exchange::ports::{EntryQuery, FeedScope, LinkKind};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use crate::IndexError;
use crate::names::Names;

/// The event that nearly all entries are: the index by event leaves it out.
const SUBMIT: u64 = exchange::entry::EVENT_SUBMIT;

/// Rows looked at to learn which word is the rarest.
const MOST_WEIGHED: u32 = 2_000;

/// Positions of entries by filters, in order.
pub(crate) fn entries(
    connection: &Connection,
    names: &Names,
    query: &EntryQuery,
) -> Result<Vec<u64>, IndexError> {
    let failed = IndexError::database("finding entries");
    let selects = selects(connection, names, query).map_err(&failed)?;
    let mut found: Vec<u64> = Vec::new();
    for select in selects {
        let sql = format!("{} ORDER BY position {} LIMIT ?", select.sql, order(query));
        let limit = Value::from(i64::from(query.limit));
        let values = select.values.into_iter().chain([limit]);
        let mut statement = connection.prepare_cached(&sql).map_err(&failed)?;
        let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, i64>(0));
        for row in rows.map_err(&failed)? {
            found.push(row.map_err(&failed)?.unsigned_abs());
        }
    }
    // Each select is in order and limited, so the first of all of them are among these.
    found.sort_unstable();
    found.dedup();
    if query.newest_first {
        found.reverse();
    }
    found.truncate(query.limit as usize);
    Ok(found)
}

/// How many entries there are, counted up to `most`.
pub(crate) fn count(
    connection: &Connection,
    names: &Names,
    query: &EntryQuery,
    most: u64,
) -> Result<u64, IndexError> {
    let failed = IndexError::database("counting entries");
    let selects = selects(connection, names, query).map_err(&failed)?;
    if selects.is_empty() {
        return Ok(0);
    }
    let parts: Vec<&str> = selects.iter().map(|select| select.sql.as_str()).collect();
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT position FROM ({}) LIMIT ?)",
        parts.join(" UNION ")
    );
    let most = Value::from(i64::try_from(most).unwrap_or(i64::MAX));
    let values = selects.into_iter().flat_map(|select| select.values);
    let values = values.chain([most]);
    let mut statement = connection.prepare_cached(&sql).map_err(&failed)?;
    let count = statement.query_row(params_from_iter(values), |row| row.get::<_, i64>(0));
    Ok(count.map_err(&failed)?.unsigned_abs())
}

fn order(query: &EntryQuery) -> &'static str {
    if query.newest_first { "DESC" } else { "ASC" }
}

/// A statement being written, up to its order.
struct Select {
    sql: String,
    values: Vec<Value>,
}

impl Select {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.extend(values);
    }
}

/// What drives a statement.
enum Driver<'q> {
    /// Keys of records.
    Link(LinkKind, &'q str),
    /// The case that entries are bound to.
    EntryCase(&'q str),
    /// A word, or a range of words.
    Word(u64, u64),
    /// The entries themselves.
    Entry,
}

/// The statements whose results together are the answer; none when a name was never written.
fn selects(
    connection: &Connection,
    names: &Names,
    query: &EntryQuery,
) -> rusqlite::Result<Vec<Select>> {
    let drivers = match (&query.case_number, &query.party, &query.device) {
        (Some(case), _, _) => vec![Driver::Link(LinkKind::Case, case), Driver::EntryCase(case)],
        (None, Some(party), _) => vec![Driver::Link(LinkKind::Party, party)],
        (None, None, Some(device)) => vec![Driver::Link(LinkKind::Device, device)],
        (None, None, None) => match rarest(connection, query)? {
            Some((from, to)) => vec![Driver::Word(from, to)],
            None => vec![Driver::Entry],
        },
    };
    Ok(drivers
        .iter()
        .filter_map(|driver| select(names, query, driver))
        .collect())
}

/// The range of words with the fewest rows; a range of one word before wider ones.
fn rarest(connection: &Connection, query: &EntryQuery) -> rusqlite::Result<Option<(u64, u64)>> {
    let mut rarest: Option<((bool, i64), (u64, u64))> = None;
    for &(from, to) in &query.words {
        let mut statement = connection.prepare_cached(
            "SELECT COUNT(*) FROM (SELECT 1 FROM word WHERE token BETWEEN ?1 AND ?2 LIMIT ?3)",
        )?;
        let weight: i64 = statement
            .query_row(params![signed(from), signed(to), MOST_WEIGHED], |row| {
                row.get(0)
            })?;
        let weight = (from != to, weight);
        if rarest.is_none_or(|(least, _)| weight < least) {
            rarest = Some((weight, (from, to)));
        }
    }
    Ok(rarest.map(|(_, range)| range))
}

/// The statement of one driver; `None` when a name was never written, so nothing can match.
fn select(names: &Names, query: &EntryQuery, driver: &Driver<'_>) -> Option<Select> {
    let joined = "CROSS JOIN entry e ON e.position = d.position WHERE";
    let mut select = Select {
        sql: String::new(),
        values: Vec::new(),
    };
    let mut place = "d";
    match driver {
        Driver::Link(kind, value) => {
            select.sql = format!(
                "SELECT DISTINCT d.position AS position FROM link d {joined} d.kind = ? AND d.value = ?"
            );
            select.values = vec![Value::from(*kind as i64), Value::from((*value).to_owned())];
            scope(&mut select, names, &query.feeds, "")?;
        }
        Driver::EntryCase(value) => {
            select.sql =
                format!("SELECT d.position AS position FROM entry_case d {joined} d.value = ?");
            select.values = vec![Value::from((*value).to_owned())];
        }
        Driver::Word(from, to) => {
            let condition = if from == to {
                "d.token = ?"
            } else {
                "d.token BETWEEN ? AND ?"
            };
            select.sql =
                format!("SELECT DISTINCT d.position AS position FROM word d {joined} {condition}");
            select.values = vec![number(*from)];
            if from != to {
                select.values.push(number(*to));
            }
            scope(&mut select, names, &query.feeds, "d.message < 0 OR ")?;
        }
        Driver::Entry => {
            place = "e";
            select.sql = format!(
                "SELECT e.position AS position FROM {} WHERE 1",
                scanned(query)
            );
        }
    }
    select.and(
        &format!("{place}.position >= ? AND {place}.position < ?"),
        [number(query.from), number(query.to)],
    );
    of_entry(&mut select, names, query)?;
    of_others(&mut select, query, driver, place);
    Some(select)
}

/// Narrows to feeds whose records may be looked at; `otherwise` is what is free of it.
fn scope(select: &mut Select, names: &Names, feeds: &FeedScope, otherwise: &str) -> Option<()> {
    let FeedScope::Only(feeds) = feeds else {
        return Some(());
    };
    let known: Vec<Value> = feeds
        .iter()
        .filter_map(|feed| names.known(feed))
        .map(Value::from)
        .collect();
    if known.is_empty() && otherwise.is_empty() {
        return None;
    }
    let places = vec!["?"; known.len()].join(", ");
    select.and(&format!("({otherwise}e.feed IN ({places}))"), known);
    Some(())
}

/// Which index of the entries a scan goes along.
fn scanned(query: &EntryQuery) -> &'static str {
    match (query.events.as_slice(), &query.feed) {
        ([event], _) if *event != SUBMIT => "entry e INDEXED BY entry_by_event",
        (_, Some(_)) => "entry e INDEXED BY entry_by_feed",
        _ => "entry e NOT INDEXED",
    }
}

/// Narrows by what the entry itself says; `None` when a name was never written.
fn of_entry(select: &mut Select, names: &Names, query: &EntryQuery) -> Option<()> {
    match query.events.as_slice() {
        [] => {}
        // The second condition is what lets the partial index be used.
        [event] if *event != SUBMIT => {
            select.and("e.event = ? AND e.event <> 1", [number(*event)]);
        }
        events => {
            let places = vec!["?"; events.len()].join(", ");
            let events = events.iter().map(|event| number(*event));
            select.and(&format!("e.event IN ({places})"), events);
        }
    }
    if let Some(actor) = &query.actor {
        select.and("e.actor = ?", [Value::from(names.known(actor)?)]);
    }
    if let Some(feed) = &query.feed {
        select.and("e.feed = ?", [Value::from(names.known(feed)?)]);
    }
    Some(())
}

/// Asks the other tables about each position the driver gives.
fn of_others(select: &mut Select, query: &EntryQuery, driver: &Driver<'_>, place: &str) {
    let keys = [
        (LinkKind::Party, &query.party),
        (LinkKind::Device, &query.device),
    ];
    for (kind, value) in keys {
        let drives = matches!(driver, Driver::Link(of, _) if *of == kind);
        let (Some(value), false) = (value, drives) else {
            continue;
        };
        select.and(
            &format!(
                "EXISTS (SELECT 1 FROM link l WHERE l.kind = ? AND l.value = ? AND l.position = {place}.position)"
            ),
            [Value::from(kind as i64), Value::from(value.clone())],
        );
    }
    for &(from, to) in &query.words {
        let drives = matches!(driver, Driver::Word(a, b) if (*a, *b) == (from, to));
        // A range of words has no order of positions; whoever shows the row looks for it again.
        if drives || from != to {
            continue;
        }
        select.and(
            &format!(
                "EXISTS (SELECT 1 FROM word w WHERE w.token = ? AND w.position = {place}.position)"
            ),
            [number(from)],
        );
    }
}

/// SQLite's integers are signed; positions have 40 bits and words 42.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn number(value: u64) -> Value {
    Value::from(signed(value))
}
