//! Which submissions a replay takes, and when it says that nothing is wrong.

use std::path::PathBuf;

use super::*;

fn asked() -> Replay {
    Replay {
        data: Some(PathBuf::from("data")),
        package: None,
        id: None,
        position: None,
        from: 0,
        to: None,
        case: None,
        vault_key: None,
        vault_reporter_key: None,
    }
}

#[test]
fn a_position_a_record_and_a_range_are_ranges_of_positions() {
    let of = |arguments: Replay| wanted(&arguments).map(|it| (it.from, it.to, it.message));
    assert_eq!(of(asked()).expect("all"), (0, u64::MAX, None));
    let one = Replay {
        position: Some(7),
        ..asked()
    };
    assert_eq!(of(one).expect("one"), (7, 8, None));
    let place = exchange::ids::RecordPlace {
        position: 9,
        message: 3,
        ordinal: 2,
    };
    let record = Replay {
        id: Some(RecordId::new(5_000_000_000, place).to_string()),
        ..asked()
    };
    assert_eq!(of(record).expect("a record"), (9, 10, Some(3)));
    let nonsense = Replay {
        id: Some("x".to_owned()),
        ..asked()
    };
    assert!(of(nonsense).is_err());
    let empty = Replay {
        from: 5,
        to: Some(5),
        ..asked()
    };
    assert!(of(empty).is_err());
}

#[test]
fn nothing_replayed_is_not_equal() {
    assert!(!Report::default().is_equal());
    let mut report = Report {
        submissions: 1,
        ..Report::default()
    };
    assert!(report.is_equal());
    let text = String::new();
    report
        .findings
        .push(Finding::of_submission(0, Kind::TimeLimit, text.clone()));
    assert!(report.is_equal());
    report
        .findings
        .push(Finding::of_submission(0, Kind::Missing, text));
    assert!(!report.is_equal());
}
