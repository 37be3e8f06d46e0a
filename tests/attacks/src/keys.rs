//! Every key of the scenario, and what an examiner is given of them.
//!
//! They are made for a small log, or are those that a real gateway and its witnesses made. The operator has those of the
//! log and of receipts. Those of witnesses and agencies are here too, because the honest run needs them; no attack takes
//! them.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use audit_proof::{
    hash::Hash,
    key::KeyKind,
    party::{PartyField, PartyKey, Statement},
    signer::Signer as _,
    suite::Suite,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use signer::{generate, key_file::FileSigner};

/// The name of the log: that of a site as `lawgate init` makes it.
pub const ORIGIN: &str = "lawgate.example/development";

/// The agencies whose every submission is signed and counted.
pub const AGENCIES: [&str; 2] = ["region", "city-eco"];

/// Names of the witnesses in the policy; any two of them are a quorum.
pub const WITNESSES: [&str; 3] = ["environment", "police", "justice"];

/// All keys.
#[derive(Debug)]
pub struct Keys {
    /// Signs checkpoints; the operator's.
    pub log: Arc<FileSigner>,
    /// Signs receipts; the operator's.
    pub receipt: FileSigner,
    /// Cosign checkpoints; the witnesses'.
    pub witnesses: Vec<Arc<FileSigner>>,
    /// Digest of the policy that the log was made under.
    pub policy_digest: Hash,
    agencies: [SigningKey; 2],
    thief: SigningKey,
}

/// Whose key signs a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The agency itself.
    Agency,
    /// Somebody who has the gateway's keys and not the agency's.
    Thief,
}

fn new_key(name: &str, kind: KeyKind) -> Result<FileSigner> {
    let made = generate::generate(kind, name)?;
    Ok(FileSigner::from_pem(name, kind, &made.private_text)?)
}

impl Keys {
    /// Makes new keys; those of agencies are fixed, because nothing is kept with them.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new() -> Result<Self> {
        let witness = |name: &&str| {
            new_key(
                &format!("{name}.example/witness"),
                KeyKind::Ed25519Cosignature,
            )
            .map(Arc::new)
        };
        Ok(Self::with(
            new_key(ORIGIN, KeyKind::Ed25519)?,
            new_key(&format!("{ORIGIN}/receipt"), KeyKind::Ed25519)?,
            WITNESSES.iter().map(witness).collect::<Result<_>>()?,
            [7; 32],
        ))
    }

    /// Reads the keys that a gateway and its witnesses made in the folder of a site.
    ///
    /// # Errors
    /// When a key cannot be read.
    pub fn of_site(site: &Path) -> Result<Self> {
        let load = |path: &str, name: &str, kind| FileSigner::load(&site.join(path), name, kind);
        let witness = |(index, name): (usize, &&str)| {
            let path = format!("witness-{index}/witness.pem");
            let name = format!("{name}.example/witness");
            Ok(Arc::new(load(&path, &name, KeyKind::Ed25519Cosignature)?))
        };
        let receipt = format!("{ORIGIN}/receipt");
        let policy = std::fs::read(site.join("witnesses.policy"))?;
        Ok(Self::with(
            load("data/keys/checkpoint.pem", ORIGIN, KeyKind::Ed25519)?,
            load("data/keys/receipt.pem", &receipt, KeyKind::Ed25519)?,
            WITNESSES
                .iter()
                .enumerate()
                .map(witness)
                .collect::<Result<_>>()?,
            Suite::Sha256.hash(&policy),
        ))
    }

    fn with(
        log: FileSigner,
        receipt: FileSigner,
        witnesses: Vec<Arc<FileSigner>>,
        policy_digest: Hash,
    ) -> Self {
        Self {
            log: Arc::new(log),
            receipt,
            witnesses,
            policy_digest,
            agencies: [
                SigningKey::from_bytes(&[1; 32]),
                SigningKey::from_bytes(&[2; 32]),
            ],
            thief: SigningKey::from_bytes(&[3; 32]),
        }
    }

    /// The public key of an agency, as the gateway's configuration takes it.
    #[must_use]
    pub fn party(&self, agency: usize) -> String {
        STANDARD.encode(self.agencies[agency].verifying_key().to_bytes())
    }

    /// The policy of an examiner who knows the keys of the log and no witness.
    #[must_use]
    pub fn policy_without_witnesses(&self) -> String {
        format!("{}quorum none\n", self.log_lines())
    }

    /// The policy two of three; `urls` are where the witnesses serve, in their order; one that is missing
    /// or empty is not asked.
    #[must_use]
    pub fn policy(&self, urls: &[String]) -> String {
        let mut text = self.log_lines();
        for (index, (name, witness)) in WITNESSES.iter().zip(&self.witnesses).enumerate() {
            text += &format!("witness {name} {}", witness.key());
            let url = urls.get(index).filter(|url| !url.is_empty());
            text += &url.map_or_else(String::new, |url| format!(" {url}"));
            text += "\n";
        }
        text + &format!(
            "group agencies 2 {}\nquorum agencies\n",
            WITNESSES.join(" ")
        )
    }

    /// The history of keys: none has ended.
    #[must_use]
    pub fn history(&self) -> String {
        format!("key {}\nkey {}\n", self.log.key(), self.receipt.key())
    }

    /// The list of the agencies' keys; both sign from the first entry on.
    ///
    /// # Errors
    /// Never with the keys made here.
    pub fn party_keys(&self) -> Result<String> {
        let mut text = String::new();
        for (agency, key) in AGENCIES.iter().zip(&self.agencies) {
            let public = key.verifying_key().to_bytes();
            let named = audit_proof::key::VerifierKey::new(agency, KeyKind::Ed25519, &public)?;
            text += &format!("agency {agency} {named}\nmust-sign {agency} 0\n");
        }
        Ok(text)
    }

    /// Signs a statement of the agency with this number.
    ///
    /// # Errors
    /// Never with the keys made here.
    pub fn sign(&self, agency: usize, author: Author, statement: &Statement) -> Result<PartyField> {
        let key = match author {
            Author::Agency => &self.agencies[agency],
            Author::Thief => &self.thief,
        };
        // The thief names the agency's key, because another one is not in anybody's list.
        let named = PartyKey::from_bytes(&self.agencies[agency].verifying_key().to_bytes())?;
        let signature = key.sign(&statement.to_signed_bytes()).to_bytes();
        Ok(PartyField::new(named.id(), statement, signature))
    }

    fn log_lines(&self) -> String {
        format!("log {}\nlog {}\n", self.log.key(), self.receipt.key())
    }
}
