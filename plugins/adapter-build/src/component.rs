//! From a core module to a component, and what a component asks for and offers.

use std::fmt;
use std::path::Path;

use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding};
use wit_parser::Resolve;

use crate::preview1;

/// A reason of the encoder.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Interfaces a component may import: the log, and the types, which have no functions.
const ALLOWED_IMPORTS: [&str; 2] = ["lawgate:adapter/host@1.", "lawgate:adapter/types@1."];

/// The world every adapter implements.
const WORLD: &str = "adapter";

/// Types the world uses, which count as imports; without functions they reach nothing.
const WORLD_TYPES: [&str; 4] = ["description", "message", "outcome", "configuration-fault"];

/// Functions a component must export; componentize-py adds `exports`, which is never called.
const REQUIRED_EXPORTS: [&str; 3] = ["describe", "configure", "convert"];

/// What a component imports and exports, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// Its imports.
    pub imports: Vec<String>,
    /// Its exports.
    pub exports: Vec<String>,
}

/// Why bytes are no adapter.
#[derive(Debug)]
pub enum ComponentError {
    /// A module cannot be made a component.
    Encode(String),
    /// The bytes are no component.
    Decode(String),
    /// It imports what an adapter may not have.
    Imports(Vec<String>),
    /// It lacks functions of the contract.
    Exports(Vec<&'static str>),
}

impl fmt::Display for ComponentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(cause) => write!(f, "the module cannot be made a component: {cause}"),
            Self::Decode(cause) => write!(f, "this is no component: {cause}"),
            Self::Imports(names) => write!(
                f,
                "the component imports {}; an adapter may import lawgate:adapter/host only",
                names.join(", ")
            ),
            Self::Exports(names) => {
                write!(f, "the component does not export {}", names.join(", "))
            }
        }
    }
}

impl std::error::Error for ComponentError {}

/// Encodes a core module that carries the world's description, and checks the result.
///
/// # Errors
/// Every variant.
pub fn encode(module: &[u8]) -> Result<Vec<u8>, ComponentError> {
    let component =
        encoded(module, &[]).map_err(|cause| ComponentError::Encode(cause.to_string()))?;
    world(&component)?.check()?;
    Ok(component)
}

/// Encodes a core module that stands on `wasi_snapshot_preview1` and carries no description of its world, which is read
/// from the files in the folder `contract`; and checks the result. All that it asks of the system is denied inside.
///
/// # Errors
/// Every variant.
pub fn encode_denied(module: &[u8], contract: &Path) -> Result<Vec<u8>, ComponentError> {
    let component = described(module, contract).and_then(|module| {
        let system = (preview1::NAME, preview1::module());
        encoded(&module, &[system])
    });
    let component = component.map_err(|cause| ComponentError::Encode(cause.to_string()))?;
    world(&component)?.check()?;
    Ok(component)
}

/// The module with the description of its world.
fn described(module: &[u8], contract: &Path) -> Result<Vec<u8>, Cause> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(contract).map_err(flat)?;
    let world = resolve
        .select_world(&[package], Some(WORLD))
        .map_err(flat)?;
    let mut module = module.to_vec();
    let utf8 = StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8, false)
        .map_err(flat)?;
    Ok(module)
}

/// The component of a module, with modules inside it that answer what it imports by their names.
fn encoded(module: &[u8], inside: &[(&str, Vec<u8>)]) -> Result<Vec<u8>, Cause> {
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(module).map_err(flat)?;
    for (name, module) in inside {
        encoder.adapter(name, module).map_err(flat)?;
    }
    encoder.encode().map_err(flat)
}

/// An error of the encoder with its causes, in one text.
fn flat(cause: impl fmt::Display) -> Cause {
    format!("{cause:#}").into()
}

/// What a component imports and exports.
///
/// # Errors
/// [`ComponentError::Decode`].
pub fn world(component: &[u8]) -> Result<World, ComponentError> {
    let decoded = wit_component::decode(component)
        .map_err(|cause| ComponentError::Decode(format!("{cause:#}")))?;
    let DecodedWasm::Component(resolve, world) = &decoded else {
        return Err(ComponentError::Decode("it is a WIT package".to_owned()));
    };
    let world = &resolve.worlds[*world];
    let name = |key| resolve.name_world_key(key);
    Ok(World {
        imports: world.imports.keys().map(name).collect(),
        exports: world.exports.keys().map(name).collect(),
    })
}

impl World {
    /// The imports that reach something: types have no functions.
    #[must_use]
    pub fn reaching_imports(&self) -> Vec<String> {
        let reaches = |name: &&String| !WORLD_TYPES.contains(&name.as_str());
        self.imports.iter().filter(reaches).cloned().collect()
    }

    /// Checks that it is the world of an adapter.
    ///
    /// # Errors
    /// [`ComponentError::Imports`] or [`ComponentError::Exports`], with every name.
    pub fn check(&self) -> Result<(), ComponentError> {
        let is_allowed = |name: &String| {
            ALLOWED_IMPORTS
                .iter()
                .any(|allowed| name.starts_with(allowed))
        };
        let foreign: Vec<String> = self
            .reaching_imports()
            .into_iter()
            .filter(|name| !is_allowed(name))
            .collect();
        if !foreign.is_empty() {
            return Err(ComponentError::Imports(foreign));
        }
        let missing: Vec<&str> = REQUIRED_EXPORTS
            .into_iter()
            .filter(|required| !self.exports.iter().any(|export| export == required))
            .collect();
        if !missing.is_empty() {
            return Err(ComponentError::Exports(missing));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(imports: &[&str], exports: &[&str]) -> String {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let world = World {
            imports: owned(imports),
            exports: owned(exports),
        };
        world
            .check()
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn the_world_of_an_adapter_is_accepted_and_anything_else_is_named() {
        let exports = ["describe", "configure", "convert", "exports"];
        let imports = [
            "lawgate:adapter/types@1.0.0",
            "message",
            "lawgate:adapter/host@1.0.0",
        ];
        assert_eq!(checked(&imports, &exports), "");
        assert_eq!(checked(&[], &exports), "");
        let text = checked(
            &["wasi:clocks/wall-clock@0.2.0", "lawgate:adapter/host@2.0.0"],
            &exports,
        );
        assert!(
            text.contains("wasi:clocks/wall-clock@0.2.0, lawgate:adapter/host@2.0.0"),
            "{text}"
        );
        assert!(checked(&[], &["describe"]).contains("configure, convert"));
    }

    #[test]
    fn bytes_that_are_no_component_are_refused() {
        assert!(world(b"not wasm").is_err());
        assert!(encode(b"not wasm").is_err());
        let empty_module = b"\0asm\x01\0\0\0";
        let error = encode(empty_module).expect_err("an empty module is no adapter");
        assert!(
            error.to_string().contains("does not export describe"),
            "{error}"
        );
    }
}
