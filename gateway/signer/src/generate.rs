//! Making a key: the private text for a file and the public text for everybody else.
//!
//! Writes nothing; [`crate::key_file::write_key_file`] does. Randomness is the operating system's.

use audit_proof::key::{KeyError, KeyKind, VerifierKey};
use zeroize::Zeroizing;

use crate::private_key::{PrivateKey, SEED_BYTES};

/// A new key.
#[derive(Debug)]
pub struct Generated {
    /// PEM text of the private key; it is erased when it is dropped, and must reach nobody.
    pub private_text: Zeroizing<String>,
    /// The public key under its name.
    pub key: VerifierKey,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The name cannot name a key.
    #[error("no key can be made under that name")]
    Name(#[source] KeyError),
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random(#[source] getrandom::Error),
    /// The libraries made no key of the bytes.
    #[error("no {kind} key came of the random bytes")]
    Library {
        /// The kind asked for.
        kind: KeyKind,
    },
}

/// Makes a key of `kind` named `name`.
///
/// # Errors
/// [`GenerateError::Name`] is the caller's; the others are the system's.
pub fn generate(kind: KeyKind, name: &str) -> Result<Generated, GenerateError> {
    // Of 2³² candidates for SM2 one lies beyond the order; a second draw is all that is ever needed.
    for _ in 0..2 {
        let mut bytes = Zeroizing::new([0_u8; SEED_BYTES]);
        getrandom::fill(&mut *bytes).map_err(GenerateError::Random)?;
        if let Some(private) = PrivateKey::from_bytes(kind, &*bytes) {
            let private_text = private.to_pem().ok_or(GenerateError::Library { kind })?;
            let key =
                VerifierKey::new(name, kind, &private.public()).map_err(GenerateError::Name)?;
            return Ok(Generated { private_text, key });
        }
    }
    Err(GenerateError::Library { kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_file::FileSigner;
    use audit_proof::signer::Signer as _;

    #[test]
    fn a_generated_key_of_every_kind_is_read_back_as_itself() {
        for kind in KeyKind::ALL {
            let made = generate(kind, "example.com/log").unwrap();
            let signer = FileSigner::from_pem("example.com/log", kind, &made.private_text).unwrap();
            assert_eq!(signer.key(), &made.key, "{kind}");
            assert_eq!(VerifierKey::parse(&made.key.to_string()).unwrap(), made.key);
        }
    }

    #[test]
    fn two_keys_are_never_the_same_and_show_nothing_of_themselves() {
        let (first, second) = (
            generate(KeyKind::Ed25519, "a").unwrap(),
            generate(KeyKind::Ed25519, "a").unwrap(),
        );
        assert_ne!(first.key, second.key);
        assert!(generate(KeyKind::Ed25519, "a name").is_err());
    }
}
