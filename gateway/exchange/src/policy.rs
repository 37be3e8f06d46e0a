//! Who may do what: agencies by certificate, rights by feed, default deny.
//!
//! The policy is a value: the binary reads it, the exchange asks it. An agency
//! is its client certificate, named by a URI in the subject alternative name or
//! by the certificate's SHA-256.

use std::collections::BTreeSet;

use audit_log::party::PartyKey;

use crate::refusal::Refusal;

/// What the edge learnt about the peer from the TLS handshake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerCertificate {
    /// SHA-256 of the leaf certificate (DER).
    pub sha256: [u8; 32],
    /// URIs of its subject alternative name.
    pub uris: Vec<String>,
}

/// How a certificate is recognised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateName {
    /// By a URI of the subject alternative name; survives renewal of the certificate.
    Uri(String),
    /// By the certificate itself.
    Sha256([u8; 32]),
}

/// Feeds a right covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// Every feed.
    All,
    /// These feeds.
    Feeds(BTreeSet<String>),
}

impl Rights {
    /// Whether the right covers `feed`.
    pub fn covers(&self, feed: &str) -> bool {
        match self {
            Rights::All => true,
            Rights::Feeds(feeds) => feeds.contains(feed),
        }
    }
}

/// One agency of the policy.
#[derive(Debug, Clone)]
pub struct Agency {
    /// Short stable name: `police`.
    pub id: String,
    /// Kind, as in the envelope: `region`, `police`, `justice`, `city-eco`, `enterprise`, `public`.
    pub kind: String,
    /// How its certificates are recognised.
    pub certificates: Vec<CertificateName>,
    /// Feeds it may submit to.
    pub submit: Rights,
    /// Feeds it may read.
    pub read: Rights,
    /// Classes of personal data it may see unmasked: values of `proto::v1::PersonalData`.
    pub personal: BTreeSet<i32>,
    /// Keys it may sign its submissions with; ids are unique.
    pub party_keys: Vec<PartyKey>,
    /// Whether a submission without its signature is refused.
    pub must_sign: bool,
}

/// What a member of staff does. Nobody has two; the configuration checks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Searches the log and reads for it (审计人员). Writes nothing but the entries of its readings.
    Auditor,
    /// Runs the node (运维人员). Reads no record and no entry through the gateway.
    Operator,
    /// Decides who may do what (管理员), and which adapter converts a feed. Reads no record and no
    /// entry through the gateway.
    Administrator,
    /// Finds, holds, restricts, erases and discloses personal data (个人信息保护负责人). Reads no record besides.
    Officer,
}

impl Role {
    /// The word in configuration, entries and refusals.
    pub fn word(self) -> &'static str {
        match self {
            Role::Auditor => "auditor",
            Role::Operator => "operator",
            Role::Administrator => "administrator",
            Role::Officer => "officer",
        }
    }
}

/// A member of staff of the node: a person, by a pseudonym.
#[derive(Debug, Clone)]
pub struct Staff {
    /// Short stable name, which is no agency's: `audit-01`.
    pub id: String,
    /// The one role.
    pub role: Role,
    /// How the person's certificates are recognised.
    pub certificates: Vec<CertificateName>,
    /// Feeds whose records an auditor may read, and an officer disclose from.
    pub read: Rights,
    /// Classes of personal data an auditor may see unmasked, and an officer disclose.
    pub personal: BTreeSet<i32>,
}

/// What a caller may read.
#[derive(Debug, Clone, Copy)]
pub struct Reads<'a> {
    /// Feeds.
    pub feeds: &'a Rights,
    /// Classes of personal data.
    pub personal: &'a BTreeSet<i32>,
}

/// The policy in force.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    agencies: Vec<Agency>,
    staff: Vec<Staff>,
}

/// A recognised caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The id of the agency, or of the member of staff.
    pub agency: String,
    /// The agency's kind, or the role.
    pub kind: String,
    /// SHA-256 of the certificate it came with.
    pub certificate: [u8; 32],
}

impl Policy {
    /// A policy of these agencies. Ids and certificate names are unique; the configuration checks it.
    pub fn new(agencies: Vec<Agency>) -> Policy {
        Policy {
            agencies,
            staff: Vec::new(),
        }
    }

    /// The policy with these members of staff. No id and no certificate is an agency's; the
    /// configuration checks it.
    #[must_use]
    pub fn with_staff(self, staff: Vec<Staff>) -> Policy {
        Policy { staff, ..self }
    }

    /// Ids of everybody who can be recognised.
    pub fn callers(&self) -> impl Iterator<Item = &str> {
        let agencies = self.agencies.iter().map(|agency| agency.id.as_str());
        agencies.chain(self.staff.iter().map(|member| member.id.as_str()))
    }

