//! Which signatures are verified here, and verifying them.
//!
//! RSA PKCS#1 v1.5 and ECDSA on P-256 and P-384, each with SHA-256, SHA-384 or SHA-512. SM2 is recognised and not
//! verified; every other algorithm is merely not verified. It makes no signature. Tokens and chains rely on it.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::{BoxedUint, Pkcs1v15Sign, PublicKey};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::{
    der::{BIT_STRING, Element, FormError, INTEGER, NULL, Reader, SEQUENCE, write},
    oid,
};

/// Range of RSA moduli that are accepted, in bits.
///
/// Less than 2048 is broken too soon to prove anything; more than 8192 costs time and is used by nobody.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A signature algorithm that is known or unknown, and in either case not verified here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnverifiedAlgorithm {
    /// SM2 with SM3 (GB/T 32918, GM/T 0033): verify with the tool of the authority.
    Sm2,
    /// Any other algorithm, curve, hash or key size.
    Other,
}

/// Why a signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureError {
    /// It is not the signature of these bytes by this key.
    Wrong,
    /// Nothing is known about it.
    NotVerifiedHere(UnverifiedAlgorithm),
}

/// An `AlgorithmIdentifier` (RFC 5280 §4.1.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Algorithm<'a> {
    /// The content of the object identifier.
    pub(super) identifier: &'a [u8],
    /// The parameters, when there are any.
    parameters: Option<Element<'a>>,
}

/// A hash that signatures are made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignedHash {
    Sha256,
    Sha384,
    Sha512,
}

/// How a signature is to be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Rsa(SignedHash),
    Ecdsa(SignedHash),
}

/// The public key of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'a> {
    Rsa {
        modulus: &'a [u8],
        exponent: &'a [u8],
    },
    P256(&'a [u8]),
    P384(&'a [u8]),
    Unverified(UnverifiedAlgorithm),
}

impl<'a> Algorithm<'a> {
    /// Reads the identifier that is next.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, FormError> {
        let mut inside = reader.inside(SEQUENCE)?;
        let identifier = inside.identifier()?;
        let parameters = if inside.is_empty() {
            None
        } else {
            Some(inside.any()?)
        };
        inside.end()?;
        Ok(Self {
            identifier,
            parameters,
        })
    }

    /// Returns the hash that this names.
    pub(super) fn hash(self) -> Result<SignedHash, SignatureError> {
        match self.identifier {
            oid::SHA256 if self.has_no_parameters() => Ok(SignedHash::Sha256),
            oid::SHA384 if self.has_no_parameters() => Ok(SignedHash::Sha384),
            oid::SHA512 if self.has_no_parameters() => Ok(SignedHash::Sha512),
            _ => Err(self.not_verified()),
        }
    }

    /// Returns the scheme that this names; `said_elsewhere` is the hash of a signer, for RSA without one.
    pub(super) fn scheme(
        self,
        said_elsewhere: Option<SignedHash>,
    ) -> Result<Scheme, SignatureError> {
        if !self.has_no_parameters() {
            return Err(self.not_verified());
        }
        match (self.identifier, said_elsewhere) {
            (oid::RSA, Some(hash)) => Ok(Scheme::Rsa(hash)),
            (oid::RSA_SHA256, _) => Ok(Scheme::Rsa(SignedHash::Sha256)),
            (oid::RSA_SHA384, _) => Ok(Scheme::Rsa(SignedHash::Sha384)),
            (oid::RSA_SHA512, _) => Ok(Scheme::Rsa(SignedHash::Sha512)),
            (oid::ECDSA_SHA256, _) => Ok(Scheme::Ecdsa(SignedHash::Sha256)),
            (oid::ECDSA_SHA384, _) => Ok(Scheme::Ecdsa(SignedHash::Sha384)),
            (oid::ECDSA_SHA512, _) => Ok(Scheme::Ecdsa(SignedHash::Sha512)),
            _ => Err(self.not_verified()),
        }
    }

    fn has_no_parameters(self) -> bool {
        self.parameters
            .is_none_or(|element| element.tag == NULL && element.content.is_empty())
    }

    fn not_verified(self) -> SignatureError {
        // SM2 keys, SM2 signatures with and without their hash, and SM3 as the hash of a signer.
        let is_sm2 = self.identifier.starts_with(oid::SM2)
            || [oid::SM2_SM3, oid::SM3].contains(&self.identifier);
        SignatureError::NotVerifiedHere(if is_sm2 {
            UnverifiedAlgorithm::Sm2
        } else {
            UnverifiedAlgorithm::Other
        })
    }
}

impl Scheme {
    /// Returns the hash that the signature is over.
    pub(super) fn hash(self) -> SignedHash {
        match self {
            Self::Rsa(hash) | Self::Ecdsa(hash) => hash,
        }
    }
}

