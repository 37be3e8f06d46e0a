//! Content inside a string: Base64 and GZIP, with a bound on what it grows to.
//!
//! Used by `unwrap` only. A bound that is reached is a fault, not a cut.

use std::io::Read;

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Senders leave the padding off, or break lines.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Why content could not be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnpackError {
    /// Not Base64.
    NotBase64,
    /// Not GZIP, or damaged.
    NotGzip,
    /// Grows beyond the bound.
    TooLarge,
}

/// Decodes Base64, white space ignored.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, UnpackError> {
    let decoded = if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let compact: Vec<u8> = text
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        ENGINE.decode(compact)
    } else {
        ENGINE.decode(text)
    };
    decoded.map_err(|_| UnpackError::NotBase64)
}

/// Inflates GZIP content up to `most` bytes.
///
/// Measured first, then inflated into memory of exactly that size: a buffer that
/// doubles as it grows would need three times the bound, and a guest's memory is
/// limited. So the outcome depends on the content alone, not on who runs it.
pub(crate) fn from_gzip(bytes: &[u8], most: usize) -> Result<Vec<u8>, UnpackError> {
    let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let inflate = || flate2::read::MultiGzDecoder::new(bytes).take(bound);
    let length =
        std::io::copy(&mut inflate(), &mut std::io::sink()).map_err(|_| UnpackError::NotGzip)?;
    if length == bound {
        return Err(UnpackError::TooLarge);
    }
    let mut inflated = Vec::with_capacity(usize::try_from(length).unwrap_or(most));
    inflate()
        .read_to_end(&mut inflated)
        .map_err(|_| UnpackError::NotGzip)?;
    Ok(inflated)
}