    /// The agencies.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.iter()
    }

    /// Recognises the peer. A member of staff is a caller whose kind is the role.
    ///
    /// # Errors
    /// [`Refusal::UnknownAgency`] when nobody, or more than one, claims the certificate.
    pub fn recognise(&self, peer: &PeerCertificate) -> Result<Caller, Refusal> {
        let is_claimed = |certificates: &[CertificateName]| {
            certificates.iter().any(|name| match name {
                CertificateName::Uri(uri) => peer.uris.contains(uri),
                CertificateName::Sha256(digest) => *digest == peer.sha256,
            })
        };
        let agencies = self.agencies.iter();
        let agencies = agencies.filter(|agency| is_claimed(&agency.certificates));
        let staff = self.staff.iter();
        let staff = staff.filter(|member| is_claimed(&member.certificates));
        let mut matching = agencies
            .map(|agency| (&agency.id, agency.kind.as_str()))
            .chain(staff.map(|member| (&member.id, member.role.word())));
        match (matching.next(), matching.next()) {
            (Some((id, kind)), None) => Ok(Caller {
                agency: id.clone(),
                kind: kind.to_owned(),
                certificate: peer.sha256,
            }),
            _ => Err(Refusal::UnknownAgency {
                fingerprint: hex(&peer.sha256),
            }),
        }
    }

    /// Whether `caller` may submit to `feed`.
    pub fn may_submit(&self, caller: &Caller, feed: &str) -> bool {
        self.agency(caller)
            .is_some_and(|agency| agency.submit.covers(feed))
    }

    /// Whether `caller` may read `feed`.
    pub fn may_read(&self, caller: &Caller, feed: &str) -> bool {
        self.reads(caller)
            .is_some_and(|reads| reads.feeds.covers(feed))
    }

    /// What `caller` may read: an agency, or a member of staff who is an auditor.
    pub fn reads(&self, caller: &Caller) -> Option<Reads<'_>> {
        if let Some(agency) = self.agency(caller) {
            return Some(Reads {
                feeds: &agency.read,
                personal: &agency.personal,
            });
        }
        let member = self.member(caller)?;
        (member.role == Role::Auditor).then_some(Reads {
            feeds: &member.read,
            personal: &member.personal,
        })
    }

    /// What `caller` may disclose by itself, field by field: what it may read, and what an officer is granted.
    pub fn discloses(&self, caller: &Caller) -> Option<Reads<'_>> {
        let member = self.member(caller);
        let officer = member.filter(|member| member.role == Role::Officer);
        let of_officer = officer.map(|member| Reads {
            feeds: &member.read,
            personal: &member.personal,
        });
        of_officer.or_else(|| self.reads(caller))
    }

    /// Whether `caller` is a member of staff with the role.
    pub fn has_role(&self, caller: &Caller, role: Role) -> bool {
        self.member(caller)
            .is_some_and(|member| member.role == role)
    }

    /// The member of staff that `caller` is.
    pub fn member(&self, caller: &Caller) -> Option<&Staff> {
        self.staff.iter().find(|member| member.id == caller.agency)
    }

    /// That `caller` has the role.
    ///
    /// # Errors
    /// [`Refusal::RoleNotGranted`].
    pub fn require(&self, caller: &Caller, role: Role) -> Result<(), Refusal> {
        match self.member(caller) {
            Some(member) if member.role == role => Ok(()),
            _ => Err(Refusal::RoleNotGranted {
                caller: caller.agency.clone(),
                role: role.word(),
            }),
        }
    }

    /// The agency of `caller`.
    pub fn agency(&self, caller: &Caller) -> Option<&Agency> {
        self.agencies
            .iter()
            .find(|agency| agency.id == caller.agency)
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agency(id: &str, certificates: Vec<CertificateName>, submit: &[&str]) -> Agency {
        let feeds =
            |names: &[&str]| Rights::Feeds(names.iter().map(|name| (*name).to_owned()).collect());
        Agency {
            id: id.to_owned(),
            kind: id.to_owned(),
            certificates,
            submit: feeds(submit),
            read: feeds(&[]),
            personal: BTreeSet::new(),
            party_keys: Vec::new(),
            must_sign: false,
        }
    }

    fn uri(text: &str) -> CertificateName {
        CertificateName::Uri(text.to_owned())
    }

    #[test]
    fn a_certificate_is_recognised_by_uri_or_by_digest() {
        let policy = Policy::new(vec![
            agency("police", vec![uri("spiffe://x/police")], &[]),
            agency("region", vec![CertificateName::Sha256([7; 32])], &[]),
        ]);
        let by_uri = PeerCertificate {
            sha256: [1; 32],
            uris: vec!["spiffe://x/police".into()],
        };
        let by_digest = PeerCertificate {
            sha256: [7; 32],
            uris: vec![],
        };
        assert_eq!(policy.recognise(&by_uri).expect("known").agency, "police");
        assert_eq!(
            policy.recognise(&by_digest).expect("known").agency,
            "region"
        );
    }

    #[test]
    fn an_unknown_or_ambiguous_certificate_is_refused() {
        let policy = Policy::new(vec![
            agency("a", vec![uri("u:a")], &[]),
            agency("b", vec![uri("u:b")], &[]),
        ]);
        for uris in [
            vec![],
            vec!["u:c".to_owned()],
            vec!["u:a".to_owned(), "u:b".to_owned()],
        ] {
            let refusal = policy
                .recognise(&PeerCertificate {
                    sha256: [0; 32],
                    uris,
                })
                .expect_err("refused");
            assert_eq!(refusal.reason(), "agency-unknown");
        }
    }

    #[test]
    fn what_is_not_granted_is_denied() {
        let policy = Policy::new(vec![agency("a", vec![uri("u:a")], &["hj212"])]);
        let caller = policy
            .recognise(&PeerCertificate {
                sha256: [0; 32],
                uris: vec!["u:a".into()],
            })
            .expect("known");
        assert!(policy.may_submit(&caller, "hj212"));
        assert!(!policy.may_submit(&caller, "police-case"));
        assert!(!policy.may_read(&caller, "hj212"));
    }
}
