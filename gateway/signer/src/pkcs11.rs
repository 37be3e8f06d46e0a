//! A signer whose private key is in a PKCS#11 token: a smart card, a hardware module, or SoftHSM in the tests.
//!
//! Ed25519 only, in both kinds: PKCS#11 version 3 has no SM2, and no token at hand has ML-DSA-44. The key never leaves the
//! token; what comes back is verified before it is used, because a module may fail in silence. Loads a shared library
//! of the vendor, so everything here is behind a feature.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use audit_proof::key::{KeyError, KeyKind, SignatureError, VerifierKey};
use audit_proof::signer::{SignError, Signer};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

/// Where a key is.
pub struct Pkcs11Location {
    /// The shared library of the token's vendor.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// Label of the key pair in it.
    pub key: String,
    /// The user's PIN.
    pub pin: AuthPin,
}

/// Signs with a private key that is in a token.
pub struct Pkcs11Signer {
    key: VerifierKey,
    private: ObjectHandle,
    // A session serves one thread at a time.
    session: Mutex<Session>,
}

/// Why a key in a token cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Pkcs11Error {
    /// No token makes signatures of the kind.
    #[error("{kind} keys are not used from tokens")]
    Kind {
        /// The kind asked for.
        kind: KeyKind,
    },
    /// The library or the token refused a call.
    #[error("the token refused: {call}")]
    Token {
        /// What was asked of it.
        call: &'static str,
        /// What it said.
        #[source]
        cause: Error,
    },
    /// No token has the label, or several have.
    #[error("{found} tokens are labelled {label}, and not one")]
    Tokens {
        /// The label.
        label: String,
        /// How many have it.
        found: usize,
    },
    /// No key has the label, or several have.
    #[error("{found} {half} keys are labelled {label}, and not one")]
    Keys {
        /// The label.
        label: String,
        /// `public` or `private`.
        half: &'static str,
        /// How many have it.
        found: usize,
    },
    /// The public key in the token is no Ed25519 key.
    #[error("the public key labelled {label} is no Ed25519 key")]
    Public {
        /// The label.
        label: String,
    },
    /// The public key or its name makes no verifier key.
    #[error("the key labelled {label} makes no verifier key")]
    Key {
        /// The label.
        label: String,
        /// What is wrong.
        #[source]
        cause: KeyError,
    },
    /// The token gave a signature that does not verify.
    #[error("the token gave a wrong signature")]
    Signature(#[source] SignatureError),
}

impl Pkcs11Location {
    /// Names a key for callers that do not know the library's type of a PIN.
    #[must_use]
    pub fn new(module: PathBuf, token: String, key: &str, pin: &str) -> Self {
        Self {
            module,
            token,
            key: key.to_owned(),
            pin: AuthPin::new(pin.into()),
        }
    }
}

impl Pkcs11Signer {
    /// Opens a session at the token and finds the key pair; signatures bear `name`.
    ///
    /// # Errors
    /// What the token said, or what it does not have.
    pub fn open(location: &Pkcs11Location, name: &str, kind: KeyKind) -> Result<Self, Pkcs11Error> {
        match kind {
            KeyKind::Ed25519 | KeyKind::Ed25519Cosignature => {}
            KeyKind::MlDsa44Cosignature | KeyKind::Sm2Sm3 => {
                return Err(Pkcs11Error::Kind { kind });
            }
        }
        let context = context(location)?;
        let slot = slot(&context, &location.token)?;
        let session = context
            .open_ro_session(slot)
            .map_err(|cause| refused("open a session", cause))?;
        match session.login(UserType::User, Some(&location.pin)) {
            // One login holds for all sessions of a process with a token.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(cause) => return Err(refused("log in", cause)),
        }
        let label = &location.key;
        let private = find(&session, ObjectClass::PRIVATE_KEY, label, "private")?;
        let public = find(&session, ObjectClass::PUBLIC_KEY, label, "public")?;
        let public = public_key(&session, public, label)?;
        let key = VerifierKey::new(name, kind, &public).map_err(|cause| Pkcs11Error::Key {
            label: label.clone(),
            cause,
        })?;
        Ok(Self {
            key,
            private,
            session: Mutex::new(session),
        })
    }

