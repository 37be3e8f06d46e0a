//! Signing what is submitted, as an agency's own client does.
//!
//! The statement and its bytes are `audit_log::party`'s, the count is [`super::counter`]'s. A
//! repeat of a delivery carries the signature it had: Ed25519 gives the same one for the same bytes.

use std::fs;

use anyhow::Context;
use audit_log::party::{KeyId, PartyKey, Statement, attributes_digest, key_digest};
use audit_log::tree;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer as _, SigningKey};
use proto::v1;
use sha2::{Digest, Sha256};

use super::counter::CounterFile;
use crate::cli;
use crate::output::UsageError;

/// A party key with its count.
pub(crate) struct PartySigner {
    key: SigningKey,
    id: KeyId,
    agency: String,
    counter: CounterFile,
}

impl PartySigner {
    /// Reads the key the command line names; `None` when it names none.
    ///
    /// `agency` is what the client file says of it.
    ///
    /// # Errors
    /// A client file without an agency, a key file that cannot be read or holds no Ed25519 key.
    pub(crate) fn open(
        arguments: &cli::Submit,
        agency: Option<&str>,
    ) -> anyhow::Result<Option<PartySigner>> {
        let (Some(path), Some(counter)) = (&arguments.party_key, &arguments.party_counter) else {
            return Ok(None);
        };
        let agency = agency.ok_or_else(|| UsageError::NoAgency {
            path: arguments.connection.client.clone(),
        })?;
        let pem = fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let key = SigningKey::from_pkcs8_pem(&pem)
            .with_context(|| format!("{} holds no Ed25519 key in PKCS #8", path.display()))?;
        let public = PartyKey::from_bytes(&key.verifying_key().to_bytes())
            .with_context(|| format!("{} holds a key nobody may use", path.display()))?;
        Ok(Some(PartySigner {
            id: public.id(),
            key,
            agency: agency.to_owned(),
            counter: CounterFile::new(counter.clone(), public.id()),
        }))
    }

    /// Takes the next number, durably, and signs the submission with it.
    ///
    /// A delivery that was signed before gets the number and the time it had.
    ///
    /// # Errors
    /// Those of the counter file; nothing may be sent then.
    pub(crate) fn sign(&self, of: &mut v1::SubmitRequest, now_ns: u64) -> anyhow::Result<()> {
        let mut statement = self.unnumbered(of);
        let delivery = Sha256::digest(statement.to_cbor()).into();
        let number = self.counter.number(&delivery, now_ns)?;
        statement.counter = number.counter;
        statement.time_ns = number.time_ns;
        let signature = self.key.sign(&statement.to_signed_bytes());
        of.party = Some(v1::PartySignature {
            key_id: self.id.0.to_vec(),
            counter: statement.counter,
            time_ns: statement.time_ns,
            signature: signature.to_bytes().to_vec(),
        });
        Ok(())
    }

    /// The statement without number and time: what makes a delivery the same one.
    fn unnumbered(&self, of: &v1::SubmitRequest) -> Statement {
        let messages = of.messages.iter().map(|message| {
            let attributes = message.attributes.iter();
            attributes.map(|attribute| (attribute.name.as_str(), attribute.value.as_str()))
        });
        Statement {
            agency: self.agency.clone(),
            feed: of.feed.clone(),
            key: key_digest(&self.agency, &of.feed, &of.idempotency_key),
            counter: 0,
            time_ns: 0,
            payload_root: tree::root(of.messages.iter().map(|message| &message.payload)),
            attributes: attributes_digest(messages),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser as _;
    use rcgen::{KeyPair, PKCS_ED25519};

    use super::*;
    use crate::cli::{Cli, Command};

    fn arguments(folder: &Path, more: &[&str]) -> cli::Submit {
        let path = |name: &str| folder.join(name).to_str().expect("a plain name").to_owned();
        let (key, counter) = (path("key.pem"), path("counter"));
        let line = ["lawgate", "submit", "--client", "c.toml", "--feed", "f"];
        let line = [
            &line[..],
            &["--party-key", &key, "--party-counter", &counter],
            more,
        ]
        .concat();
        let Command::Submit(arguments) = Cli::try_parse_from(line).expect("parses").command else {
            panic!("submit")
        };
        arguments
    }

    fn request(payload: &str) -> v1::SubmitRequest {
        v1::SubmitRequest {
            feed: "f".to_owned(),
            idempotency_key: "k".to_owned(),
            messages: vec![v1::Message {
                payload: payload.as_bytes().to_vec().into(),
                attributes: vec![v1::Attribute {
                    name: "file-name".to_owned(),
                    value: "一.xml".to_owned(),
                }],
            }],
            ..v1::SubmitRequest::default()
        }
    }

    /// A folder with a key and an empty counter file, and the signer over them.
    fn signer() -> (tempfile::TempDir, PartySigner) {
        let folder = tempfile::tempdir().expect("a folder");
        let key = KeyPair::generate_for(&PKCS_ED25519).expect("is made");
        fs::write(folder.path().join("key.pem"), key.serialize_pem()).expect("written");
        fs::write(folder.path().join("counter"), "").expect("written");
        let signer = PartySigner::open(&arguments(folder.path(), &["x"]), Some("police"));
        (folder, signer.expect("opens").expect("is asked for"))
    }

    #[test]
    fn what_is_signed_is_what_the_gateway_puts_together() {
        let (_folder, signer) = signer();
        let mut of = request("<a/>");
        signer.sign(&mut of, 7).expect("signs");
        let party = of.party.clone().expect("is signed");
        let statement = Statement {
            counter: party.counter,
            time_ns: party.time_ns,
            ..signer.unnumbered(&of)
        };
        let key = PartyKey::from_bytes(&signer.key.verifying_key().to_bytes()).expect("is a key");
        let signature = party.signature.try_into().expect("64 bytes");
        assert!(key.has_signed(&statement, &signature));
        assert_eq!((party.counter, party.time_ns), (1, 7));
        assert_eq!(party.key_id, key.id().0);
    }

    #[test]
    fn a_repeat_is_signed_as_before_and_other_content_under_the_next_number() {
        let (_folder, signer) = signer();
        let signed = |payload: &str, now_ns| {
            let mut of = request(payload);
            signer.sign(&mut of, now_ns).expect("signs");
            of
        };
        let first = signed("<a/>", 7);
        assert_eq!(signed("<b/>", 8).party.expect("is signed").counter, 2);
        assert_eq!(signed("<a/>", 9), first);
    }

    #[test]
    fn signing_needs_a_key_a_counter_and_the_agency() {
        let (folder, _signer) = signer();
        let open =
            |agency| PartySigner::open(&arguments(folder.path(), &["x"]), agency).map(|_| ());
        let error = open(None).expect_err("is refused");
        assert_eq!(
            error.to_string(),
            "--party-key: c.toml has no `agency`, which is part of what is signed"
        );
        fs::write(folder.path().join("key.pem"), "no key").expect("written");
        let error = open(Some("police")).expect_err("is refused");
        assert!(
            error
                .to_string()
                .ends_with("holds no Ed25519 key in PKCS #8"),
            "{error}"
        );
        let line = [
            "lawgate",
            "submit",
            "--client",
            "c",
            "--feed",
            "f",
            "--party-key",
            "k",
            "x",
        ];
        Cli::try_parse_from(line).expect_err("a key without a counter signs nothing");
    }
}
