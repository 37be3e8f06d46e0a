//! The configuration's agencies as the exchange's policy.

use std::collections::BTreeSet;

use exchange::{Agency, CertificateName, Policy, Rights};
use proto::v1::PersonalData;

use crate::config::model;

/// The policy of a configuration.
pub(crate) fn policy(agencies: &[model::Agency]) -> Policy {
    Policy::new(agencies.iter().map(agency).collect())
}

fn agency(agency: &model::Agency) -> Agency {
    Agency {
        id: agency.id.clone(),
        kind: agency.kind.clone(),
        certificates: agency.certificates.iter().map(certificate).collect(),
        submit: rights(&agency.submit),
        read: rights(&agency.read),
        personal: agency
            .personal
            .iter()
            .map(|class| personal(*class) as i32)
            .collect::<BTreeSet<i32>>(),
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

fn personal(class: model::PersonalClass) -> PersonalData {
    match class {
        model::PersonalClass::Personal => PersonalData::Personal,
        model::PersonalClass::Sensitive => PersonalData::Sensitive,
        model::PersonalClass::CriminalProcedure => PersonalData::CriminalProcedure,
        model::PersonalClass::Reporter => PersonalData::Reporter,
    }
}
