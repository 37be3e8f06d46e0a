//! Running the verifier as a process and reading its verdict.

use std::{
    ffi::OsStr,
    process::{Command, Output},
};

use serde_json::Value;

/// What a run gave.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) verdict: Value,
}

/// Runs the verifier and reads its JSON.
pub(crate) fn verify<Argument: AsRef<OsStr>>(arguments: &[Argument]) -> Run {
    let output = run(arguments, &["--json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    Run {
        code: output.status.code().expect("it ended by itself"),
        verdict: serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("no verdict: {text}{errors}")),
    }
}

/// Runs the verifier as people do; returns exit code, output and errors.
pub(crate) fn say<Argument: AsRef<OsStr>>(arguments: &[Argument]) -> (i32, String, String) {
    let output = run(arguments, &[]);
    (
        output.status.code().expect("it ended by itself"),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn run<Argument: AsRef<OsStr>>(arguments: &[Argument], more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lawgate-verify"))
        .args(arguments)
        .args(more)
        .output()
        .unwrap()
}

impl Run {
    /// Asserts that everything passed, with these ranges: standing, from, to.
    pub(crate) fn passes(&self, ranges: &[(&str, u64, u64)]) {
        assert_eq!(self.code, 0, "{:#}", self.verdict);
        assert_eq!(self.ranges(), ranges, "{:#}", self.verdict);
    }

    /// Asserts that the first failure is of this kind at this position.
    pub(crate) fn fails(&self, position: impl Into<Option<u64>>, kind: &str) {
        assert_eq!(self.code, 1, "{:#}", self.verdict);
        let first = &self.verdict["failures"][0];
        let found = (first["position"].as_u64(), first["kind"].as_str());
        assert_eq!(found, (position.into(), Some(kind)), "{:#}", self.verdict);
        assert_ne!(first["chinese"].as_str(), Some(""));
    }

    /// Asserts that nothing is wrong and something could not be checked for this reason.
    pub(crate) fn is_not_checkable(&self, reason: &str) {
        assert_eq!(self.code, 3, "{:#}", self.verdict);
        let unchecked = self.verdict["unchecked"].as_array().unwrap();
        let has_reason = |one: &Value| one["reason"].as_str().unwrap().contains(reason);
        assert!(unchecked.iter().any(has_reason), "{:#}", self.verdict);
    }

    pub(crate) fn ranges(&self) -> Vec<(&str, u64, u64)> {
        let ranges = self.verdict["ranges"].as_array().unwrap();
        let range = |range: &'_ Value| {
            (
                range["from"].as_u64().unwrap(),
                range["to"].as_u64().unwrap(),
            )
        };
        ranges
            .iter()
            .map(|one| {
                (
                    one["standing"].as_str().unwrap(),
                    range(one).0,
                    range(one).1,
                )
            })
            .collect()
    }
}
