//! Observations, tracks and weights of manifests.

use super::*;

fn check_observation(change: impl FnOnce(&mut Observation), expected: &[&str]) {
    let mut changed = observation();
    change(&mut changed);
    check_findings(Entity::Observation(changed), expected);
}

#[test]
fn what_an_observation_lacks_is_named() {
    let all = [
        "schema.missing observation.mn",
        "schema.missing observation.cn",
        "schema.missing observation.data_time",
        "schema.missing observation.factor",
        "schema.missing observation.stat",
        "schema.missing observation.value",
    ];
    check_findings(Entity::Observation(Observation::default()), &all);
}

#[test]
fn values_of_observations_are_held_to_their_form() {
    let value = |o: &mut Observation, text: &str| o.value = Some(quantity(text, "mg/m3"));
    for text in ["NaN", "1e5", "35,2", "３５", " 1"] {
        check_observation(
            |o| value(o, text),
            &["schema.decimal observation.value.value"],
        );
    }
    check_observation(
        |o| value(o, ""),
        &["schema.missing observation.value.value"],
    );
    let not_detected = Quantity {
        qualifier: Qualifier::NotDetected.into(),
        ..quantity("", "mg/m3")
    };
    check_observation(|o| o.value = Some(not_detected), &[]);
}

#[test]
fn units_of_observations_are_held_to_their_factor() {
    let unit = |o: &mut Observation, unit: &str| o.value = Some(quantity("1", unit));
    check_observation(|o| unit(o, "ug/m3"), &[]);
    check_observation(|o| unit(o, ""), &["schema.no-unit observation.value.unit"]);
    check_observation(
        |o| unit(o, "mg/m³"),
        &["schema.unknown-unit observation.value.unit"],
    );
    check_observation(
        |o| unit(o, "kg"),
        &["schema.unit-kind observation.value.unit"],
    );
    check_observation(
        |o| {
            unit(o, "kg");
            o.stat = Statistic::Cou.into();
        },
        &[],
    );
    let source = |source: UnitSource| {
        move |o: &mut Observation| {
            o.value = Some(Quantity {
                unit_source: source.into(),
                ..quantity("1", "mg/m3")
            })
        }
    };
    check_observation(
        source(UnitSource::Assumed),
        &["schema.assumed-unit observation.value.unit_source"],
    );
    check_observation(
        source(UnitSource::Unspecified),
        &["schema.missing observation.value.unit_source"],
    );
}

#[test]
fn factors_intervals_and_times_of_observations_are_held_to_the_standard() {
    check_observation(
        |o| o.factor = "02".to_owned(),
        &["factor.legacy observation.factor"],
    );
    check_observation(
        |o| o.factor = "a99999".to_owned(),
        &["factor.unknown observation.factor"],
    );
    check_observation(|o| o.factor = "Leq".to_owned(), &[]);
    check_observation(
        |o| o.interval_s = 59,
        &["schema.range observation.interval_s"],
    );
    check_observation(
        |o| o.mn = "abc".to_owned(),
        &["schema.range observation.mn"],
    );
    check_observation(|o| o.stat = 99, &["schema.missing observation.stat"]);
    let broken = DateTime {
        text: "2026-02-30".to_owned(),
        ..time("2026-02-28").expect("a day")
    };
    check_observation(
        |o| o.data_time = Some(broken),
        &["schema.date-time observation.data_time"],
    );
    let other_offset = DateTime {
        offset: "+00:00".to_owned(),
        ..time("20260901080000").expect("a time")
    };
    check_observation(
        |o| o.data_time = Some(other_offset),
        &["schema.date-time observation.data_time"],
    );
}

#[test]
fn weights_of_a_manifest_must_add_up() {
    let at_departure = |value| {
        Some(WeightAtEnds {
            departure: Some(quantity(value, "t")),
            arrival: None,
        })
    };
    let manifest = WasteManifest {
        gross_t: at_departure("72.34"),
        tare_t: at_departure("15.46"),
        net_t: at_departure("65.88"),
        ..WasteManifest::default()
    };
    let findings = check(&record(Entity::WasteManifest(Box::new(manifest))));
    let sum = findings
        .iter()
        .find(|finding| finding.rule == "weight.arith")
        .expect("72.34 - 15.46 is 56.88");
    assert_eq!(
        (sum.field.as_str(), sum.raw.as_str()),
        ("waste_manifest.net_t.departure", "65.88")
    );
}

#[test]
fn tracks_off_the_earth_are_reported_without_their_place() {
    let track = VehicleTrack {
        terminal_id: "013800138000".to_owned(),
        at: time("20260901080000"),
        position: Some(Position {
            longitude: "209.8".to_owned(),
            latitude: "40.6".to_owned(),
            ..Position::default()
        }),
        ..VehicleTrack::default()
    };
    let findings = check(&record(Entity::VehicleTrack(track)));
    assert_eq!(findings.len(), 1);
    assert_eq!(
        (findings[0].rule.as_str(), findings[0].raw.as_str()),
        ("schema.range", "")
    );
}
