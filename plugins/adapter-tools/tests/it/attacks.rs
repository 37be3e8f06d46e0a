//! Components that attack by what they are, before and beside any message: each is refused or contained.

use std::time::{Duration, Instant};

use adapter_host::{Config, Host, Message, Outcome};
use adapter_tools::check::{Effort, Subject, Verdict, check};
use adapter_tools::component;
use adapter_tools::sample::Sample;

use crate::handmade::{Attack, many_instances, module};
use crate::{compiler, component_type, lab};

/// What is said of a call that does not end.
const LATE: &str = "the adapter did not end before its deadline";

/// Deadline of a call in these tests.
const DEADLINE: Duration = Duration::from_millis(200);

fn host() -> (Host, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config {
        workers: 1,
        adapters: 1,
        deadline: DEADLINE,
        ..Config::recommended(folder.path().join("native"), [7; 32], compiler())
    };
    (Host::new(config).expect("a host"), folder)
}

fn built(attack: Attack) -> Vec<u8> {
    component::encode(&module(attack, &component_type())).expect("follows the contract")
}

/// What becomes of the attack: in which call it was met, and how.
fn outcome(component: &[u8]) -> String {
    let (host, _folder) = host();
    let message = Message {
        payload: b"x",
        attributes: &[],
    };
    match host.install(component, b"{}") {
        Err(error) => adapter_tools::check::reason(&error),
        Ok(adapter) => match adapter.convert(&[message]) {
            Err(error) => format!("convert: {}", error.code()),
            Ok(outcomes) => format!("{outcomes:?}"),
        },
    }
}

fn ends(attack: Attack, expected: &str) {
    let component = built(attack);
    let started = Instant::now();
    let found = outcome(&component);
    assert!(found.starts_with(expected), "{attack:?}: {found}");
    // Two calls of the deadline, compiling, and a machine that is busy.
    let took = started.elapsed();
    assert!(took < 30 * DEADLINE, "{attack:?} took {took:?}");
}

#[test]
fn the_component_the_attacks_are_made_of_is_an_adapter() {
    let expected = format!("{:?}", [Outcome::Converted(Vec::new())]);
    ends(Attack::None, &expected);
}

#[test]
fn a_loop_ends_at_the_deadline_wherever_it_is() {
    for (attack, function) in [
        (Attack::LoopInStart, "describe"),
        (Attack::LoopInDescribe, "describe"),
        (Attack::LoopInPostDescribe, "describe"),
        (Attack::LoopInRealloc, "configure"),
        (Attack::LoopInConfigure, "configure"),
    ] {
        let expected = format!("the adapter failed in `{function}`: {LATE}");
        ends(attack, &expected);
    }
    ends(Attack::LoopInConvert, "convert: adapter.deadline");
    ends(Attack::LoopInPostConvert, "convert: adapter.deadline");
}

#[test]
fn a_trap_at_the_start_is_a_failure_of_the_adapter() {
    ends(
        Attack::TrapInStart,
        "the adapter failed in `describe`: the adapter failed",
    );
}

#[test]
fn a_table_beyond_every_sandbox_is_refused() {
    ends(Attack::HugeTable, "the component does not fit a sandbox");
}

#[test]
fn a_component_of_very_many_instances_is_refused() {
    let text = outcome(&many_instances(5000));
    assert!(
        text.starts_with("the component does not fit a sandbox")
            || text.starts_with("the component cannot be compiled"),
        "{text}"
    );
}

#[test]
fn results_that_depend_on_the_other_messages_are_found_by_the_check() {
    let component = built(Attack::CountMessages);
    let manifest = "id = \"handmade\"\nversion = \"1.0.0\"\nfeed_kinds = [\"handmade\"]\nschema_version = \"1.0.0\"\n";
    let manifest =
        adapter_tools::Manifest::parse(manifest.as_bytes(), std::path::Path::new("adapter.toml"));
    let samples: Vec<Sample> = ["a", "b", "c"]
        .into_iter()
        .map(|name| Sample {
            name: name.to_owned(),
            payload: b"xxxxxxxxxxxxxxxx".to_vec(),
            attributes: Vec::new(),
            golden: None,
        })
        .collect();
    let subject = Subject {
        component: &component,
        configuration: b"{}",
        manifest: &manifest.expect("a manifest"),
        samples: &samples,
    };
    let effort = Effort {
        mutations: 0,
        seed: 1,
    };
    let checks = check(&lab().host, &subject, effort);
    let splits = checks
        .iter()
        .find(|check| check.name == "splits")
        .expect("is checked");
    assert_eq!(splits.verdict, Verdict::Failed, "{checks:?}");
    assert!(
        splits.text.contains("nothing may be kept"),
        "{}",
        splits.text
    );
}
