//! Checks of observations and exceedances.

use proto::v1::{Averaging, Exceedance, Observation, Statistic};

use super::walk::{Path, Walk};

/// Longest EFlag of HJ 212-2017.
const MAX_EFLAG: usize = 4;

/// An observation. By far the most frequent record: allocates nothing while in order. What it
/// shares with a sound one is not read again.
pub(super) fn observation(walk: &mut Walk, observation: &Observation, sound: Option<&Observation>) {
    let root = Path::root("observation");
    device_number(walk, &root.at("mn"), &observation.mn);
    if observation.cn == 0 {
        walk.missing(&root.at("cn"));
    }
    if sound.is_none_or(|sound| sound.data_time != observation.data_time) {
        walk.required_time(&root.at("data_time"), observation.data_time.as_ref());
    }
    // An instant, 1 to 30 minutes, an hour or a day.
    if !matches!(observation.interval_s, 0 | 60..=1800 | 3600 | 86_400) {
        walk.report(
            "schema.range",
            &root.at("interval_s"),
            &observation.interval_s.to_string(),
        );
    }
    let factor = walk.factor(&root.at("factor"), &observation.factor);
    walk.choice(
        &root.at("stat"),
        observation.stat() != Statistic::Unspecified,
    );
    let value = root.at("value");
    if let Some(quantity) = walk.some(&value, observation.value.as_ref()) {
        match factor {
            Some(factor) => walk.quantity_of(
                &value,
                quantity,
                factor,
                observation.stat() == Statistic::Cou,
            ),
            None => walk.quantity(&value, quantity),
        }
    }
    if observation.eflag.chars().nth(MAX_EFLAG).is_some() {
        walk.report("schema.range", &root.at("eflag"), &observation.eflag);
    }
    walk.time(&root.at("sample_time"), observation.sample_time.as_ref());
}

/// A device number: 4 to 24 characters (HJ 212-2017, 6.3.3).
pub(super) fn device_number(walk: &mut Walk, path: &Path<'_>, number: &str) {
    if number.is_empty() {
        walk.missing(path);
    } else if !(4..=24).contains(&number.len()) {
        walk.report("schema.range", path, number);
    }
}

/// An exceedance; derived as a whole, so only its form is checked.
pub(super) fn exceedance(walk: &mut Walk, exceedance: &Exceedance) {
    let root = Path::root("exceedance");
    walk.required_reference(&root.at("outlet_id"), exceedance.outlet_id.as_ref());
    walk.factor(&root.at("factor"), &exceedance.factor);
    walk.choice(
        &root.at("averaging"),
        exceedance.averaging() != Averaging::Unspecified,
    );
    walk.required_time(&root.at("start"), exceedance.start.as_ref());
    walk.required_time(&root.at("end"), exceedance.end.as_ref());
    walk.order(&root, exceedance.start.as_ref(), exceedance.end.as_ref());
    for (name, quantity) in [
        ("measured", &exceedance.measured),
        ("limit", &exceedance.limit),
    ] {
        let path = root.at(name);
        if let Some(quantity) = walk.some(&path, quantity.as_ref()) {
            walk.quantity(&path, quantity);
        }
    }
    walk.list(&root.at("observations"), &exceedance.observations);
    for (index, observation) in exceedance.observations.iter().enumerate() {
        let path = root.nth("observations", index);
        walk.digest(&path.at("digest"), &observation.digest);
    }
}