impl SignedHash {
    /// Returns the hash of `bytes`.
    pub(super) fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// Returns what stands before the hash in a PKCS#1 v1.5 signature: the `DigestInfo` without its last bytes.
    fn rsa_prefix(self) -> Vec<u8> {
        let (identifier, length) = match self {
            Self::Sha256 => (oid::SHA256, 32),
            Self::Sha384 => (oid::SHA384, 48),
            Self::Sha512 => (oid::SHA512, 64),
        };
        let parts = [
            write(super::der::OBJECT_IDENTIFIER, identifier),
            write(NULL, &[]),
        ];
        let digest = write(super::der::OCTET_STRING, &vec![0; length]);
        let mut whole = write(
            SEQUENCE,
            &[write(SEQUENCE, &parts.concat()), digest].concat(),
        );
        whole.truncate(whole.len() - length);
        whole
    }
}

impl<'a> Key<'a> {
    /// Reads the `SubjectPublicKeyInfo` that is next.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, FormError> {
        let mut inside = reader.inside(SEQUENCE)?;
        let algorithm = Algorithm::read(&mut inside)?;
        let bits = inside.element(BIT_STRING)?;
        inside.end()?;
        let curve = algorithm.parameters.map(|element| element.content);
        match (algorithm.identifier, curve) {
            (oid::RSA, _) if algorithm.has_no_parameters() => rsa_key(bits.whole_bits()?),
            (oid::EC_KEY, Some(oid::P256)) => Ok(Self::P256(bits.whole_bits()?)),
            (oid::EC_KEY, Some(oid::P384)) => Ok(Self::P384(bits.whole_bits()?)),
            (oid::EC_KEY, Some(oid::SM2)) | (oid::SM2, _) => {
                Ok(Self::Unverified(UnverifiedAlgorithm::Sm2))
            }
            _ => Ok(Self::Unverified(UnverifiedAlgorithm::Other)),
        }
    }

    /// Verifies that `signature` was made over `bytes` with the private half of this key.
    pub(super) fn verify(
        self,
        scheme: Scheme,
        bytes: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        match (self, scheme) {
            (Self::Unverified(algorithm), _) => Err(SignatureError::NotVerifiedHere(algorithm)),
            (Self::Rsa { modulus, exponent }, Scheme::Rsa(hash)) => {
                verify_rsa(modulus, exponent, hash, bytes, signature)
            }
            (Self::P256(point), Scheme::Ecdsa(hash)) => {
                let verified = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).and_then(|key| {
                    let signature = p256::ecdsa::Signature::from_der(signature)?;
                    key.verify_prehash(&hash.of(bytes), &signature)
                });
                verified.map_err(|_| SignatureError::Wrong)
            }
            (Self::P384(point), Scheme::Ecdsa(hash)) => {
                let verified = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).and_then(|key| {
                    let signature = p384::ecdsa::Signature::from_der(signature)?;
                    key.verify_prehash(&hash.of(bytes), &signature)
                });
                verified.map_err(|_| SignatureError::Wrong)
            }
            (Self::Rsa { .. }, Scheme::Ecdsa(_))
            | (Self::P256(_) | Self::P384(_), Scheme::Rsa(_)) => Err(SignatureError::Wrong),
        }
    }
}

/// Reads the two numbers of an RSA key (RFC 8017 §A.1.1).
fn rsa_key(bytes: &[u8]) -> Result<Key<'_>, FormError> {
    let mut outer = Reader::new(bytes);
    let mut reader = outer.inside(SEQUENCE)?;
    outer.end()?;
    let modulus = reader.element(INTEGER)?.unsigned()?;
    let exponent = reader.element(INTEGER)?.unsigned()?;
    reader.end()?;
    Ok(Key::Rsa { modulus, exponent })
}

/// Verifies an RSA signature (RFC 8017 §8.2.2).
fn verify_rsa(
    modulus: &[u8],
    exponent: &[u8],
    hash: SignedHash,
    bytes: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    // Checked before any arithmetic, so that the size of a number in a certificate cannot cost time.
    if !RSA_BITS.contains(&(modulus.len() * 8)) || !(1..=8).contains(&exponent.len()) {
        return Err(SignatureError::NotVerifiedHere(UnverifiedAlgorithm::Other));
    }
    let key = PublicKey::new_with_size_limits(
        BoxedUint::from_be_slice_vartime(modulus),
        BoxedUint::from_be_slice_vartime(exponent),
        RSA_BITS,
    )
    .map_err(|_| SignatureError::NotVerifiedHere(UnverifiedAlgorithm::Other))?;
    let digest = hash.of(bytes);
    let padding = Pkcs1v15Sign {
        hash_len: Some(digest.len()),
        prefix: hash.rsa_prefix().into_boxed_slice(),
    };
    key.verify(padding, &digest, signature)
        .map_err(|_| SignatureError::Wrong)
}
