//! From a core module to a component.
//!
//! Encodes what the compiler made as a component and checks that it is an
//! adapter: it imports the host's interface and nothing else, and exports the
//! three functions of the world. The gateway checks the same at install; here
//! the one who writes the adapter learns it first.

use anyhow::{Context, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm};

/// Interfaces a component may import: the log, and the types, which have no functions.
const ALLOWED_IMPORTS: [&str; 2] = ["lawgate:adapter/host@1.", "lawgate:adapter/types@1."];

/// Types the world uses, which count as imports; without functions they reach nothing.
const WORLD_TYPES: [&str; 4] = ["description", "message", "outcome", "configuration-fault"];

/// Functions a component must export.
const REQUIRED_EXPORTS: [&str; 3] = ["describe", "configure", "convert"];

/// Encodes a core module that carries the world's description, and checks the result.
pub(crate) fn encode(module: &[u8]) -> Result<Vec<u8>> {
    let component = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .context("the module does not carry a valid component description")?
        .encode()
        .context("the module cannot be encoded as a component")?;
    check(&component)?;
    Ok(component)
}

/// Checks imports and exports against the world `adapter`.
fn check(component: &[u8]) -> Result<()> {
    let decoded = wit_component::decode(component).context("not a component")?;
    let DecodedWasm::Component(resolve, world) = &decoded else {
        bail!("this is a WIT package, not a component");
    };
    let world = &resolve.worlds[*world];
    let imports = world
        .imports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect();
    let exports: Vec<String> = world
        .exports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect();
    check_names(imports, &exports)
}

fn check_names(mut imports: Vec<String>, exports: &[String]) -> Result<()> {
    imports.retain(|name| {
        let is_interface = ALLOWED_IMPORTS
            .iter()
            .any(|allowed| name.starts_with(allowed));
        !is_interface && !WORLD_TYPES.contains(&name.as_str())
    });
    if !imports.is_empty() {
        bail!("imports {} beside lawgate:adapter/host", imports.join(", "));
    }
    let missing: Vec<_> = REQUIRED_EXPORTS
        .into_iter()
        .filter(|required| !exports.iter().any(|export| export == required))
        .collect();
    if !missing.is_empty() {
        bail!(
            "does not export {} (is export_adapter! called?)",
            missing.join(", ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_error(imports: &[&str], exports: &[&str]) -> String {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        match check_names(owned(imports), &owned(exports)) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_world_of_an_adapter_is_accepted() {
        let imports = [
            "lawgate:adapter/types@1.0.0",
            "message",
            "lawgate:adapter/host@1.0.0",
            "message",
        ];
        assert_eq!(
            check_error(&imports, &["describe", "configure", "convert"]),
            ""
        );
        assert_eq!(check_error(&[], &["describe", "configure", "convert"]), "");
    }

    #[test]
    fn a_foreign_import_is_named() {
        let imports = ["lawgate:adapter/host@1.0.0", "wasi:clocks/wall-clock@0.2.0"];
        let error = check_error(&imports, &["describe", "configure", "convert"]);
        assert_eq!(
            error,
            "imports wasi:clocks/wall-clock@0.2.0 beside lawgate:adapter/host"
        );
    }

    #[test]
    fn another_major_version_of_the_contract_is_a_foreign_import() {
        let error = check_error(&["lawgate:adapter/host@2.0.0"], &[]);
        assert_eq!(
            error,
            "imports lawgate:adapter/host@2.0.0 beside lawgate:adapter/host"
        );
    }

    #[test]
    fn missing_exports_are_named() {
        let error = check_error(&[], &["describe"]);
        assert!(
            error.starts_with("does not export configure, convert"),
            "{error}"
        );
    }

    #[test]
    fn a_module_without_the_world_is_refused() {
        let empty_module = b"\0asm\x01\0\0\0";
        let error = encode(empty_module).expect_err("an empty module is no adapter");
        assert!(
            format!("{error:#}").contains("does not export describe"),
            "{error:#}"
        );
    }

    #[test]
    fn bytes_that_are_no_module_are_refused() {
        assert!(encode(b"not wasm").is_err());
    }
}
