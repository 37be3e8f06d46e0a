//! A guest that attacks its host, one verb for each limit.
//!
//! The text of the first message is the verb; `README.md` lists them with what
//! the host must answer. It implements the generated bindings rather than the
//! SDK's trait, which would keep it from returning nonsense. The tests of
//! `adapter-host` rely on it; natively it is empty.

#[cfg(target_family = "wasm")]
mod attack;
#[cfg(target_family = "wasm")]
mod export;

#[cfg(test)]
mod tests {
    /// The verbs in the order of their table in `README.md`.
    fn documented_verbs() -> Vec<String> {
        let readme = include_str!("../README.md");
        let rows = readme.lines().filter(|line| line.starts_with("| `"));
        let cells = rows.filter_map(|line| line.split('|').nth(1));
        cells
            .flat_map(|cell| cell.split(','))
            .map(|verb| verb.trim().trim_matches('`').to_owned())
            .collect()
    }

    #[test]
    fn every_documented_verb_is_implemented_and_the_reverse() {
        let source = include_str!("attack.rs");
        let mut implemented: Vec<String> = source
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"))
            .map(|(verb, _)| verb.to_owned())
            .collect();
        let mut documented = documented_verbs();
        implemented.sort();
        documented.sort();
        assert_eq!(documented, implemented);
    }
}
