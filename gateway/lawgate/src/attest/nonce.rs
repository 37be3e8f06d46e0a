//! Numbers that nobody can guess, for the queries of timestamps.

/// Draws a nonce from the operating system.
///
/// # Errors
/// The operating system gave no random bytes.
pub(super) fn nonce() -> Result<u64, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    // Positive and not zero also where an authority reads it as a signed number.
    Ok((u64::from_be_bytes(bytes) >> 1) | 1)
}
