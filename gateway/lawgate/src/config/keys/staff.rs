//! Keys of `[[staff]]` and `[calendar]`: who works with the node, and which days are worked.

use super::{PERSONAL_CLASSES, ROLES, key};
use crate::config::key::{Fallback, Key, Kind, Target};
use crate::config::rules;

pub(super) const STAFF: &[Key] = &[
    key(
        "id",
        Kind::Text(&rules::IDENTIFIER),
        Fallback::Required,
        "Short stable pseudonym, which no agency has; it goes into the audit log. Who it is stands in `name` alone.",
    ),
    key(
        "name",
        Kind::Text(&rules::NAME),
        Fallback::Required,
        "The person, as the node's own papers name them; never in the audit log. One name stands once, so that nobody has two roles.",
    ),
    key(
        "role",
        Kind::Choice(ROLES),
        Fallback::Required,
        "The one role: `auditor`, `operator`, `administrator` or `officer` (个人信息保护负责人), who finds, holds, restricts, erases and discloses personal data.",
    ),
    key(
        "certificates",
        Kind::Texts(&rules::CERTIFICATE_NAME),
        Fallback::Required,
        "Certificates the person comes with, as for an agency.",
    ),
    key(
        "read",
        Kind::Texts(&rules::FEED_OR_ALL),
        Fallback::Empty,
        "Feeds whose records an auditor may read, and an officer disclose values of. Entries of the log are shown to every auditor; they hold no personal value.",
    ),
    key(
        "personal",
        Kind::Choices(PERSONAL_CLASSES),
        Fallback::Empty,
        "Classes of personal data an auditor sees unmasked, as for an agency, and an officer may disclose. Nothing by default.",
    ),
];

pub(super) const CALENDAR: &[Key] = &[key(
    "file",
    Kind::Path(Target::File),
    Fallback::Nothing,
    "File of days that differ from the week: a line `2026-10-01 off` for a holiday, `2026-10-10 work` for a weekend that is worked, `year 2026` for each year that is complete; `#` begins a remark. Without it deadlines in working days are shown without their last day.",
)];
