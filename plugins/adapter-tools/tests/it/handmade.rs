//! Core modules that implement the contract by hand, each with one thing wrong.
//!
//! The canonical ABI of `lawgate:adapter@1.0.0`: results lie in memory where
//! the data segments put them, and allocation always answers with one place,
//! which is enough for guests that look at nothing they are given.

use wasm_encoder::{
    BlockType, CodeSection, Component, ConstExpr, DataSection, ExportKind, ExportSection, Function,
    FunctionSection, Instruction, MemArg, MemArgTarget, MemorySection, MemoryType, Module, RefType,
    StartSection, TableSection, TableType, TypeSection, ValType,
};

/// What is wrong with a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attack {
    /// Nothing.
    None,
    /// The start function does not end.
    LoopInStart,
    /// The start function traps.
    TrapInStart,
    /// A function of the contract does not end.
    LoopInDescribe,
    /// What the host calls after `describe` does not end.
    LoopInPostDescribe,
    /// Allocation does not end.
    LoopInRealloc,
    /// A function of the contract does not end.
    LoopInConfigure,
    /// A function of the contract does not end.
    LoopInConvert,
    /// What the host calls after `convert` does not end.
    LoopInPostConvert,
    /// A table of ten million elements.
    HugeTable,
    /// Every result says how many messages were in the call.
    CountMessages,
}

/// Where the result of `describe` lies.
pub(crate) const DESCRIPTION: i32 = 1024;
/// Where the result of `configure` lies: zero, which is success.
pub(crate) const CONFIGURED: i32 = 1536;
/// Where the result of `convert` lies: the place and number of outcomes.
pub(crate) const LIST: i32 = 2048;
/// Where outcomes lie, 32 bytes each.
pub(crate) const OUTCOMES: i32 = 2056;
/// Most outcomes.
const MOST: i32 = 8;
/// Where texts lie.
const TEXTS: i32 = 4096;
/// What allocation answers.
pub(crate) const PLACE: i32 = 8192;

/// The module of an attack; `component_type` says which world it implements.
pub(crate) fn module(attack: Attack, component_type: &[u8]) -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    let i32s = |count: usize| vec![ValType::I32; count];
    types.ty().function([], [ValType::I32]);
    types.ty().function(i32s(2), [ValType::I32]);
    types.ty().function([ValType::I32], []);
    types.ty().function(i32s(4), [ValType::I32]);
    types.ty().function([], []);
    module.section(&types);
    let names = [
        ("describe", 0),
        ("configure", 1),
        ("convert", 1),
        ("cabi_post_describe", 2),
        ("cabi_post_convert", 2),
        ("cabi_realloc", 3),
        ("_start", 4),
    ];
    let mut functions = FunctionSection::new();
    for (_, kind) in names {
        functions.function(kind);
    }
    module.section(&functions);
    if attack == Attack::HugeTable {
        module.section(&table(10_000_000));
    }
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    module.section(&memories);
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    for (index, (name, _)) in (0_u32..).zip(&names[..6]) {
        exports.export(name, ExportKind::Func, index);
    }
    module.section(&exports);
    module.section(&StartSection { function_index: 6 });
    module.section(&code(attack));
    module.section(&data());
    let mut bytes = module.finish();
    bytes.extend_from_slice(component_type);
    bytes
}

fn table(minimum: u64) -> TableSection {
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        minimum,
        maximum: None,
        table64: false,
        shared: false,
    });
    tables
}

fn code(attack: Attack) -> CodeSection {
    use Attack as A;
    let mut code = CodeSection::new();
    let mut add = |looping: bool, body: &[Instruction<'_>]| {
        let mut function = Function::new([]);
        if looping {
            for instruction in [
                Instruction::Loop(BlockType::Empty),
                Instruction::Br(0),
                Instruction::End,
            ] {
                function.instruction(&instruction);
            }
        }
        for instruction in body {
            function.instruction(instruction);
        }
        function.instruction(&Instruction::End);
        code.function(&function);
    };
    add(
        attack == A::LoopInDescribe,
        &[Instruction::I32Const(DESCRIPTION)],
    );
    add(
        attack == A::LoopInConfigure,
        &[Instruction::I32Const(CONFIGURED)],
    );
    add(attack == A::LoopInConvert, &convert(attack));
    add(attack == A::LoopInPostDescribe, &[]);
    add(attack == A::LoopInPostConvert, &[]);
    add(attack == A::LoopInRealloc, &[Instruction::I32Const(PLACE)]);
    let start = [Instruction::Unreachable];
    let start = if attack == A::TrapInStart {
        &start[..]
    } else {
        &[]
    };
    add(attack == A::LoopInStart, start);
    code
}

/// Answers with as many outcomes as there are messages: each converted to nothing, or rejected with their number.
fn convert(attack: Attack) -> Vec<Instruction<'static>> {
    let place = |align| MemArg {
        offset: 0,
        align,
        target: MemArgTarget::Memory(0),
        ordering: None,
    };
    let mut body = vec![
        Instruction::I32Const(LIST),
        Instruction::I32Const(OUTCOMES),
        Instruction::I32Store(place(2)),
        Instruction::I32Const(LIST + 4),
        Instruction::LocalGet(1),
        Instruction::I32Store(place(2)),
    ];
    if attack == Attack::CountMessages {
        for number in 0..MOST {
            let outcome = OUTCOMES + 32 * number;
            // The variant's tag, the code's place and length, the offset, the text's place.
            for (at, value) in [(0, 1), (8, TEXTS), (12, 8), (24, TEXTS), (28, 8)] {
                body.push(Instruction::I32Const(outcome + at));
                body.push(Instruction::I32Const(value));
                body.push(Instruction::I32Store(place(2)));
            }
            body.push(Instruction::I32Const(outcome + 16));
            body.push(Instruction::LocalGet(1));
            body.push(Instruction::I32Store(place(2)));
        }
    }
    body.push(Instruction::I32Const(LIST));
    body
}

/// What `describe` says, in memory.
pub(crate) fn data() -> DataSection {
    let words =
        |words: &[i32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let kinds = DESCRIPTION + 64;
    // Id, version, kinds, schema version; then limits, which are zero.
    let description = words(&[TEXTS, 8, TEXTS + 8, 5, kinds, 1, TEXTS + 8, 5]);
    let mut data = DataSection::new();
    let mut put = |at: i32, bytes: Vec<u8>| {
        data.active(0, &ConstExpr::i32_const(at), bytes);
    };
    put(DESCRIPTION, description);
    put(kinds, words(&[TEXTS, 8]));
    put(TEXTS, b"handmade1.0.0".to_vec());
    data
}

/// A component that makes instances of one empty module.
pub(crate) fn many_instances(count: u32) -> Vec<u8> {
    use wasm_encoder::{InstanceSection, ModuleSection};
    let mut component = Component::new();
    component.section(&ModuleSection(&Module::new()));
    let mut instances = InstanceSection::new();
    for _ in 0..count {
        instances.instantiate::<[(&str, wasm_encoder::ModuleArg); 0], &str>(0, []);
    }
    component.section(&instances);
    component.finish()
}
