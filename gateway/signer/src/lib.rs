//! Private keys that sign notes: in files and in PKCS#11 tokens.
#![forbid(unsafe_code)]
