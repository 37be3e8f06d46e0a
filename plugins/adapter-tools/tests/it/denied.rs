//! Programs that ask a system for something: the component answers inside, and always the same.
//!
//! Modules made by hand that import `wasi_snapshot_preview1`, as a program in Go does, and give what they were answered
//! as their result.

use std::path::{Path, PathBuf};

use adapter_host::{Message, Outcome};
use adapter_tools::component::{self, ComponentError};
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    Instruction, MemArg, MemArgTarget, MemorySection, MemoryType, Module, TypeSection, ValType,
};

use crate::handmade::{CONFIGURED, DESCRIPTION, LIST, OUTCOMES, PLACE, data};
use crate::lab;

/// Where answers lie.
const ANSWERS: i32 = 3072;

/// Bytes of answers.
const LENGTH: i32 = 40;

/// Where two pieces of output are listed: five bytes and three.
const PIECES: i32 = 3328;

/// A function of the system, with its parameters: `i` of 32 and `l` of 64 bits. All but `proc_exit` return a number.
type Asked = (&'static str, &'static str);

const RANDOM: Asked = ("random_get", "ii");
const CLOCK: Asked = ("clock_time_get", "ili");
const WRITE: Asked = ("fd_write", "iiii");
const COUNT_ARGUMENTS: Asked = ("args_sizes_get", "ii");
const OPEN: Asked = ("path_open", "iiiiillii");
const EXIT: Asked = ("proc_exit", "i");
const WAIT: Asked = ("poll_oneoff", "iiii");

/// A module whose `convert` does `body` and returns the answers as a conversion.
fn module(asked: &[Asked], body: &[Instruction<'_>]) -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I32]);
    types.ty().function([ValType::I32; 2], [ValType::I32]);
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    let mut imports = ImportSection::new();
    for (kind, (name, parameters)) in (3..).zip(asked) {
        let parameters = parameters.bytes().map(|letter| match letter {
            b'l' => ValType::I64,
            _ => ValType::I32,
        });
        types
            .ty()
            .function(parameters, (*name != "proc_exit").then_some(ValType::I32));
        imports.import("wasi_snapshot_preview1", name, EntityType::Function(kind));
    }
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    let first = u32::try_from(asked.len()).expect("a few");
    let mut put = |index: u32, name: &str, kind: u32, body: &[Instruction<'_>]| {
        functions.function(kind);
        exports.export(name, ExportKind::Func, first + index);
        let mut function = Function::new([]);
        for instruction in body {
            function.instruction(instruction);
        }
        function.instruction(&Instruction::End);
        code.function(&function);
    };
    put(0, "describe", 0, &[Instruction::I32Const(DESCRIPTION)]);
    put(1, "configure", 1, &[Instruction::I32Const(CONFIGURED)]);
    put(2, "convert", 1, &[body, &outcome()].concat());
    put(3, "cabi_realloc", 2, &[Instruction::I32Const(PLACE)]);
    exports.export("memory", ExportKind::Memory, 0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    module.section(&types);
    module.section(&imports);
    module.section(&functions);
    module.section(&memories);
    module.section(&exports);
    module.section(&code);
    module.section(&data());
    module.finish()
}

/// One outcome: converted to the answers.
fn outcome() -> Vec<Instruction<'static>> {
    let mut body = Vec::new();
    for (at, value) in [(LIST, OUTCOMES), (LIST + 4, 1)] {
        body.extend(store(at, Instruction::I32Const(value)));
    }
    for (at, value) in [(8, ANSWERS), (12, LENGTH)] {
        body.extend(store(OUTCOMES + at, Instruction::I32Const(value)));
    }
    body.push(Instruction::I32Const(LIST));
    body
}

fn store(at: i32, value: Instruction<'static>) -> [Instruction<'static>; 3] {
    let place = MemArg {
        offset: 0,
        align: 2,
        target: MemArgTarget::Memory(0),
        ordering: None,
    };
    [
        Instruction::I32Const(at),
        value,
        Instruction::I32Store(place),
    ]
}

/// A call of the function `index` among those asked, whose answer is dropped.
fn call(index: u32, arguments: &[i32]) -> Vec<Instruction<'static>> {
    let arguments = arguments
        .iter()
        .map(|&number| Instruction::I32Const(number));
    arguments
        .chain([Instruction::Call(index), Instruction::Drop])
        .collect()
}

