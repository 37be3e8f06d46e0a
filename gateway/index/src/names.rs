//! Small integers for names that repeat in every row: agencies, feeds, entities, codes.

use std::collections::HashMap;
use std::sync::RwLock;

use rusqlite::{Connection, params};

use crate::IndexError;

/// The dictionary, held in memory and kept in the database.
#[derive(Default)]
pub(crate) struct Names(RwLock<HashMap<String, i64>>);

impl Names {
    /// Reads the dictionary.
    pub(crate) fn load(connection: &Connection) -> Result<Names, IndexError> {
        let failed = IndexError::database("reading names");
        let mut statement = connection
            .prepare("SELECT text, id FROM name")
            .map_err(&failed)?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(&failed)?;
        Ok(Names(RwLock::new(
            rows.collect::<Result<_, _>>().map_err(&failed)?,
        )))
    }

    /// The number of a name that was written before.
    pub(crate) fn known(&self, text: &str) -> Option<i64> {
        self.0
            .read()
            .expect("no holder of the dictionary panics")
            .get(text)
            .copied()
    }

    /// The number of a name, given now if it has none. Only the writer calls this.
    ///
    /// After a transaction that failed, call [`Names::reload`]: the numbers it gave are gone.
    pub(crate) fn number(&self, connection: &Connection, text: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.known(text) {
            return Ok(id);
        }
        let mut names = self.0.write().expect("no holder of the dictionary panics");
        // Numbers go up from 1 without a gap.
        let next = i64::try_from(names.len() + 1).unwrap_or(i64::MAX);
        connection.execute(
            "INSERT INTO name (id, text) VALUES (?1, ?2)",
            params![next, text],
        )?;
        names.insert(text.to_owned(), next);
        Ok(next)
    }

    /// Replaces the dictionary by what the database holds, after a failed transaction.
    pub(crate) fn reload(&self, connection: &Connection) -> Result<(), IndexError> {
        let fresh = Names::load(connection)?
            .0
            .into_inner()
            .expect("nobody else holds it");
        *self.0.write().expect("no holder of the dictionary panics") = fresh;
        Ok(())
    }
}
