//! Short tables of jumps as comparisons, where no value is branched with: what a comparison leaves
//! on the stack is typed by the block, and what a table does not leave by nothing.
//!
//! LLVM makes a table of every choice between two places or more, for guests alone. The engine's
//! compiler guards a jump through a table against speculation, and the processor has to foresee
//! where it goes; one or two comparisons cost less than either.

use super::{encoder, parser};

use encoder::{Function, Instruction};
use parser::BrTable;

/// Most comparisons in place of a table.
const MOST: usize = 3;

/// One comparison of an index, and where it branches to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) target: u32,
    pub(super) first: u32,
    /// Places from the first to the last index of the target.
    pub(super) span: u32,
    /// Which of them are the target's, the first one lowest; `None`: all.
    pub(super) which: Option<u64>,
}

/// What a table chooses by, if that is little; else, and for all that is left, there is its default.
///
/// # Errors
/// The table is malformed.
pub(super) fn choices(table: &BrTable<'_>) -> parser::Result<Option<Vec<Choice>>> {
    let mut choices: Vec<Choice> = Vec::new();
    for (index, target) in (0_u32..).zip(table.targets()) {
        let target = target?;
        if target == table.default() {
            continue;
        }
        let count = choices.len();
        match choices.iter_mut().find(|choice| choice.target == target) {
            Some(choice) => {
                let place = index - choice.first;
                if choice.which.is_some() || place != choice.span {
                    if place >= u64::BITS {
                        return Ok(None);
                    }
                    let all = |span: u32| (1 << span) - 1;
                    let which = choice.which.unwrap_or_else(|| all(choice.span));
                    choice.which = Some(which | 1 << place);
                }
                choice.span = place + 1;
            }
            None if count == MOST => return Ok(None),
            None => choices.push(Choice {
                target,
                first: index,
                span: 1,
                which: None,
            }),
        }
    }
    Ok(Some(choices))
}

/// Writes the comparisons; the index is the topmost value, and is kept in the local meanwhile.
pub(super) fn write(function: &mut Function, choices: &[Choice], default: u32, local: u32) {
    function.instruction(&Instruction::LocalSet(local));
    for choice in choices {
        write_one(function, choice, local);
    }
    function.instruction(&Instruction::Br(default));
}

fn write_one(function: &mut Function, choice: &Choice, local: u32) {
    let place = |function: &mut Function| {
        function.instruction(&Instruction::LocalGet(local));
        if choice.first > 0 {
            function
                .instruction(&Instruction::I32Const(choice.first.cast_signed()))
                .instruction(&Instruction::I32Sub);
        }
    };
    if choice.span == 1 {
        function
            .instruction(&Instruction::LocalGet(local))
            .instruction(&Instruction::I32Const(choice.first.cast_signed()))
            .instruction(&Instruction::I32Eq);
    } else {
        place(function);
        function
            .instruction(&Instruction::I32Const(choice.span.cast_signed()))
            .instruction(&Instruction::I32LtU);
    }
    if let Some(which) = choice.which {
        // The shift counts from the place modulo 64; beyond the span the comparison is zero.
        function.instruction(&Instruction::I64Const(which.cast_signed()));
        place(function);
        function
            .instruction(&Instruction::I64ExtendI32U)
            .instruction(&Instruction::I64ShrU)
            .instruction(&Instruction::I32WrapI64)
            .instruction(&Instruction::I32And);
    }
    function.instruction(&Instruction::BrIf(choice.target));
}