fn contract() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

/// What becomes of one message in a new sandbox, or the code of the failure.
fn converted(module: &[u8]) -> Result<Vec<u8>, String> {
    let component = component::encode_denied(module, &contract()).expect("asks for what is known");
    let world = component::world(&component).expect("is a component");
    let asks = |name: &String| name.starts_with("wasi");
    assert!(!world.imports.iter().any(asks), "{world:?}");
    let lab = lab();
    let adapter = lab.host.install(&component, b"{}").expect("is installed");
    let message = Message {
        payload: b"x",
        attributes: &[],
    };
    let once = || adapter.convert(&[message]);
    let outcomes = once().map_err(|error| error.code().to_owned())?;
    assert_eq!(
        Ok(&outcomes),
        once().as_ref().map_err(drop),
        "always the same"
    );
    match outcomes.into_iter().next() {
        Some(Outcome::Converted(bytes)) => Ok(bytes),
        other => panic!("not converted: {other:?}"),
    }
}

#[test]
fn a_program_that_asks_a_system_is_answered_the_same_in_every_sandbox() {
    let asked = [RANDOM, CLOCK, WRITE, COUNT_ARGUMENTS, OPEN];
    let mut body = call(0, &[ANSWERS, 8]);
    for place in [8, 16] {
        let clock = [
            Instruction::I32Const(0),
            Instruction::I64Const(0),
            Instruction::I32Const(ANSWERS + place),
            Instruction::Call(1),
            Instruction::Drop,
        ];
        body.extend(clock);
    }
    for (at, bytes) in [(4, 5), (12, 3)] {
        body.extend(store(PIECES + at, Instruction::I32Const(bytes)));
    }
    body.extend(call(2, &[1, PIECES, 2, ANSWERS + 24]));
    for at in [28, 32] {
        body.extend(store(ANSWERS + at, Instruction::I32Const(-1)));
    }
    body.extend(call(3, &[ANSWERS + 28, ANSWERS + 32]));
    body.push(Instruction::I32Const(ANSWERS + 36));
    body.extend([3, 0, ANSWERS, 0, 0].map(Instruction::I32Const));
    body.extend([0, 0].map(Instruction::I64Const));
    body.extend([0, ANSWERS].map(Instruction::I32Const));
    body.push(Instruction::Call(4));
    let [_, _, last] = store(0, Instruction::Nop);
    body.push(last);

    let bytes = converted(&module(&asked, &body)).expect("is converted");
    let at = |place: usize| -> [u8; 4] { bytes[place..place + 4].try_into().expect("is there") };
    let long = |place: usize| -> [u8; 8] { bytes[place..place + 8].try_into().expect("is there") };
    assert_eq!(bytes.len(), 40);
    let random = long(0);
    assert!(random.iter().any(|byte| *byte != random[0]), "{random:?}");
    let (first, second) = (i64::from_le_bytes(long(8)), i64::from_le_bytes(long(16)));
    assert_eq!(second - first, 1_000, "the clock counts its readings");
    assert_eq!(
        u32::from_le_bytes(at(24)),
        8,
        "all output is said to be written"
    );
    assert_eq!((at(28), at(32)), ([0; 4], [0; 4]), "there are no arguments");
    assert_eq!(u32::from_le_bytes(at(36)), 8, "no file can be opened");
}

#[test]
fn a_program_that_would_end_or_wait_fails_in_its_call() {
    let exit = [Instruction::I32Const(0), Instruction::Call(0)];
    assert_eq!(
        converted(&module(&[EXIT], &exit)),
        Err("adapter.trap".to_owned())
    );
    let wait = call(0, &[ANSWERS, ANSWERS, 1, ANSWERS]);
    assert_eq!(
        converted(&module(&[WAIT], &wait)),
        Err("adapter.trap".to_owned())
    );
}

#[test]
fn a_function_that_no_system_has_is_refused_by_its_name() {
    let module = module(&[("disk_format", "i")], &[]);
    let error = component::encode_denied(&module, &contract()).expect_err("is refused");
    assert!(matches!(error, ComponentError::Encode(_)), "{error:?}");
    assert!(error.to_string().contains("disk_format"), "{error}");
}
