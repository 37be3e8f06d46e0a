//! Components made byte by byte, each with one thing wrong.
//!
//! The binary format of the component model: a preamble, then sections of an
//! id, a length and content. Everything here is shorter than 128 bytes, so
//! that lengths and counts take one byte, but for the compile bomb.

#![allow(dead_code, reason = "every test file uses a part")]

/// Preamble of a component: magic, version 13, layer 1.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Preamble of a core module.
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id, short(content.len())], content].concat()
}

fn short(length: usize) -> u8 {
    u8::try_from(length)
        .ok()
        .filter(|length| *length < 128)
        .expect("below 128")
}

/// A component with nothing in it.
pub(crate) fn empty() -> Vec<u8> {
    COMPONENT.to_vec()
}

/// A component that imports an empty interface of the given name.
pub(crate) fn importing(name: &str) -> Vec<u8> {
    // Section 7, types: one instance type (0x42) without declarations.
    let types = section(7, &[1, 0x42, 0]);
    // Section 10, imports: one, by plain name (0), an instance (5) of type 0.
    let import = [&[1, 0, short(name.len())], name.as_bytes(), &[5, 0]].concat();
    [COMPONENT, &types, &section(10, &import)].concat()
}

/// A component with an instance of a module that has `pages` pages of memory.
pub(crate) fn with_memory(pages: u16) -> Vec<u8> {
    let low = u8::try_from(pages & 0x7f).expect("seven bits") | 0x80;
    let high = short(usize::from(pages >> 7));
    // Core section 5, memories: one, without a maximum (0).
    let module = [MODULE, &section(5, &[1, 0, low, high])].concat();
    // Section 1 holds the module; section 2 makes an instance of it (0) without arguments.
    [COMPONENT, &section(1, &module), &section(2, &[1, 0, 0, 0])].concat()
}

/// A component whose module has one function of so many loops, each in the one before, that all
/// count in one local.
pub(crate) fn with_nested_loops(depth: usize) -> Vec<u8> {
    // One local; each loop adds one to it when it begins, and turns again unless it is zero.
    let mut body = vec![1, 1, 0x7f];
    body.extend([0x03, 0x40, 0x20, 0, 0x41, 1, 0x6a, 0x21, 0].repeat(depth));
    body.extend([0x20, 0, 0x0d, 0, 0x0b].repeat(depth));
    body.push(0x0b);
    let function = [leb128(body.len()), body].concat();
    let code = [vec![1], function].concat();
    let module = [
        MODULE.to_vec(),
        // Section 1: one type, without parameters and results; section 3: one function of it.
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[1, 0]),
        long_section(10, &code),
    ]
    .concat();
    [COMPONENT.to_vec(), long_section(1, &module)].concat()
}

fn long_section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], leb128(content.len()), content.to_vec()].concat()
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
        value >>= 7;
    }
    bytes.push(short(value));
    bytes
}
