//! `lawgate adapter pack`, `sign` and `verify-signature`: one file for a gateway, and who vouches for it.

use std::fs;
use std::path::{Path, PathBuf};

use adapter_tools::pack::{self, ENDING};
use adapter_tools::{Pack, PublisherKeys, VerifyError};
use anyhow::Context as _;
use audit_proof::key::VerifierKey;
use audit_proof::signer::Signer as _;
use serde_json::json;
use signer::FileSigner;

use super::source::{read_pack, whole};
use crate::attest::{self, keys::PUBLIC_ENDING};
use crate::cli::{AdapterPack, AdapterSign, AdapterVerify};
use crate::keys::read_key;
use crate::output::{Ending, Format, Output, hex, printable};

/// Where `lawgate adapter build` puts a component below an adapter's folder.
const BUILT: &str = "target/adapter/adapter.wasm";

/// Makes a pack of a built adapter.
///
/// # Errors
/// A file that is missing, cannot be read, or does not belong into a pack.
pub(super) fn pack(arguments: &AdapterPack, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let folder = &arguments.folder;
    let component = match &arguments.component {
        Some(file) => file.clone(),
        None => folder.join(BUILT),
    };
    anyhow::ensure!(
        component.is_file(),
        "{} is missing; build it with `lawgate adapter build {}`",
        component.display(),
        folder.display()
    );
    let content = pack::content_of(folder, &component).map_err(|error| whole(error.into()))?;
    let pack = Pack::new(content)
        .with_context(|| format!("{} cannot be packed", folder.display()))
        .map_err(whole)?;
    let manifest = pack.manifest();
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => PathBuf::from(format!("{}-{}.{ENDING}", manifest.id, manifest.version)),
    };
    let bytes = pack.to_bytes();
    replace(&out, &bytes)?;
    show(&pack, &out, bytes.len(), output)?;
    Ok(Ending::Done)
}

/// Adds a publisher's signature to a pack.
///
/// # Errors
/// A pack that is refused, a key that cannot be read or has signed already.
pub(super) fn sign(arguments: &AdapterSign, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let mut pack = read_pack(&arguments.pack)?;
    let public = arguments.key.with_extension(PUBLIC_ENDING);
    let text = fs::read_to_string(&public).with_context(|| {
        format!(
            "{} cannot be read; it says the name of the key and lies beside it, as `lawgate keys generate` puts it",
            public.display()
        )
    })?;
    let key = VerifierKey::parse(text.trim_end())
        .with_context(|| format!("{} holds no verifier key", public.display()))?;
    let signer = FileSigner::load(&arguments.key, key.name(), key.kind())?;
    anyhow::ensure!(
        *signer.key() == key,
        "{} is not the public half of {}",
        public.display(),
        arguments.key.display()
    );
    // A signature of a pack states no time.
    pack.sign(&signer, 0).map_err(|error| whole(error.into()))?;
    let bytes = pack.to_bytes();
    replace(&arguments.pack, &bytes)?;
    show(&pack, &arguments.pack, bytes.len(), output)?;
    Ok(Ending::Done)
}

/// Says which known publishers signed a pack.
///
/// # Errors
/// A pack that is refused, keys that cannot be read. That nobody known signed is an answer.
pub(super) fn verify(arguments: &AdapterVerify, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let keys = publishers(arguments)?;
    let pack = read_pack(&arguments.pack)?;
    let manifest = pack.manifest();
    let verdict = pack.verify(&keys);
    let (good, text) = match &verdict {
        Ok(signers) => (true, format!("signed by {}", names(signers))),
        Err(error) => (false, reason(error)),
    };
    if output.format == Format::Json {
        let signers: Vec<String> = verdict.iter().flatten().map(ToString::to_string).collect();
        output.json(&json!({
            "good": good,
            "id": manifest.id,
            "version": manifest.version,
            "content_sha256": hex(&pack.content_digest()),
            "publishers": signers,
            "text": text,
        }))?;
    } else {
        output.line(&format!(
            "{} {}, content sha256:{}",
            printable(&manifest.id),
            printable(&manifest.version),
            hex(&pack.content_digest())
        ))?;
        output.line(&printable(&text))?;
    }
    Ok(if good { Ending::Done } else { Ending::Wrong })
}

fn names(signers: &[VerifierKey]) -> String {
    let names: Vec<&str> = signers.iter().map(VerifierKey::name).collect();
    names.join(", ")
}

fn reason(error: &VerifyError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// The keys whose signatures count.
fn publishers(arguments: &AdapterVerify) -> anyhow::Result<PublisherKeys> {
    if let Some(key) = &arguments.key {
        return Ok(PublisherKeys::of([read_key(key)?]));
    }
    let path = arguments.keys.as_ref().context("no key was given")?;
    let text =
        fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    PublisherKeys::parse(&text)
        .with_context(|| format!("{} is no file of publishers' keys", path.display()))
        .map_err(whole)
}

/// Puts a pack in its place at once: what was there stays until all of it is written.
fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::path::absolute(path)
        .and_then(|path| attest::replace(&path, bytes))
        .with_context(|| format!("{} cannot be written", path.display()))
}

fn show(pack: &Pack, path: &Path, bytes: usize, output: &mut Output<'_>) -> anyhow::Result<()> {
    let manifest = pack.manifest();
    let signers: Vec<&str> = pack.signatures().iter().map(|line| line.name()).collect();
    if output.format == Format::Json {
        return Ok(output.json(&json!({
            "file": path,
            "bytes": bytes,
            "id": manifest.id,
            "version": manifest.version,
            "content_sha256": hex(&pack.content_digest()),
            "samples": pack.samples().count(),
            "signers": signers,
        }))?);
    }
    output.line(&path.display().to_string())?;
    output.line(&format!(
        "{} {}: {bytes} bytes, {} samples, content sha256:{}",
        printable(&manifest.id),
        printable(&manifest.version),
        pack.samples().count(),
        hex(&pack.content_digest())
    ))?;
    output.line(&match signers.as_slice() {
        [] => "not signed; sign it with `lawgate adapter sign`".to_owned(),
        signers => printable(&format!("signed by {}", signers.join(", "))),
    })?;
    Ok(())
}
