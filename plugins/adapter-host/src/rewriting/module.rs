//! The rewriting of one module: looks, so that it goes on nowhere for long without one, and
//! comparisons in place of short tables of jumps.

use super::shape::{Defined, Place, Shape, place};
use super::switches;
use super::{COUNT, Error, FUNCTIONS, INTRINSICS, Unsuitable, encoder, parser};

use encoder::reencode::{self, Reencode};
use encoder::{
    BlockType, CodeSection, EntityType, Function, FunctionSection, ImportSection, Instruction,
    Module, SectionId, TypeSection, ValType,
};
use parser::{FunctionBody, Operator};

use crate::stop::WORDS;

/// Bytes of a word.
const WORD_BYTES: i64 = 4;

/// The module with looks and comparisons.
///
/// # Errors
/// The module is malformed, or knows [`INTRINSICS`].
pub(super) fn rewritten(module: &[u8]) -> Result<Module, Error> {
    let mut rewritten = Module::new();
    let shape = Shape::of(module)?;
    let mut rewriting = Rewriting {
        has_imports: false,
        next: shape.functions.clone().into_iter(),
        shape,
    };
    rewriting.parse_core_module(&mut rewritten, parser::Parser::new(0), module)?;
    Ok(rewritten)
}

struct Rewriting {
    shape: Shape,
    /// Whether the section of imports has been written.
    has_imports: bool,
    /// The functions that are still to be written.
    next: std::vec::IntoIter<Defined>,
}

impl Rewriting {
    /// The engine's functions have the types behind the module's own, in their order.
    fn import_intrinsics(&mut self, imports: &mut ImportSection) {
        self.has_imports = true;
        for (name, ty) in FUNCTIONS.into_iter().zip(self.shape.types..) {
            imports.import(INTRINSICS, name, EntityType::Function(ty));
        }
    }

    /// The type of the function that only looks.
    fn looking_type(&self) -> u32 {
        self.shape.types + COUNT
    }
}

impl Reencode for Rewriting {
    type Error = Unsuitable;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        let is_imported = function < self.shape.imported || !self.shape.has_code();
        Ok(function + if is_imported { 0 } else { COUNT })
    }

    /// Nothing needs them, and places in code that they name have moved.
    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: parser::CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: parser::TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        reencode::utils::parse_type_section(self, types, section)?;
        if self.shape.has_code() {
            types.ty().function([], [ValType::I64]);
            types.ty().function([ValType::I64], [ValType::I64]);
            types.ty().function([ValType::I64], [ValType::I32]);
            types.ty().function([], []);
        }
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: parser::ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        reencode::utils::parse_import_section(self, imports, section)?;
        if self.shape.has_code() {
            self.import_intrinsics(imports);
        }
        Ok(())
    }

    /// A module with functions has types before and functions after its imports.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error> {
        if before == Some(SectionId::Function) && !self.has_imports && self.shape.has_code() {
            let mut imports = ImportSection::new();
            self.import_intrinsics(&mut imports);
            module.section(&imports);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: parser::FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        reencode::utils::parse_function_section(self, functions, section)?;
        if self.shape.has_code() {
            functions.function(self.looking_type());
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: parser::CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        reencode::utils::parse_code_section(self, code, section)?;
        if self.shape.has_code() {
            let mut looking = Function::new([]);
            Looks::new(&self.shape, 0).look_afresh(&mut looking);
            looking.instruction(&Instruction::End);
            code.function(&looking);
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let defined = self.next.next().unwrap_or_default();
        let mut locals = Vec::new();
        let mut index = defined.parameters;
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            index = index.saturating_add(count);
            locals.push((count, self.val_type(ty)?));
        }
        locals.extend([(1, ValType::I64), (1, ValType::I32)]);
        let mut function = Function::new(locals);
        let mut looks = Looks::new(&self.shape, index);
        if defined.found.looks {
            looks.look_afresh(&mut function);
        }
        let mut blocks = Blocks::default();
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            let place = place(&operator);
            let around = Around::of(&operator, place, &defined, &self.shape);
            if around.before {
                looks.look_afresh(&mut function);
            }
            if place == Place::Turn && !blocks.is_in_loop() {
                looks.read_address(&mut function);
            }
            blocks.pass(&operator);
            if let Operator::BrTable { targets } = &operator
                && blocks.carry_nothing(targets)?
                && let Some(choices) = switches::choices(targets)?
            {
                switches::write(&mut function, &choices, targets.default(), index + 1);
                continue;
            }
            function.instruction(&self.instruction(operator)?);
            if place == Place::Turn {
                looks.look(&mut function);
            } else if around.after {
                looks.look_afresh(&mut function);
            }
        }
        code.function(&function);
        Ok(())
    }
}

/// Where a function looks around an operator, besides the turns of loops.
struct Around {
    before: bool,
    after: bool,
}

