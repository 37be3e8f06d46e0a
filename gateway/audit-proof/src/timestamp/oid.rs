//! The object identifiers that timestamps need, as the content of their DER encoding.
//!
//! Constants and the dotted form; nothing is decided here. The readers of tokens and certificates compare with them.

use super::der::FormError;

/// CMS signed data (RFC 5652 §5.1).
pub(super) const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
/// Signed data of GM/T 0010, by which SM2 tokens are wrapped.
pub(super) const SIGNED_DATA_GM: &[u8] = b"\x2a\x81\x1c\xcf\x55\x06\x01\x04\x02\x02";
/// The content of a timestamp token (RFC 3161 §2.4.2).
pub(super) const TST_INFO: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";

/// Signed attribute content-type (RFC 5652 §11.1).
pub(super) const CONTENT_TYPE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
/// Signed attribute message-digest (RFC 5652 §11.2).
pub(super) const MESSAGE_DIGEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
/// Signed attribute signing-certificate (RFC 2634 §5.4).
pub(super) const SIGNING_CERTIFICATE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c";
/// Signed attribute signing-certificate-v2 (RFC 5035 §3).
pub(super) const SIGNING_CERTIFICATE_V2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f";

/// SHA-256.
pub(super) const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
/// SHA-384.
pub(super) const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
/// SHA-512.
pub(super) const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";
/// SM3 (GB/T 33560-2017).
pub(super) const SM3: &[u8] = b"\x2a\x81\x1c\xcf\x55\x01\x83\x11";

/// RSA keys, and RSA signatures whose hash is said elsewhere.
pub(super) const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
/// RSA PKCS#1 v1.5 with SHA-256.
pub(super) const RSA_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
/// RSA PKCS#1 v1.5 with SHA-384.
pub(super) const RSA_SHA384: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c";
/// RSA PKCS#1 v1.5 with SHA-512.
pub(super) const RSA_SHA512: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d";
/// Keys on elliptic curves.
pub(super) const EC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
/// The curve P-256.
pub(super) const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// The curve P-384.
pub(super) const P384: &[u8] = b"\x2b\x81\x04\x00\x22";
/// ECDSA with SHA-256.
pub(super) const ECDSA_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
/// ECDSA with SHA-384.
pub(super) const ECDSA_SHA384: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x03";
/// ECDSA with SHA-512.
pub(super) const ECDSA_SHA512: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x04";
/// The curve of SM2, and the arc of its signatures (GB/T 33560-2017).
pub(super) const SM2: &[u8] = b"\x2a\x81\x1c\xcf\x55\x01\x82\x2d";
/// SM2 signatures with SM3 (GB/T 33560-2017).
pub(super) const SM2_SM3: &[u8] = b"\x2a\x81\x1c\xcf\x55\x01\x83\x75";

/// Certificate extension subjectKeyIdentifier (RFC 5280 §4.2.1.2).
pub(super) const SUBJECT_KEY_IDENTIFIER: &[u8] = b"\x55\x1d\x0e";
/// Certificate extension keyUsage (RFC 5280 §4.2.1.3).
pub(super) const KEY_USAGE: &[u8] = b"\x55\x1d\x0f";
/// Certificate extension subjectAltName (RFC 5280 §4.2.1.6).
pub(super) const SUBJECT_ALT_NAME: &[u8] = b"\x55\x1d\x11";
/// Certificate extension basicConstraints (RFC 5280 §4.2.1.9).
pub(super) const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
/// Certificate extension certificatePolicies (RFC 5280 §4.2.1.4).
pub(super) const CERTIFICATE_POLICIES: &[u8] = b"\x55\x1d\x20";
/// Certificate extension extKeyUsage (RFC 5280 §4.2.1.12).
pub(super) const EXTENDED_KEY_USAGE: &[u8] = b"\x55\x1d\x25";
/// The usage of every purpose.
pub(super) const ANY_USAGE: &[u8] = b"\x55\x1d\x25\x00";
/// The usage of stamping time (RFC 3161 §2.3).
pub(super) const TIME_STAMPING: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x08";

/// Returns the dotted form of an identifier.
///
/// # Errors
/// [`FormError::Value`] when the content is empty, not the shortest, cut off, or has an arc of more than 128 bits.
pub(super) fn to_dotted(content: &[u8]) -> Result<String, FormError> {
    let mut arcs = Vec::new();
    let mut arc = 0_u128;
    let mut inside = false;
    for &byte in content {
        // A first byte of 0x80 adds nothing: the same number has a shorter form.
        if (!inside && byte == 0x80) || arc.leading_zeros() < 7 {
            return Err(FormError::Value);
        }
        arc = (arc << 7) | u128::from(byte & 0x7f);
        inside = byte & 0x80 != 0;
        if !inside {
            arcs.push(arc);
            arc = 0;
        }
    }
    let (Some(&first), false) = (arcs.first(), inside) else {
        return Err(FormError::Value);
    };
    // The first two arcs share a number (X.690 §8.19.4).
    let top = (first / 40).min(2);
    let mut dotted = format!("{top}.{}", first - top * 40);
    for arc in &arcs[1..] {
        dotted.push('.');
        dotted.push_str(&arc.to_string());
    }
    Ok(dotted)
}
