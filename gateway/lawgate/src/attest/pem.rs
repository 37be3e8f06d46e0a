//! Certificates of a PEM file, as DER.
//!
//! Only what the roots of timestamps need; TLS reads its own files.

use std::path::Path;

use anyhow::Context as _;

/// Reads every certificate of a PEM file; at least one.
///
/// # Errors
/// The file cannot be read, a block is not PEM, or there is none.
pub(crate) fn certificates(path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let found = blocks(&text).with_context(|| format!("{} is not PEM", path.display()))?;
    anyhow::ensure!(!found.is_empty(), "{} has no certificate", path.display());
    Ok(found)
}

fn blocks(text: &str) -> Result<Vec<Vec<u8>>, pem_rfc7468::Error> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut found = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        let body = block.split(END).next().unwrap_or_default();
        // Put together again without what stands between the blocks, such as names.
        let block = format!("{BEGIN}{body}{END}\n");
        let (_, der) = pem_rfc7468::decode_vec(block.as_bytes())?;
        found.push(der);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";

    #[test]
    fn every_certificate_is_found_and_words_between_them_are_passed_over() {
        let text = format!("subject=one\n{BLOCK}\nsubject=two\n{BLOCK}");
        assert_eq!(blocks(&text), Ok(vec![vec![1, 2, 3]; 2]));
        assert_eq!(blocks("nothing"), Ok(vec![]));
        assert!(blocks("-----BEGIN CERTIFICATE-----\n!!\n").is_err());
    }
}
