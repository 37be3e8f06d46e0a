//! What becomes of a component before it is compiled: its guests can be ended ([`crate::stop`]),
//! and short tables of jumps are comparisons.
//!
//! Every module of the component is given three functions of the engine: the address of its
//! store's data, and two that read memory there. Whatever the component numbers itself moves up by
//! what is added before it, so that it has no way to name what is added.
//!
//! Code that the engine itself adds, between the components of a composed one, does not look. It
//! is bounded by the memory it reads, and what it calls is bounded as any call.

mod calls;
mod module;
mod shape;
mod switches;

use wasm_encoder_of_wasmtime as encoder;
use wasmparser_of_wasmtime as parser;

use encoder::reencode::{self, Reencode, ReencodeComponent};
use encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection,
    ComponentExportKind, ComponentImportSection, ComponentInstanceSection, ComponentTypeRef,
    ComponentTypeSection, ExportKind, InstanceSection, InstanceType, ModuleArg, ModuleSection,
    NestedComponentSection, PrimitiveValType,
};

use crate::call::Cause;

/// Name of the import by which components and their modules get the functions of the engine.
pub(crate) const INTRINSICS: &str = "lawgate-stop";

/// The functions, in the order in which every component and every module has them.
const FUNCTIONS: [&str; 3] = ["store-data-address", "u64-native-load", "u32-native-load"];

/// How many there are.
const COUNT: u32 = FUNCTIONS.len() as u32;

/// The component with looks at the words of its sandbox, to be compiled with the functions that
/// it gets as [`INTRINSICS`].
///
/// # Errors
/// The component is not valid, or uses [`INTRINSICS`] as a name of its own.
pub(crate) fn rewritten(component: &[u8]) -> Result<Vec<u8>, Cause> {
    // What is not valid might become so by what is added.
    parser::Validator::new().validate_all(component)?;
    let mut rewriting = Rewriting::default();
    let mut rewritten = rewriting.begin();
    let parser = parser::Parser::new(0);
    let done = rewriting.parse_component(&mut rewritten, parser, component);
    done.map_err(|error| {
        if let reencode::Error::UserError(unsuitable) = error {
            Cause::from(unsuitable)
        } else {
            Cause::from(error.to_string())
        }
    })?;
    Ok(rewritten.finish())
}

/// Why a valid component cannot be an adapter.
#[derive(Debug, thiserror::Error)]
enum Unsuitable {
    /// It uses a name that is the compiler's own.
    #[error("the component imports {INTRINSICS}, which is a name of the compiler's own")]
    TakenName,
    /// It gives a module or a component to one inside it, whose type says what may be imported.
    #[error(
        "the component gives {argument}, a module or component, to one inside it; instances can be given"
    )]
    GivesCode {
        /// Name of the argument.
        argument: String,
    },
}

type Error = reencode::Error<Unsuitable>;

/// Rewrites a component and those inside it.
#[derive(Default)]
struct Rewriting {
    /// What is rewritten, from the outermost to the innermost.
    scopes: Vec<Scope>,
}

/// Something with index spaces of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// A component, which is given one type, one instance of each kind and [`COUNT`] functions of
    /// each kind before its own.
    Component,
    /// The type of a component, an instance or a module, which is given nothing.
    Type,
}

impl Scope {
    /// What one thing before its own moves an index by.
    fn added(self, count: u32) -> u32 {
        match self {
            Self::Component => count,
            Self::Type => 0,
        }
    }
}

impl Rewriting {
    /// A component with the functions of the engine, and nothing else.
    fn begin(&mut self) -> Component {
        self.scopes.push(Scope::Component);
        let mut component = Component::new();
        let mut intrinsics = InstanceType::new();
        for (index, name) in FUNCTIONS.into_iter().enumerate() {
            let mut function = intrinsics.ty().function();
            if index == 0 {
                function.params::<_, PrimitiveValType>([]);
            } else {
                function.params([("address", PrimitiveValType::U64)]);
            }
            let result = if index < 2 {
                PrimitiveValType::U64
            } else {
                PrimitiveValType::U32
            };
            function.result(Some(result.into()));
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            intrinsics.export(name, ComponentTypeRef::Func(index));
        }
        let mut types = ComponentTypeSection::new();
        types.instance(&intrinsics);
        component.section(&types);
        let mut imports = ComponentImportSection::new();
        imports.import(INTRINSICS, ComponentTypeRef::Instance(0));
        component.section(&imports);
        let mut aliases = ComponentAliasSection::new();
        let mut lowered = CanonicalFunctionSection::new();
        for (name, index) in FUNCTIONS.into_iter().zip(0..) {
            aliases.alias(Alias::InstanceExport {
                instance: 0,
                kind: ComponentExportKind::Func,
                name,
            });
            lowered.lower(index, [] as [CanonicalOption; 0]);
        }
        component.section(&aliases);
        component.section(&lowered);
        let mut instances = InstanceSection::new();
        let functions = FUNCTIONS.into_iter().zip(0..COUNT);
        instances.export_items(functions.map(|(name, index)| (name, ExportKind::Func, index)));
        component.section(&instances);
        component
    }