impl Around {
    fn of(operator: &Operator<'_>, place: Place, caller: &Defined, shape: &Shape) -> Self {
        let is_call = matches!(place, Place::Call(_) | Place::CallOfUnknown);
        let callee = match place {
            Place::Call(callee) => shape.defined(callee),
            Place::CallOfUnknown | Place::None | Place::Turn | Place::Long => None,
        };
        // Nothing comes back from a call that ends its function.
        let ends = matches!(
            operator,
            Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::ReturnCallRef { .. }
        );
        let is_tall = match callee {
            Some(callee) => caller.found.looks_after(callee.found),
            // By reference, or another module's.
            None => is_call,
        };
        Self {
            before: place == Place::Long || (is_call && caller.found.looks_before_calls()),
            after: is_tall && !ends,
        }
    }
}

/// The blocks around a place of a function.
#[derive(Default)]
struct Blocks {
    /// From the outermost to the innermost.
    open: Vec<Block>,
    loops: usize,
}

/// One block.
#[derive(Clone, Copy, Default)]
struct Block {
    is_loop: bool,
    /// Whether no value is branched to it with. Where that is not plain to see, `false`.
    carries_nothing: bool,
}

impl Blocks {
    fn is_in_loop(&self) -> bool {
        self.loops > 0
    }

    fn pass(&mut self, operator: &Operator<'_>) {
        if let Some(block) = opened(operator) {
            self.open.push(block);
            self.loops += usize::from(block.is_loop);
        }
        if matches!(operator, Operator::End | Operator::Delegate { .. }) {
            // The last one is the function's own, which nothing opened.
            let was = self.open.pop().unwrap_or_default();
            self.loops -= usize::from(was.is_loop);
        }
    }

    /// Whether a table branches to blocks alone that take no values with it.
    fn carry_nothing(&self, table: &parser::BrTable<'_>) -> parser::Result<bool> {
        for target in table.targets().chain([Ok(table.default())]) {
            let target = usize::try_from(target?).unwrap_or(usize::MAX);
            let block = self.open.iter().rev().nth(target);
            if !block.is_some_and(|block| block.carries_nothing) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn opened(operator: &Operator<'_>) -> Option<Block> {
    let (blockty, is_loop) = if let Operator::Loop { blockty } = operator {
        (*blockty, true)
    } else if let Operator::Block { blockty }
    | Operator::If { blockty }
    | Operator::Try { blockty } = operator
    {
        (*blockty, false)
    } else if let Operator::TryTable { try_table } = operator {
        (try_table.ty, false)
    } else {
        return None;
    };
    let carries_nothing = match blockty {
        parser::BlockType::Empty => true,
        // A branch to a loop takes what the loop is given, to a block what it gives.
        parser::BlockType::Type(_) => is_loop,
        parser::BlockType::FuncType(_) => false,
    };
    Some(Block {
        is_loop,
        carries_nothing,
    })
}

/// The looks of one function.
struct Looks {
    /// Index of the engine's functions.
    intrinsics: u32,
    /// Index of the function that only looks.
    looking: u32,
    /// The local that holds the address of the words.
    local: u32,
    /// Looks so far.
    count: usize,
}

impl Looks {
    fn new(shape: &Shape, local: u32) -> Self {
        Self {
            intrinsics: shape.intrinsics(),
            looking: shape.looking(),
            local,
            count: 0,
        }
    }

    /// Reads the address of the words into the local, for [`Looks::look`].
    fn read_address(&self, function: &mut Function) {
        self.address(function);
        function.instruction(&Instruction::LocalSet(self.local));
    }

    /// Looks at the next word, by the local.
    fn look(&mut self, function: &mut Function) {
        self.look_at(function, |looks, function| {
            function.instruction(&Instruction::LocalGet(looks.local));
        });
    }

    /// Looks at the next word, and reads its address for that.
    fn look_afresh(&mut self, function: &mut Function) {
        self.look_at(function, Self::address);
    }

    /// The address of the words.
    fn address(&self, function: &mut Function) {
        function
            .instruction(&Instruction::Call(self.intrinsics))
            .instruction(&Instruction::Call(self.intrinsics + 1));
    }

    fn look_at(&mut self, function: &mut Function, address: impl Fn(&Self, &mut Function)) {
        if self.count >= WORDS {
            function.instruction(&Instruction::Call(self.looking));
            return;
        }
        let offset = i64::try_from(self.count).unwrap_or(i64::MAX) * WORD_BYTES;
        self.count += 1;
        address(self, function);
        function
            .instruction(&Instruction::I64Const(offset))
            .instruction(&Instruction::I64Add)
            .instruction(&Instruction::Call(self.intrinsics + 2))
            .instruction(&Instruction::If(BlockType::Empty))
            .instruction(&Instruction::Unreachable)
            .instruction(&Instruction::End);
    }
}
