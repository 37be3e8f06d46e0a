//! What is known of a module before it is rewritten: what it imports, and which of its functions
//! must look when they begin.
//!
//! Between two looks no operator of a function is reached twice: whatever comes back goes through
//! the beginning of a loop. So the longest stretch of a function without a look is the number of
//! its operators and of those in what it calls, unless that looks itself. A function looks when its
//! stretch is long, when it may call itself by a detour, and when it can be called from where
//! nobody knows that it does not look.

use super::{COUNT, Error, INTRINSICS, TakenName, parser};

use parser::{ExternalKind, FunctionBody, Operator, Payload, TypeRef};

/// A function with more operators in its longest stretch looks when it begins: some microseconds.
const STRETCH: u32 = 4096;

/// The longest stretch of what may be called from where nobody knows it, without looking.
const SHORT: u32 = 64;

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
    /// Whether it looks when it begins.
    pub(super) looks: bool,
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
                            return Err(Error::UserError(TakenName));
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
                            looks: false,
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
        for (function, looks) in shape.functions.iter_mut().zip(calls.looks(shape.imported)) {
            function.looks = looks;
        }
        Ok(shape)
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

/// What calls what, in a module.
#[derive(Default)]
struct Calls {
    bodies: Vec<Body>,
    /// Functions that can be called by other modules, or by reference.
    known: Vec<u32>,
}

#[derive(Default)]
struct Body {
    operators: u32,
    /// Calls of what is not known, and of what is imported.
    unknown: u32,
    /// Functions of the module that it calls, once for each call.
    called: Vec<u32>,
}

impl Calls {
    fn pass_body(&mut self, body: &FunctionBody<'_>) -> Result<(), Error> {
        let mut passed = Body::default();
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            passed.operators = passed.operators.saturating_add(1);
            if let Operator::RefFunc { function_index } = operator {
                self.known.push(function_index);
            }
            match place(&operator) {
                Place::Call(index) => passed.called.push(index),
                Place::CallOfUnknown => passed.unknown += 1,
                Place::None | Place::Turn | Place::Long => {}
            }
        }
        self.bodies.push(passed);
        Ok(())
    }

    fn pass_element(&mut self, element: parser::Element<'_>) -> Result<(), Error> {
        match element.items {
            parser::ElementItems::Functions(functions) => {
                for function in functions {
                    self.known.push(function?);
                }
            }
            parser::ElementItems::Expressions(_, expressions) => {
                for expression in expressions {
                    self.pass_constant(&expression?)?;
                }
            }
        }
        Ok(())
    }

    fn pass_constant(&mut self, expression: &parser::ConstExpr<'_>) -> Result<(), Error> {
        for operator in expression.get_operators_reader() {
            if let Operator::RefFunc { function_index } = operator? {
                self.known.push(function_index);
            }
        }
        Ok(())
    }

    /// Of each function that the module defines, whether it looks when it begins.
    fn looks(&self, imported: u32) -> Vec<bool> {
        let defined = |index: u32| usize::try_from(index.checked_sub(imported)?).ok();
        let mut limits = vec![STRETCH; self.bodies.len()];
        for index in self.known.iter().copied().filter_map(defined) {
            if let Some(limit) = limits.get_mut(index) {
                *limit = SHORT;
            }
        }
        let mut stretches = Stretches {
            calls: self,
            limits,
            found: vec![Found::Nothing; self.bodies.len()],
        };
        for index in 0..self.bodies.len() {
            stretches.find(index, &defined);
        }
        let looks = |found: &Found| *found == Found::Looks;
        stretches.found.iter().map(looks).collect()
    }
}

/// The stretches of a module's functions, from those that call nothing to those that call them.
struct Stretches<'a> {
    calls: &'a Calls,
    limits: Vec<u32>,
    found: Vec<Found>,
}

/// What was found about a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    /// It is being looked into, and so are those that call it.
    Open,
    /// Its longest stretch; it does not look when it begins.
    Stretch(u32),
    Looks,
}

impl Stretches<'_> {
    /// Finds the stretch of a function, and of all that it calls. One that is called while it is
    /// being looked into looks, and so every circle of calls has one that does.
    fn find(&mut self, index: usize, defined: &impl Fn(u32) -> Option<usize>) {
        // Not by recursion: a component decides how deep it goes.
        let mut open = vec![(index, 0, 0)];
        if self.found[index] != Found::Nothing {
            return;
        }
        self.found[index] = Found::Open;
        while let Some((index, next, stretch)) = open.pop() {
            let body = &self.calls.bodies[index];
            let Some(&callee) = body.called.get(next) else {
                self.close(index, stretch);
                continue;
            };
            let callee = defined(callee).filter(|callee| *callee < self.found.len());
            let of_callee = match callee.map(|callee| (callee, self.found[callee])) {
                // Imported: another module's, or the host's.
                None => SHORT,
                Some((callee, Found::Nothing)) => {
                    self.found[callee] = Found::Open;
                    open.push((index, next, stretch));
                    open.push((callee, 0, 0));
                    continue;
                }
                Some((callee, Found::Open)) => {
                    self.found[callee] = Found::Looks;
                    0
                }
                Some((_, Found::Stretch(stretch))) => stretch,
                Some((_, Found::Looks)) => 0,
            };
            open.push((index, next + 1, stretch.saturating_add(of_callee)));
        }
    }

    /// All calls of a function are known.
    fn close(&mut self, index: usize, of_calls: u32) {
        let body = &self.calls.bodies[index];
        let of_unknown = body.unknown.saturating_mul(SHORT);
        let stretch = (body.operators)
            .saturating_add(of_unknown)
            .saturating_add(of_calls);
        if self.found[index] == Found::Open {
            self.found[index] = if stretch > self.limits[index] {
                Found::Looks
            } else {
                Found::Stretch(stretch)
            };
        }
    }
}
