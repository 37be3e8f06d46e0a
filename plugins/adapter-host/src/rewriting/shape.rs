//! What is known of a module before it is rewritten: what it has, and what its operators mean for
//! the time a function takes. Which of its functions look is found in [`super::calls`].

use super::calls::{Calls, Found};
use super::{COUNT, Error, INTRINSICS, Unsuitable, parser};

use parser::{ExternalKind, Operator, Payload, TypeRef};

/// A module as its rewriting needs to know it.
#[derive(Default)]
pub(super) struct Shape {
    pub(super) types: u32,
    pub(super) imported: u32,
    /// What it defines itself.
    pub(super) functions: Vec<Defined>,
}

/// A function of a module.
#[derive(Clone, Copy, Default)]
pub(super) struct Defined {
    pub(super) parameters: u32,
    pub(super) found: Found,
}

impl Shape {
    /// # Errors
    /// The module is malformed, or knows [`INTRINSICS`].
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other sections call nothing"
    )]
    pub(super) fn of(module: &[u8]) -> Result<Self, Error> {
        let mut shape = Self::default();
        let mut parameters_of_types = Vec::new();
        let mut calls = Calls::default();
        for payload in parser::Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        let types = group?.into_types();
                        parameters_of_types.extend(types.map(|ty| parameters(&ty)));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        // It would get what is only there for the looks.
                        if import.module == INTRINSICS {
                            return Err(Error::UserError(Unsuitable::TakenName));
                        }
                        if matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)) {
                            shape.imported += 1;
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        let ty = usize::try_from(ty?).unwrap_or(usize::MAX);
                        let parameters = parameters_of_types.get(ty).copied();
                        shape.functions.push(Defined {
                            parameters: parameters.unwrap_or_default(),
                            ..Defined::default()
                        });
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact) {
                            calls.known.push(export.index);
                        }
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        calls.pass_element(element?)?;
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        calls.pass_constant(&global?.init_expr)?;
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        if let parser::TableInit::Expr(expression) = table?.init {
                            calls.pass_constant(&expression)?;
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => calls.pass_body(&body)?,
                _ => {}
            }
        }
        shape.types = u32::try_from(parameters_of_types.len()).unwrap_or(u32::MAX);
        for (function, found) in shape.functions.iter_mut().zip(calls.found(shape.imported)) {
            function.found = found;
        }
        Ok(shape)
    }

    /// A function that the module defines; `None`: it imports it.
    pub(super) fn defined(&self, function: u32) -> Option<Defined> {
        let index = function.checked_sub(self.imported)?;
        self.functions.get(usize::try_from(index).ok()?).copied()
    }

    /// Whether the module has functions, and so looks.
    pub(super) fn has_code(&self) -> bool {
        !self.functions.is_empty()
    }

    /// Index of the first of the engine's functions: behind those that the module imports itself.
    pub(super) fn intrinsics(&self) -> u32 {
        self.imported
    }

    /// Index of the function that only looks: behind those that the module defines itself.
    pub(super) fn looking(&self) -> u32 {
        let defined = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
        self.imported + COUNT + defined
    }
}

/// The parameters of a type's functions; none where it is no function's.
fn parameters(ty: &parser::SubType) -> u32 {
    let parameters = match &ty.composite_type.inner {
        parser::CompositeInnerType::Func(ty) => ty.params().len(),
        parser::CompositeInnerType::Array(_)
        | parser::CompositeInnerType::Struct(_)
        | parser::CompositeInnerType::Cont(_) => 0,
    };
    u32::try_from(parameters).unwrap_or(u32::MAX)
}

/// What an operator means for the time a function takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is done in no time.
    None,
    /// Another function runs, whose index is known.
    Call(u32),
    /// Another function runs.
    CallOfUnknown,
    /// The beginning of a loop.
    Turn,
    /// It takes long by itself, by how much memory or table it concerns.
    Long,
}

pub(super) fn place(operator: &Operator<'_>) -> Place {
    let takes_long = matches!(
        operator,
        Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. }
            | Operator::MemoryInit { .. }
            | Operator::MemoryGrow { .. }
            | Operator::MemoryDiscard { .. }
            | Operator::TableCopy { .. }
            | Operator::TableFill { .. }
            | Operator::TableInit { .. }
            | Operator::TableGrow { .. }
    );
    let calls_unknown = matches!(
        operator,
        Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
    );
    if let Operator::Call { function_index } | Operator::ReturnCall { function_index } = operator {
        Place::Call(*function_index)
    } else if matches!(operator, Operator::Loop { .. }) {
        Place::Turn
    } else if takes_long {
        Place::Long
    } else if calls_unknown {
        Place::CallOfUnknown
    } else {
        Place::None
    }
}
