//! The system interface `wasi_snapshot_preview1`, denied: what a runtime asks of it leads nowhere.
//!
//! Go compiles for no other interface than this one. The module made here answers all of it inside
//! the component, so that the component asks the host for nothing: no argument, no variable, no
//! file; what is written is dropped; the clock counts its calls and the random numbers are the same
//! in every sandbox, so that a conversion can be repeated. What cannot be answered so (to end the
//! program, to wait) ends the call. The encoder takes in only the functions that a program imports.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction, MemArg, MemArgTarget,
    MemoryType, Module, TypeSection, ValType,
};

/// The name that programs import it by.
pub(crate) const NAME: &str = "wasi_snapshot_preview1";

/// "Bad file descriptor": there is no file that a program could have opened.
const BAD_FILE: i32 = 8;

/// "Function not supported".
const NOT_SUPPORTED: i32 = 52;

/// What the clock says first, in nanoseconds: the middle of November 2023, so that no program meets a year before its own.
const FIRST_TIME: i64 = 1_700_000_000_000_000_000;

/// How far a reading moves the clock, in nanoseconds: programs divide by differences of times.
const STEP: i64 = 1_000;

/// Where the random numbers begin; any number but zero does.
const SEED: i64 = 0x1A96_A7E0_0000_0001;

/// Index of the clock among the globals.
const CLOCK: u32 = 0;

/// Index of the state of the random numbers among the globals.
const RANDOM: u32 = 1;

/// What a function does.
#[derive(Clone, Copy)]
enum Answer {
    /// Returns this number: 0 or why not.
    Says(i32),
    /// Writes zero at both places it is given: there is nothing.
    CountsNothing,
    /// Writes the time.
    TellsTime,
    /// Fills a place.
    FillsRandomly,
    /// Says that everything was written, and drops it.
    Drops,
    /// Ends the call.
    Traps,
}

/// Every function, with its parameters: `i` of 32 and `l` of 64 bits.
#[rustfmt::skip]
const FUNCTIONS: &[(&str, &str, Answer)] = &[
    ("args_get", "ii", Answer::Says(0)),
    ("args_sizes_get", "ii", Answer::CountsNothing),
    ("clock_res_get", "ii", Answer::Says(NOT_SUPPORTED)),
    ("clock_time_get", "ili", Answer::TellsTime),
    ("environ_get", "ii", Answer::Says(0)),
    ("environ_sizes_get", "ii", Answer::CountsNothing),
    ("fd_advise", "illi", Answer::Says(BAD_FILE)),
    ("fd_allocate", "ill", Answer::Says(BAD_FILE)),
    ("fd_close", "i", Answer::Says(BAD_FILE)),
    ("fd_datasync", "i", Answer::Says(BAD_FILE)),
    ("fd_fdstat_get", "ii", Answer::Says(BAD_FILE)),
    ("fd_fdstat_set_flags", "ii", Answer::Says(BAD_FILE)),
    ("fd_fdstat_set_rights", "ill", Answer::Says(BAD_FILE)),
    ("fd_filestat_get", "ii", Answer::Says(BAD_FILE)),
    ("fd_filestat_set_size", "il", Answer::Says(BAD_FILE)),
    ("fd_filestat_set_times", "illi", Answer::Says(BAD_FILE)),
    ("fd_pread", "iiili", Answer::Says(BAD_FILE)),
    ("fd_prestat_dir_name", "iii", Answer::Says(BAD_FILE)),
    ("fd_prestat_get", "ii", Answer::Says(BAD_FILE)),
    ("fd_pwrite", "iiili", Answer::Says(BAD_FILE)),
    ("fd_read", "iiii", Answer::Says(BAD_FILE)),
    ("fd_readdir", "iiili", Answer::Says(BAD_FILE)),
    ("fd_renumber", "ii", Answer::Says(BAD_FILE)),
    ("fd_seek", "ilii", Answer::Says(BAD_FILE)),
    ("fd_sync", "i", Answer::Says(BAD_FILE)),
    ("fd_tell", "ii", Answer::Says(BAD_FILE)),
    ("fd_write", "iiii", Answer::Drops),
    ("path_create_directory", "iii", Answer::Says(BAD_FILE)),
    ("path_filestat_get", "iiiii", Answer::Says(BAD_FILE)),
    ("path_filestat_set_times", "iiiilli", Answer::Says(BAD_FILE)),
    ("path_link", "iiiiiii", Answer::Says(BAD_FILE)),
    ("path_open", "iiiiillii", Answer::Says(BAD_FILE)),
    ("path_readlink", "iiiiii", Answer::Says(BAD_FILE)),
    ("path_remove_directory", "iii", Answer::Says(BAD_FILE)),
    ("path_rename", "iiiiii", Answer::Says(BAD_FILE)),
    ("path_symlink", "iiiii", Answer::Says(BAD_FILE)),
    ("path_unlink_file", "iii", Answer::Says(BAD_FILE)),
    ("poll_oneoff", "iiii", Answer::Traps),
    ("proc_exit", "i", Answer::Traps),
    ("proc_raise", "i", Answer::Traps),
    ("random_get", "ii", Answer::FillsRandomly),
    ("sched_yield", "", Answer::Says(0)),
    ("sock_accept", "iii", Answer::Says(BAD_FILE)),
    ("sock_recv", "iiiiii", Answer::Says(BAD_FILE)),
    ("sock_send", "iiiii", Answer::Says(BAD_FILE)),
    ("sock_shutdown", "ii", Answer::Says(BAD_FILE)),
];

