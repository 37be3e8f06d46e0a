//! The configuration's agencies as the exchange's policy.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use exchange::working_days::WorkingDays;
use exchange::{Agency, CertificateName, Policy, Rights, Role, Staff};
use proto::v1::PersonalData;

use crate::config::model;

/// The policy of a configuration.
pub(crate) fn policy(agencies: &[model::Agency], staff: &[model::Staff]) -> Policy {
    Policy::new(agencies.iter().map(agency).collect())
        .with_staff(staff.iter().map(member).collect())
}

fn member(member: &model::Staff) -> Staff {
    Staff {
        id: member.id.clone(),
        role: match member.role {
            model::Role::Auditor => Role::Auditor,
            model::Role::Operator => Role::Operator,
            model::Role::Administrator => Role::Administrator,
            model::Role::Officer => Role::Officer,
        },
        certificates: member.certificates.iter().map(certificate).collect(),
        read: rights(&member.read),
        personal: classes(&member.personal),
    }
}

/// The working days of the operator's file; none without one.
///
/// # Errors
/// A file that cannot be read, or a line of it that says nothing known.
pub(crate) fn working_days(file: Option<&Path>) -> anyhow::Result<WorkingDays> {
    let Some(file) = file else {
        return Ok(WorkingDays::default());
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("calendar.file: reading {}", file.display()))?;
    WorkingDays::parse(&text).map_err(|fault| {
        let text = format!("calendar.file: {}: {fault}", file.display());
        anyhow::Error::new(fault).context(text)
    })
}

fn agency(agency: &model::Agency) -> Agency {
    Agency {
        id: agency.id.clone(),
        kind: agency.kind.clone(),
        certificates: agency.certificates.iter().map(certificate).collect(),
        submit: rights(&agency.submit),
        read: rights(&agency.read),
        personal: classes(&agency.personal),
        party_keys: agency.party_keys.clone(),
        must_sign: agency.must_sign,
    }
}

fn certificate(name: &model::CertificateName) -> CertificateName {
    match name {
        model::CertificateName::Uri(uri) => CertificateName::Uri(uri.clone()),
        model::CertificateName::Sha256(digest) => CertificateName::Sha256(*digest),
    }
}

fn rights(feeds: &model::FeedSet) -> Rights {
    match feeds {
        model::FeedSet::All => Rights::All,
        model::FeedSet::Only(feeds) => Rights::Feeds(feeds.clone()),
    }
}

fn classes(granted: &BTreeSet<model::PersonalClass>) -> BTreeSet<i32> {
    granted
        .iter()
        .map(|class| personal(*class) as i32)
        .collect()
}

fn personal(class: model::PersonalClass) -> PersonalData {
    match class {
        model::PersonalClass::Personal => PersonalData::Personal,
        model::PersonalClass::Sensitive => PersonalData::Sensitive,
        model::PersonalClass::CriminalProcedure => PersonalData::CriminalProcedure,
        model::PersonalClass::Reporter => PersonalData::Reporter,
    }
}
