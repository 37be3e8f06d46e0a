//! Writing: entries in order of position, a batch in one transaction.

use exchange::entry::EVENT_SUBMIT;
use exchange::ports::{EntryFacts, IndexedEntry, IndexedSubmission};
use rusqlite::{Connection, Transaction, params};

use crate::IndexError;
use crate::names::Names;

/// Applies `entries` and returns the new size.
pub(crate) fn apply(
    connection: &mut Connection,
    names: &Names,
    size: u64,
    entries: &[IndexedEntry],
    head: &[u8; 32],
) -> Result<u64, IndexError> {
    let mut next = size;
    for entry in entries {
        if entry.position != next {
            return Err(IndexError::Gap {
                size: next,
                position: entry.position,
            });
        }
        next += 1;
    }
    let failed = IndexError::database("applying entries");
    let written = write(connection, names, entries, next, head);
    if let Err(cause) = written {
        names.reload(connection)?;
        return Err(failed(cause));
    }
    Ok(next)
}

/// Replaces the rows of one submission, and takes the old ones out of every file: pages that are freed are overwritten
/// (`secure_delete`), and the write-ahead file is emptied into the database.
pub(crate) fn replace(
    connection: &mut Connection,
    names: &Names,
    position: u64,
    submission: &IndexedSubmission,
) -> Result<(), IndexError> {
    let failed = IndexError::database("replacing rows");
    let mut write = || {
        let transaction = connection.transaction()?;
        let at = params![signed(position)];
        transaction.execute("DELETE FROM run WHERE position = ?1", at)?;
        transaction.execute("DELETE FROM quarantined WHERE position = ?1", at)?;
        transaction.execute("DELETE FROM link WHERE position = ?1", at)?;
        let agency = names.number(&transaction, &submission.agency)?;
        let feed = names.number(&transaction, &submission.feed)?;
        transaction.execute(
            "DELETE FROM submission WHERE agency = ?1 AND feed = ?2 AND key = ?3",
            params![agency, feed, submission.key],
        )?;
        // Entry, case and words stay: they are of what is open, which nothing takes away.
        write_rows(&transaction, names, position, submission)?;
        transaction.commit()
    };
    if let Err(cause) = write() {
        names.reload(connection)?;
        return Err(failed(cause));
    }
    let is_busy: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(&failed)?;
    // A reader that outlasts the busy timeout keeps the old pages alive.
    if is_busy {
        return Err(IndexError::Busy { position });
    }
    Ok(())
}

/// Empties every table.
pub(crate) fn clear(connection: &mut Connection) -> Result<(), IndexError> {
    connection
        .execute_batch(
            "BEGIN; DELETE FROM submission; DELETE FROM run; DELETE FROM link; DELETE FROM quarantined;
             DELETE FROM entry; DELETE FROM entry_case; DELETE FROM word;
             UPDATE progress SET size = 0, head = zeroblob(32); COMMIT;",
        )
        .map_err(IndexError::database("clearing"))
}

fn write(
    connection: &mut Connection,
    names: &Names,
    entries: &[IndexedEntry],
    size: u64,
    head: &[u8; 32],
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for entry in entries {
        if let Some(submission) = &entry.submission {
            write_submission(&transaction, names, entry.position, submission)?;
        } else if let Some(facts) = &entry.facts {
            write_facts(&transaction, names, entry.position, facts)?;
        }
    }
    transaction
        .prepare_cached("UPDATE progress SET size = ?1, head = ?2")?
        .execute(params![signed(size), head])?;
    transaction.commit()
}

fn write_submission(
    transaction: &Transaction<'_>,
    names: &Names,
    position: u64,
    submission: &IndexedSubmission,
) -> rusqlite::Result<()> {
    write_rows(transaction, names, position, submission)?;
    let agency = names.number(transaction, &submission.agency)?;
    let feed = names.number(transaction, &submission.feed)?;
    let position = signed(position);
    transaction.prepare_cached(INSERT_ENTRY)?.execute(params![
        position,
        signed(EVENT_SUBMIT),
        agency,
        feed
    ])?;
    write_case(transaction, position, submission.case.as_deref())?;
    write_words(transaction, position, OF_ENTRY, &submission.words)?;
    for run in &submission.runs {
        let place = (i32::from(run.message), i32::from(run.first));
        write_words(transaction, position, place, &run.words)?;
    }
    Ok(())
}

/// Writes what an erasure may change of a submission.
fn write_rows(
    transaction: &Transaction<'_>,
    names: &Names,
    position: u64,
    submission: &IndexedSubmission,
) -> rusqlite::Result<()> {
    let position = signed(position);
    let agency = names.number(transaction, &submission.agency)?;
    let feed = names.number(transaction, &submission.feed)?;
    transaction
        .prepare_cached(
            "INSERT INTO submission (agency, feed, key, position) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![agency, feed, submission.key, position])?;
    let mut insert_run = transaction
        .prepare_cached("INSERT INTO run VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    let mut insert_link =
        transaction.prepare_cached("INSERT OR IGNORE INTO link VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for run in &submission.runs {
        let entity = names.number(transaction, &run.entity)?;
        let (from_ms, to_ms) = run.time.unzip();
        insert_run.execute(params![
            position,
            run.message,
            run.first,
            run.last_message,
            run.last,
            run.count,
            feed,
            entity,
            from_ms,
            to_ms,
            run.last_from
        ])?;
        for (kind, value) in &run.links {
            insert_link.execute(params![
                *kind as u8,
                value,
                position,
                run.message,
                run.first
            ])?;
        }
    }
    let mut insert_quarantined =
        transaction.prepare_cached("INSERT INTO quarantined VALUES (?1, ?2, ?3, ?4)")?;
    for row in &submission.quarantined {
        let code = names.number(transaction, &row.code)?;
        insert_quarantined.execute(params![position, row.message, feed, code])?;
    }
    Ok(())
}

/// Place of the words of an entry itself.
const OF_ENTRY: (i32, i32) = (-1, -1);

const INSERT_ENTRY: &str =
    "INSERT INTO entry (position, event, actor, feed) VALUES (?1, ?2, ?3, ?4)";

fn write_facts(
    transaction: &Transaction<'_>,
    names: &Names,
    position: u64,
    facts: &EntryFacts,
) -> rusqlite::Result<()> {
    let position = signed(position);
    let name = |text: &String| match text.is_empty() {
        true => Ok(None),
        false => names.number(transaction, text).map(Some),
    };
    let (actor, feed) = (name(&facts.actor)?, name(&facts.feed)?);
    transaction.prepare_cached(INSERT_ENTRY)?.execute(params![
        position,
        signed(facts.event),
        actor,
        feed
    ])?;
    write_case(transaction, position, facts.case.as_deref())?;
    write_words(transaction, position, OF_ENTRY, &facts.words)
}

fn write_case(
    transaction: &Transaction<'_>,
    position: i64,
    case: Option<&str>,
) -> rusqlite::Result<()> {
    if let Some(case) = case {
        transaction
            .prepare_cached("INSERT INTO entry_case (value, position) VALUES (?1, ?2)")?
            .execute(params![case, position])?;
    }
    Ok(())
}

fn write_words(
    transaction: &Transaction<'_>,
    position: i64,
    (message, first): (i32, i32),
    words: &[u64],
) -> rusqlite::Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let mut insert = transaction.prepare_cached("INSERT INTO word VALUES (?1, ?2, ?3, ?4)")?;
    for word in words {
        insert.execute(params![signed(*word), position, message, first])?;
    }
    Ok(())
}

/// SQLite's integers are signed; a position has 40 bits and a word 42.
fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