/// The module, over the memory of the program that imports it.
pub(crate) fn module() -> Vec<u8> {
    let mut types = TypeSection::new();
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    for (index, (name, parameters, answer)) in (0..).zip(FUNCTIONS) {
        let parameters = parameters.bytes().map(|letter| match letter {
            b'l' => ValType::I64,
            _ => ValType::I32,
        });
        // It is the one function that returns nothing: it does not return.
        let results = (*name != "proc_exit").then_some(ValType::I32);
        types.ty().function(parameters, results);
        functions.function(index);
        exports.export(name, ExportKind::Func, index);
        code.function(&body(*answer));
    }
    let mut imports = ImportSection::new();
    let memory = MemoryType {
        minimum: 0,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    imports.import("env", "memory", EntityType::Memory(memory));
    let mut globals = GlobalSection::new();
    for first in [FIRST_TIME, SEED] {
        let kind = GlobalType {
            val_type: ValType::I64,
            mutable: true,
            shared: false,
        };
        globals.global(kind, &ConstExpr::i64_const(first));
    }
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&globals)
        .section(&exports)
        .section(&code);
    module.finish()
}

fn body(answer: Answer) -> Function {
    use Instruction::{End, I32Const, I32Store, I64Add, I64Const, I64Store, LocalGet, Unreachable};
    use Instruction::{GlobalGet, GlobalSet};
    match answer {
        Answer::Says(number) => plain(&[I32Const(number), End]),
        Answer::Traps => plain(&[Unreachable, End]),
        Answer::CountsNothing => plain(&[
            LocalGet(0),
            I32Const(0),
            I32Store(at(0, 2)),
            LocalGet(1),
            I32Const(0),
            I32Store(at(0, 2)),
            I32Const(0),
            End,
        ]),
        Answer::TellsTime => plain(&[
            GlobalGet(CLOCK),
            I64Const(STEP),
            I64Add,
            GlobalSet(CLOCK),
            LocalGet(2),
            GlobalGet(CLOCK),
            I64Store(at(0, 3)),
            I32Const(0),
            End,
        ]),
        Answer::FillsRandomly => random(),
        Answer::Drops => drops(),
    }
}

fn plain(instructions: &[Instruction<'_>]) -> Function {
    with(&[], instructions)
}

fn with(locals: &[ValType], instructions: &[Instruction<'_>]) -> Function {
    let mut function = Function::new_with_locals_types(locals.iter().copied());
    for instruction in instructions {
        function.instruction(instruction);
    }
    function
}

/// Place in memory: so many bytes behind the address, which is a multiple of `1 << align`.
fn at(offset: u64, align: u32) -> MemArg {
    MemArg {
        offset,
        align,
        target: MemArgTarget::Memory(0),
        ordering: None,
    }
}

/// Fills parameter 1 bytes at parameter 0, each with the lowest byte of the next state (xorshift of Marsaglia, 13-7-17).
fn random() -> Function {
    use Instruction::*;
    let mut instructions = vec![Block(BlockType::Empty), Loop(BlockType::Empty)];
    instructions.extend([LocalGet(1), I32Eqz, BrIf(1)]);
    for (by, shift) in [(13, I64Shl), (7, I64ShrU), (17, I64Shl)] {
        instructions.extend([GlobalGet(RANDOM), GlobalGet(RANDOM), I64Const(by), shift]);
        instructions.extend([I64Xor, GlobalSet(RANDOM)]);
    }
    instructions.extend([LocalGet(0), GlobalGet(RANDOM), I64Store8(at(0, 0))]);
    instructions.extend([LocalGet(0), I32Const(1), I32Add, LocalSet(0)]);
    instructions.extend([LocalGet(1), I32Const(1), I32Sub, LocalSet(1)]);
    instructions.extend([Br(0), End, End, I32Const(0), End]);
    plain(&instructions)
}

/// Adds up the lengths of parameter 2 pieces, which are listed at parameter 1, and says at parameter 3 that all was written.
fn drops() -> Function {
    use Instruction::*;
    const SUM: u32 = 4;
    with(
        &[ValType::I32],
        &[
            Block(BlockType::Empty),
            Loop(BlockType::Empty),
            LocalGet(2),
            I32Eqz,
            BrIf(1),
            LocalGet(SUM),
            LocalGet(1),
            I32Load(at(4, 2)),
            I32Add,
            LocalSet(SUM),
            LocalGet(1),
            I32Const(8),
            I32Add,
            LocalSet(1),
            LocalGet(2),
            I32Const(1),
            I32Sub,
            LocalSet(2),
            Br(0),
            End,
            End,
            LocalGet(3),
            LocalGet(SUM),
            I32Store(at(0, 2)),
            I32Const(0),
            End,
        ],
    )
}