    fn sign_in_token(&self, message: &[u8]) -> Result<Vec<u8>, Pkcs11Error> {
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
        // A panic elsewhere leaves the session usable: every signature is one whole operation.
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session
            .sign(&mechanism, self.private, message)
            .map_err(|cause| refused("sign", cause))
    }
}

impl Signer for Pkcs11Signer {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, text: &str, time_s: u64) -> Result<Vec<u8>, SignError> {
        let name = || self.key.name().to_owned();
        let failed = |cause: Pkcs11Error| SignError::Key {
            key: name(),
            cause: Box::new(cause),
        };
        let message = self
            .key
            .message(text, time_s)
            .map_err(|cause| SignError::Message { key: name(), cause })?;
        let raw = self.sign_in_token(&message).map_err(failed)?;
        let signature = self.key.with_time(time_s, &raw);
        self.key
            .verify(text, &signature)
            .map_err(|cause| failed(Pkcs11Error::Signature(cause)))?;
        Ok(signature)
    }
}

impl fmt::Debug for Pkcs11Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pkcs11Signer({})", self.key)
    }
}

/// Loads and initialises the library of the vendor.
fn context(location: &Pkcs11Location) -> Result<Pkcs11, Pkcs11Error> {
    let context =
        Pkcs11::new(&location.module).map_err(|cause| refused("load its library", cause))?;
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Another signer of this process may have done so.
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(context),
        Err(cause) => Err(refused("initialise its library", cause)),
    }
}

fn slot(context: &Pkcs11, label: &str) -> Result<Slot, Pkcs11Error> {
    let slots = context
        .get_slots_with_token()
        .map_err(|cause| refused("list slots", cause))?;
    let mut found = Vec::new();
    for slot in slots {
        let token = context
            .get_token_info(slot)
            .map_err(|cause| refused("describe itself", cause))?;
        if token.label() == label {
            found.push(slot);
        }
    }
    match found[..] {
        [slot] => Ok(slot),
        _ => Err(Pkcs11Error::Tokens {
            label: label.to_owned(),
            found: found.len(),
        }),
    }
}

fn find(
    session: &Session,
    class: ObjectClass,
    label: &str,
    half: &'static str,
) -> Result<ObjectHandle, Pkcs11Error> {
    let template = [
        Attribute::Class(class),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    let found = session
        .find_objects(&template)
        .map_err(|cause| refused("find the key", cause))?;
    match found[..] {
        [key] => Ok(key),
        _ => Err(Pkcs11Error::Keys {
            label: label.to_owned(),
            half,
            found: found.len(),
        }),
    }
}

/// Reads the public key: a DER octet string around 32 bytes, or, in newer tokens, the bytes alone (PKCS#11 v3 §6.3.5).
fn public_key(session: &Session, key: ObjectHandle, label: &str) -> Result<Vec<u8>, Pkcs11Error> {
    let attributes = session
        .get_attributes(key, &[AttributeType::EcPoint])
        .map_err(|cause| refused("show the public key", cause))?;
    let point = attributes.iter().find_map(|attribute| {
        if let Attribute::EcPoint(point) = attribute {
            Some(point.as_slice())
        } else {
            None
        }
    });
    match point {
        Some([0x04, 0x20, key @ ..] | key) if key.len() == 32 => Ok(key.to_vec()),
        _ => Err(Pkcs11Error::Public {
            label: label.to_owned(),
        }),
    }
}

fn refused(call: &'static str, cause: Error) -> Pkcs11Error {
    Pkcs11Error::Token { call, cause }
}

#[cfg(test)]
mod tests;
