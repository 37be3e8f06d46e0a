//! The table attack × column, filled by running verifiers, and how it is printed.

use std::fmt;

use anyhow::{Result, ensure};
use audit_proof::judge::Outcome;
use serde_json::{Value, json};

use crate::{
    attack::{ATTACKS, Attack},
    column::{COLUMNS, Column, Finding},
    files,
    gateway::{Case, World},
    honest::Honest,
    program::{Answer, Programs},
    witnesses::Serving,
};

/// What every verifier said of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The attack; `None` for the honest log.
    pub attack: Option<Attack>,
    /// By column.
    pub findings: Vec<Finding>,
    /// What `lawgate-verify` said; `None` when no programs were run.
    pub first: Option<Answer>,
    /// What the verifier in Python said.
    pub second: Option<Answer>,
}

/// How many cases are worked on at once: they mostly wait for the disk.
const THREADS: usize = 6;

/// All rows: the attacks in their order, then the honest log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The rows.
    pub rows: Vec<Row>,
}

/// Does every attack to copies of the honest log and runs every verifier; `told` is called with each row.
///
/// # Errors
/// When a part of the honest side or of the attacker's fails; what verifiers find is in the table.
pub fn run(
    world: &World,
    honest: &Honest,
    programs: Option<&Programs>,
    told: impl Fn(&Row) + Sync,
) -> Result<Table> {
    let attacks: Vec<Option<Attack>> = ATTACKS.map(Some).into_iter().chain([None]).collect();
    let row = |attack: &Option<Attack>| -> Result<Row> {
        let case = match attack {
            Some(attack) => attack.perform(world, honest)?,
            None => honest.case.copy(&world.folder.join("control"))?,
        };
        let row = examine(world, &case, *attack, programs)?;
        told(&row);
        Ok(row)
    };
    let rows = std::thread::scope(|scope| {
        let chunks = attacks.chunks(attacks.len().div_ceil(THREADS));
        let started: Vec<_> = chunks
            .map(|some| scope.spawn(|| some.iter().map(row).collect::<Result<Vec<Row>>>()))
            .collect();
        let ended = started.into_iter().map(|thread| match thread.join() {
            Ok(rows) => rows,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ended.collect::<Result<Vec<_>>>()
    })?;
    let rows = rows.into_iter().flatten().collect();
    Ok(Table { rows })
}

/// Runs every verifier on a case.
///
/// # Errors
/// When the examiner's own files cannot be read or a program cannot be run.
pub fn examine(
    world: &World,
    case: &Case,
    attack: Option<Attack>,
    programs: Option<&Programs>,
) -> Result<Row> {
    ask_witnesses(world, case)?;
    let findings = COLUMNS.map(|column| column.examine(world, case));
    let findings = findings.into_iter().collect::<Result<_>>()?;
    Ok(Row {
        attack,
        findings,
        first: programs.map(|run| run.first(world, case)).transpose()?,
        second: programs.map(|run| run.second(world, case)).transpose()?,
    })
}

/// Has the witnesses say what they cosigned last, and keeps it where the operator cannot reach it.
fn ask_witnesses(world: &World, case: &Case) -> Result<()> {
    let notes = Serving::start(&world.keys, &case.folder)?.latest()?;
    ensure!(!notes.is_empty(), "no witness has cosigned anything");
    for (number, note) in notes.iter().enumerate() {
        let path = case.held().join(format!("witnessed/{number}"));
        files::write(&path, note.to_string())?;
    }
    Ok(())
}

impl Row {
    /// Whether a column detected the attack; in the full column every program that can find it has to say so.
    #[must_use]
    pub fn is_detected(&self, column: Column) -> bool {
        let by_judge = self.findings[column as usize].is_detected();
        if column != Column::Full {
            return by_judge;
        }
        let first = self.first.as_ref().is_none_or(|answer| answer.code == 1);
        let second = self.second.as_ref().is_none_or(|answer| answer.code == 1);
        by_judge && first && second
    }

    /// Whether a column passed everything, programs included: what the honest log has to do.
    #[must_use]
    pub fn is_passed(&self, column: Column) -> bool {
        let by_judge = self.findings[column as usize].outcome == Outcome::Passed;
        let answers = [&self.first, &self.second].into_iter().flatten();
        by_judge && (column != Column::Full || answers.clone().all(|answer| answer.code == 0))
    }

    /// Returns the cells: D for detected, A for accepted; `?` where a verifier neither passed nor found anything wrong.
    #[must_use]
    pub fn cells(&self) -> Vec<char> {
        let cell = |column: Column| {
            if self.is_detected(column) {
                'D'
            } else if self.is_passed(column) {
                'A'
            } else {
                '?'
            }
        };
        COLUMNS.map(cell).to_vec()
    }

    /// Returns what the row is about.
    #[must_use]
    pub fn title(&self) -> String {
        self.attack.map_or_else(
            || "   honest log (control)".to_owned(),
            |attack| format!("{:2} {}", attack.number(), attack.title()),
        )
    }

    fn to_json(&self) -> Value {
        let code = |answer: &Option<Answer>| answer.as_ref().map(|answer| answer.code);
        let cells = COLUMNS.into_iter().zip(self.cells());
        let columns = cells.map(|(column, cell)| {
            let finding = &self.findings[column as usize];
            json!({ "column": column.title(), "cell": cell.to_string(), "reason": finding.reason })
        });
        json!({
            "attack": self.attack.map(Attack::number),
            "title": self.title().trim(),
            "columns": columns.collect::<Vec<_>>(),
            "lawgate_verify_exit": code(&self.first),
            "second_verifier_exit": code(&self.second),
        })
    }
}

impl Table {
    /// How many attacks a column detected.
    #[must_use]
    pub fn detected(&self, column: Column) -> usize {
        let attacks = self.rows.iter().filter(|row| row.attack.is_some());
        attacks.filter(|row| row.is_detected(column)).count()
    }

    /// Whether the honest log passed everywhere.
    #[must_use]
    pub fn is_control_passed(&self) -> bool {
        let control = self.rows.iter().find(|row| row.attack.is_none());
        control.is_some_and(|row| COLUMNS.into_iter().all(|column| row.is_passed(column)))
    }

    /// Whether every attack was detected in the full column and the honest log passed everywhere.
    #[must_use]
    pub fn is_as_it_must_be(&self) -> bool {
        self.detected(Column::Full) == ATTACKS.len() && self.is_control_passed()
    }

    /// The one line by which the run is known.
    #[must_use]
    pub fn summary(&self) -> String {
        format!(
            "attacks: {}/{} detected, honest control {}",
            self.detected(Column::Full),
            ATTACKS.len(),
            if self.is_control_passed() {
                "passed"
            } else {
                "failed"
            }
        )
    }

    /// The same for programs, with the reason of every cell.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "summary": self.summary(),
            "detected": self.detected(Column::Full),
            "attacks": ATTACKS.len(),
            "control_passed": self.is_control_passed(),
            "rows": self.rows.iter().map(Row::to_json).collect::<Vec<_>>(),
        })
    }
}

/// Width of the first column: the longest title.
const TITLE_WIDTH: usize = 62;

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |formatter: &mut fmt::Formatter<'_>, title: &str, cells: &[String]| {
            write!(formatter, "{title:TITLE_WIDTH$}")?;
            for (column, cell) in COLUMNS.iter().zip(cells) {
                write!(formatter, " {cell:^width$}", width = column.title().len())?;
            }
            writeln!(formatter)
        };
        let headings: Vec<String> = COLUMNS.iter().map(|column| column.title().into()).collect();
        line(formatter, "attack", &headings)?;
        for row in &self.rows {
            let cells: Vec<String> = row.cells().iter().map(char::to_string).collect();
            line(formatter, &row.title(), &cells)?;
        }
        let counts: Vec<String> = COLUMNS
            .iter()
            .map(|column| self.detected(*column).to_string())
            .collect();
        line(formatter, "   detected of 17", &counts)
    }
}
