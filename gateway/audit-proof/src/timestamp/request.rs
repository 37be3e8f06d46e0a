//! What is sent to a time-stamping authority.
//!
//! Builds the bytes and sends nothing. Clients of an authority rely on it, with [`super::Response`] for the answer.

use super::{
    Imprint, ImprintAlgorithm,
    der::{BOOLEAN, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, write, write_unsigned},
    oid,
};

/// Returns the DER of a `TimeStampReq` (RFC 3161 §2.4.1) over `imprint`, which asks for the certificate of the authority.
///
/// The nonce ties the answer to this request; it has to be different each time and hard to guess.
#[must_use]
pub fn request(imprint: &Imprint, nonce: u64) -> Vec<u8> {
    let message_imprint = [
        algorithm(imprint.algorithm),
        write(OCTET_STRING, &imprint.digest),
    ];
    let parts = [
        write_unsigned(1),
        write(SEQUENCE, &message_imprint.concat()),
        write_unsigned(nonce),
        write(BOOLEAN, &[0xff]),
    ];
    write(SEQUENCE, &parts.concat())
}

/// Returns the `AlgorithmIdentifier` of an imprint, with the NULL that authorities of every age understand.
fn algorithm(algorithm: ImprintAlgorithm) -> Vec<u8> {
    let identifier = match algorithm {
        ImprintAlgorithm::Sha256 => oid::SHA256,
        ImprintAlgorithm::Sm3 => oid::SM3,
    };
    let parts = [write(OBJECT_IDENTIFIER, identifier), write(NULL, &[])];
    write(SEQUENCE, &parts.concat())
}