    fn scope(&self) -> Scope {
        self.scopes.last().copied().unwrap_or(Scope::Type)
    }

    /// The scope so many levels further out.
    fn outer_scope(&self, levels: u32) -> Scope {
        let levels = usize::try_from(levels).unwrap_or(usize::MAX);
        let scope = self.scopes.iter().rev().nth(levels);
        scope.copied().unwrap_or(Scope::Type)
    }
}

impl Reencode for Rewriting {
    type Error = Unsuitable;

    /// Of a component: its modules have a rewriting of their own.
    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        Ok(function + self.scope().added(COUNT))
    }
}

impl ReencodeComponent for Rewriting {
    fn component_type_index(&mut self, ty: u32) -> u32 {
        ty + self.scope().added(1)
    }

    fn outer_component_type_index(&mut self, count: u32, ty: u32) -> u32 {
        ty + self.outer_scope(count).added(1)
    }

    fn component_instance_index(&mut self, instance: u32) -> u32 {
        instance + self.scope().added(1)
    }

    fn component_func_index(&mut self, function: u32) -> u32 {
        function + self.scope().added(COUNT)
    }

    fn instance_index(&mut self, instance: u32) -> u32 {
        instance + self.scope().added(1)
    }

    fn push_depth(&mut self) {
        self.scopes.push(Scope::Type);
    }

    fn pop_depth(&mut self) {
        self.scopes.pop();
    }

    fn parse_component_subcomponent(
        &mut self,
        component: &mut Component,
        parser: parser::Parser,
        inner: &[u8],
        whole: &[u8],
    ) -> Result<(), Error> {
        let mut rewritten = self.begin();
        reencode::component_utils::parse_component(self, &mut rewritten, parser, inner, whole)?;
        self.scopes.pop();
        component.section(&NestedComponentSection(&rewritten));
        Ok(())
    }

    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        _: parser::Parser,
        module: &[u8],
    ) -> Result<(), Error> {
        let rewritten = module::rewritten(module)?;
        component.section(&ModuleSection(&rewritten));
        Ok(())
    }

    /// Nothing needs them, and nobody has checked them.
    fn parse_component_custom_section(
        &mut self,
        _: &mut Component,
        _: parser::CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn parse_component_import_section(
        &mut self,
        imports: &mut ComponentImportSection,
        section: parser::ComponentImportSectionReader<'_>,
    ) -> Result<(), Error> {
        for import in section.clone() {
            if import?.name.name == INTRINSICS {
                return Err(reencode::Error::UserError(Unsuitable::TakenName));
            }
        }
        reencode::component_utils::parse_component_import_section(self, imports, section)
    }

    fn parse_instance(
        &mut self,
        instances: &mut InstanceSection,
        instance: parser::Instance<'_>,
    ) -> Result<(), Error> {
        let parser::Instance::Instantiate { module_index, args } = instance else {
            return reencode::component_utils::parse_instance(self, instances, instance);
        };
        let mut given = vec![(INTRINSICS, ModuleArg::Instance(0))];
        for argument in &args {
            match argument.kind {
                parser::InstantiationArgKind::Instance => {
                    let instance = self.instance_index(argument.index);
                    given.push((argument.name, ModuleArg::Instance(instance)));
                }
            }
        }
        instances.instantiate(self.module_index(module_index), given);
        Ok(())
    }

    fn parse_component_instance(
        &mut self,
        instances: &mut ComponentInstanceSection,
        instance: parser::ComponentInstance<'_>,
    ) -> Result<(), Error> {
        let parser::ComponentInstance::Instantiate {
            component_index,
            args,
        } = instance
        else {
            return reencode::component_utils::parse_component_instance(self, instances, instance);
        };
        let mut given = vec![(INTRINSICS, ComponentExportKind::Instance, 0)];
        for argument in &args {
            use parser::ComponentExternalKind::{Component, Module};
            if matches!(argument.kind, Component | Module) {
                let argument = argument.name.to_owned();
                return Err(reencode::Error::UserError(Unsuitable::GivesCode {
                    argument,
                }));
            }
            let index = self.component_external_index(argument.kind, argument.index);
            given.push((argument.name, argument.kind.into(), index));
        }
        instances.instantiate(self.component_index(component_index), given);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
