//! The command line parses what its examples show, and its document is fresh.

use std::fs;
use std::path::Path;

use clap::{CommandFactory, Parser};

use super::*;

/// Every command from the root on, as `lawgate audit list`.
fn commands() -> Vec<(String, clap::Command)> {
    fn walk(path: &str, command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
        found.push((path.to_owned(), command.clone()));
        let shown = |child: &&clap::Command| child.get_name() != "help" && !child.is_hide_set();
        for child in command.get_subcommands().filter(shown) {
            walk(&format!("{path} {}", child.get_name()), child, found);
        }
    }
    let mut root = Cli::command();
    root.build();
    let mut found = Vec::new();
    walk("lawgate", &root, &mut found);
    found
}

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_declaration_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_that_does_something_has_examples_that_parse() {
    for (path, command) in commands() {
        if command.has_subcommands() {
            continue;
        }
        let after = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let examples: Vec<&str> = after
            .lines()
            .map(str::trim)
            .filter(|line| line.contains("lawgate "))
            .collect();
        assert!(!examples.is_empty(), "{path} has no example");
        for example in examples {
            // Only the part of a pipeline that is ours.
            let own = example
                .split(['|', '>'])
                .find(|part| part.trim().starts_with("lawgate "))
                .expect("ours");
            if let Err(error) = parse(own) {
                panic!("{own}: {error}");
            }
        }
    }
}

#[test]
fn options_without_words_are_refused() {
    for line in [
        "lawgate",
        "lawgate init folder",
        "lawgate submit --client c.toml --feed f",
        "lawgate submit --feed f a.xml",
        "lawgate submit --client c.toml --feed f --batch 0 a.xml",
        "lawgate records",
        "lawgate records --client c.toml --limit 0",
        "lawgate records --client c.toml --id X --feed f",
        "lawgate audit verify",
        "lawgate audit show --log d",
        "lawgate audit show --log d -- -1",
        "lawgate completion tcsh",
        "lawgate config",
        "lawgate serve --output yaml",
    ] {
        let error = parse(line).map(|_| ()).expect_err(line);
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn defaults_are_the_documented_ones() {
    let Command::Serve(serve) = parse("lawgate serve").expect("parses").command else {
        panic!("serve")
    };
    assert_eq!(serve.config, Path::new("lawgate.toml"));
    let cli = parse("lawgate init d --dev").expect("parses");
    assert_eq!((cli.output, cli.verbose), (Format::Table, false));
    let Command::Init(init) = cli.command else {
        panic!("init")
    };
    assert_eq!(
        (init.address.as_str(), init.adapters.as_path()),
        ("127.0.0.1:7443", Path::new("adapters"))
    );
}

#[test]
fn the_output_may_stand_before_or_behind_the_command() {
    for line in [
        "lawgate -o json audit verify --log d",
        "lawgate audit verify --log d --output json",
    ] {
        assert_eq!(parse(line).expect("parses").output, Format::Json, "{line}");
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in [
        clap_complete::Shell::Bash,
        clap_complete::Shell::Zsh,
        clap_complete::Shell::Fish,
    ] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "lawgate", &mut script);
        let script = String::from_utf8(script).expect("scripts are UTF-8");
        for word in ["quarantine", "verify", "content-type"] {
            assert!(
                script.to_lowercase().contains(word),
                "{shell}: {word} is missing"
            );
        }
    }
}

const HEAD: &str = "\
# Command line

`lawgate` is the gateway and its client. This document is made from the declarations in the program;
it is the same text as `lawgate COMMAND --help`.

- The client commands (`submit`, `records`, `quarantine`) connect with a client file, see [Configuration](configuration.md).
- The `audit` commands read the log's files; nothing needs to run.
- Errors are one line on standard error: what failed, and for a refusal the status and the stable reason; otherwise with the innermost cause. `--verbose` prints every cause.

";

/// The document: the help of every command.
fn document() -> String {
    let mut text = format!("{HEAD}```text\n{EXIT_CODES}\n```\n");
    for (path, command) in commands() {
        let help = command.term_width(100).render_long_help().to_string();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        text.push_str(&format!(
            "\n## `{path}`\n\n```text\n{}\n```\n",
            help.join("\n").trim_end()
        ));
    }
    text
}

/// `UPDATE=1` writes the document anew.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the developer asks for an update by the environment"
)]
fn the_command_line_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    if std::env::var("UPDATE").is_ok() {
        fs::write(&path, document()).expect("docs/ can be written");
    }
    let written = fs::read_to_string(&path).expect("docs/cli.md is there");
    assert!(
        written == document(),
        "run the tests of lawgate with UPDATE=1"
    );
}
