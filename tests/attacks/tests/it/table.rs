//! The table of the README is the one that comes out; `cargo xtask attacks` adds the two programs to its last column.

use attacks::{column::Column, honest, table::run};

#[test]
fn the_table_is_the_one_in_the_readme() {
    let folder = tempfile::tempdir().unwrap();
    let (world, honest) = honest::run(folder.path()).unwrap();
    let table = run(&world, &honest, None, |_| {}).unwrap();
    let readme = include_str!("../../README.md");
    let expected = readme
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let trimmed = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_end().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    assert_eq!(trimmed(&table.to_string()), trimmed(expected));
    assert_eq!(
        table.summary(),
        "attacks: 17/17 detected, honest control passed"
    );
    assert_eq!(table.detected(Column::Chain), 1);
}
