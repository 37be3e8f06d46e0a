//! Reading a component: from its bytes to core modules and a plan of how they are put together.
//!
//! The plan is what the binary says, in its order: instances of core modules, what of theirs is
//! given to others, which functions are lowered for guests and lifted for the host. Indices are
//! resolved when the plan is carried out.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "sections and kinds of others grow, and whatever is not named here is refused"
)]

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, Encoding,
    ExternalKind, Instance, Parser, Payload,
};

/// Interface with the one function that guests may call, without the last part of its version.
const HOST: &str = "lawgate:adapter/host@1.";
/// Interface that has types and no functions.
const TYPES: &str = "lawgate:adapter/types@1.";

/// Deepest nesting of calls: far more than the gateway's native stack of 512 KiB has room for.
const RECURSION: usize = 1 << 16;
/// Longest stack of values, in bytes; see [`RECURSION`].
const STACK_BYTES: usize = 64 << 20;

/// Why a component cannot be run here.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are no component, or are damaged.
    #[error("the component cannot be read: {0}")]
    Form(String),
    /// It uses a part of the component model that no adapter in a compiled language needs.
    #[error("the component uses {0}, which this interpreter does not know")]
    Unsupported(&'static str),
    /// It imports something that the contract does not offer.
    #[error("the component imports {0}, which the contract does not offer")]
    Import(String),
    /// It lacks a function of the contract.
    #[error("the component does not export {0}")]
    NoExport(&'static str),
    /// A core module is not valid.
    #[error("a core module of the component cannot be read: {0}")]
    Module(String),
}

/// One step of putting a component together.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Makes an instance of a core module; the instances that its imports come from, by name.
    Instantiate {
        module: usize,
        arguments: Vec<(String, usize)>,
    },
    /// Makes an instance that only hands on what others have.
    Gather(Vec<(String, Sort, usize)>),
    /// Gives an index to an export of an instance.
    Alias {
        sort: Sort,
        instance: usize,
        name: String,
    },
    /// Makes the contract's `log` callable by guests.
    LowerLog { memory: usize },
}

/// What can be given an index in a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Function,
    Table,
    Memory,
    Global,
}

/// A core function that implements a function of the contract.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifted {
    pub(crate) function: usize,
    pub(crate) memory: usize,
    pub(crate) realloc: usize,
    pub(crate) post_return: Option<usize>,
}

/// A component that can be run, any number of times.
#[derive(Debug)]
pub struct Component {
    pub(crate) engine: wasmi::Engine,
    pub(crate) modules: Vec<wasmi::Module>,
    pub(crate) steps: Vec<Step>,
    pub(crate) configure: Lifted,
    pub(crate) convert: Lifted,
}

/// A component function by its index.
#[derive(Debug, Clone, Copy)]
enum Function {
    Log,
    Lifted(Options, usize),
}

/// Canonical options; an index is there when the option is.
#[derive(Debug, Clone, Copy, Default)]
struct Options {
    memory: Option<usize>,
    realloc: Option<usize>,
    post_return: Option<usize>,
}

/// A component while it is read.
struct Reading<'a> {
    bytes: &'a [u8],
    engine: wasmi::Engine,
    modules: Vec<wasmi::Module>,
    steps: Vec<Step>,
    /// Names of the imported instances, by their index.
    instances: Vec<String>,
    functions: Vec<Function>,
    exports: Vec<(String, Function)>,
}

impl Component {
    /// Reads a component and checks its modules.
    ///
    /// # Errors
    /// [`LoadError`], the first thing that is wrong or not known here.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        let mut reading = Reading {
            bytes,
            engine: engine(),
            modules: Vec::new(),
            steps: Vec::new(),
            instances: Vec::new(),
            functions: Vec::new(),
            exports: Vec::new(),
        };
        reading.read()?;
        let find = |name: &'static str| {
            let exported = reading.exports.iter().find(|(export, _)| export == name);
            match exported {
                Some((_, Function::Lifted(options, function))) => options.lifted(*function),
                Some((_, Function::Log)) | None => Err(LoadError::NoExport(name)),
            }
        };
        let (configure, convert) = (find("configure")?, find("convert")?);
        Ok(Self {
            engine: reading.engine,
            modules: reading.modules,
            steps: reading.steps,
            configure,
            convert,
        })
    }
}

/// The interpreter with the features that the gateway's engine has.
fn engine() -> wasmi::Engine {
    let mut config = wasmi::Config::default();
    config
        .consume_fuel(true)
        .set_max_recursion_depth(RECURSION)
        .set_max_stack_height(STACK_BYTES)
        .wasm_relaxed_simd(false)
        .ignore_custom_sections(true);
    wasmi::Engine::new(&config)
}

impl<'a> Reading<'a> {
    fn read(&mut self) -> Result<(), LoadError> {
        // What is inside a module is for the interpreter; its parts are passed over here.
        let mut depth = 0_u32;
        let mut is_component = false;
        for payload in Parser::new(0).parse_all(self.bytes) {
            let payload = payload.map_err(form)?;
            match payload {
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ if depth > 0 => {}
                Payload::Version { encoding, .. } => {
                    is_component = encoding == Encoding::Component;
                }
                Payload::ModuleSection {
                    unchecked_range, ..
                } => {
                    self.module(&unchecked_range)?;
                    depth += 1;
                }
                payload => self.section(payload)?,
            }
        }
        match is_component {
            true => Ok(()),
            false => Err(LoadError::Form("it is a core module".to_owned())),
        }
    }

    fn module(&mut self, range: &std::ops::Range<u64>) -> Result<(), LoadError> {
        let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let bytes = self.bytes.get(bound(range.start)..bound(range.end));
        let bytes = bytes.ok_or_else(|| LoadError::Form("a module is cut off".to_owned()))?;
        let module = wasmi::Module::new(&self.engine, bytes);
        let module = module.map_err(|error| LoadError::Module(error.to_string()))?;
        self.modules.push(module);
        Ok(())
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<(), LoadError> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.map_err(form)?;
                    self.import(import.name.name, import.ty.kind())?;
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    let step = instance_step(instance.map_err(form)?)?;
                    self.steps.push(step);
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias.map_err(form)?)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(function.map_err(form)?)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.map_err(form)?;
                    self.export(export.name.name, export.kind, index(export.index))?;
                }
            }
            Payload::ComponentSection { .. } => return Err(unsupported("nested components")),
            Payload::ComponentInstanceSection(_) => {
                return Err(unsupported("instances of components"));
            }
            Payload::ComponentStartSection { .. } => return Err(unsupported("a start function")),
            // Types say what the contract says, and custom sections say nothing.
            Payload::ComponentTypeSection(_)
            | Payload::CoreTypeSection(_)
            | Payload::CustomSection(_) => {}
            _ => return Err(unsupported("a section of another kind")),
        }
        Ok(())
    }

    fn import(&mut self, name: &str, kind: ComponentExternalKind) -> Result<(), LoadError> {
        match kind {
            ComponentExternalKind::Instance
                if name.starts_with(HOST) || name.starts_with(TYPES) =>
            {
                self.instances.push(name.to_owned());
                Ok(())
            }
            // A type that the world uses; it has no index among functions and instances.
            ComponentExternalKind::Type => Ok(()),
            _ => Err(LoadError::Import(name.chars().take(100).collect())),
        }
    }

    fn alias(&mut self, alias: ComponentAlias<'_>) -> Result<(), LoadError> {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind,
                instance_index,
                name,
            } => self.steps.push(Step::Alias {
                sort: sort(kind)?,
                instance: index(instance_index),
                name: name.to_owned(),
            }),
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Func,
                instance_index,
                name,
            } => {
                let from = self.instances.get(index(instance_index));
                let is_log = name == "log" && from.is_some_and(|from| from.starts_with(HOST));
                match is_log {
                    true => self.functions.push(Function::Log),
                    false => return Err(LoadError::Import(name.chars().take(100).collect())),
                }
            }
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Type,
                ..
            }
            | ComponentAlias::Outer { .. } => {}
            ComponentAlias::InstanceExport { .. } => {
                return Err(unsupported("parts of other instances"));
            }
        }
        Ok(())
    }

    fn canonical(&mut self, function: CanonicalFunction) -> Result<(), LoadError> {
        match function {
            CanonicalFunction::Lift {
                core_func_index,
                options,
                ..
            } => {
                let options = Options::read(&options)?;
                let function = Function::Lifted(options, index(core_func_index));
                self.functions.push(function);
            }
            CanonicalFunction::Lower {
                func_index,
                options,
            } => match self.functions.get(index(func_index)) {
                Some(Function::Log) => {
                    let memory = Options::read(&options)?.memory;
                    let memory = memory.ok_or_else(|| unsupported("strings without a memory"))?;
                    self.steps.push(Step::LowerLog { memory });
                }
                Some(Function::Lifted(..)) => {
                    return Err(unsupported("calls from the component into itself"));
                }
                None => return Err(LoadError::Form("a function is missing".to_owned())),
            },
            _ => return Err(unsupported("resources or asynchronous functions")),
        }
        Ok(())
    }

    fn export(
        &mut self,
        name: &str,
        kind: ComponentExternalKind,
        index: usize,
    ) -> Result<(), LoadError> {
        match kind {
            ComponentExternalKind::Func => {
                let function = self.functions.get(index).copied();
                let function = function
                    .ok_or_else(|| LoadError::Form("an export is of nothing".to_owned()))?;
                self.exports.push((name.to_owned(), function));
                // An export is a definition too: it takes the next index.
                self.functions.push(function);
            }
            ComponentExternalKind::Type => {}
            _ => return Err(unsupported("exports that are no functions")),
        }
        Ok(())
    }
}

impl Options {
    fn read(options: &[CanonicalOption]) -> Result<Self, LoadError> {
        let mut read = Self::default();
        for option in options {
            match option {
                CanonicalOption::UTF8 => {}
                CanonicalOption::Memory(at) => read.memory = Some(index(*at)),
                CanonicalOption::Realloc(at) => read.realloc = Some(index(*at)),
                CanonicalOption::PostReturn(at) => read.post_return = Some(index(*at)),
                CanonicalOption::UTF16 | CanonicalOption::CompactUTF16 => {
                    return Err(unsupported("strings that are not UTF-8"));
                }
                CanonicalOption::Async
                | CanonicalOption::Callback(_)
                | CanonicalOption::CoreType(_)
                | CanonicalOption::Gc => return Err(unsupported("another form of functions")),
            }
        }
        Ok(read)
    }

    fn lifted(&self, function: usize) -> Result<Lifted, LoadError> {
        let (Some(memory), Some(realloc)) = (self.memory, self.realloc) else {
            return Err(unsupported("functions without a memory"));
        };
        Ok(Lifted {
            function,
            memory,
            realloc,
            post_return: self.post_return,
        })
    }
}

fn instance_step(instance: Instance<'_>) -> Result<Step, LoadError> {
    Ok(match instance {
        Instance::Instantiate { module_index, args } => Step::Instantiate {
            module: index(module_index),
            arguments: args
                .iter()
                .map(|argument| (argument.name.to_owned(), index(argument.index)))
                .collect(),
        },
        Instance::FromExports(exports) => {
            let gathered = exports.iter().map(|export| {
                let sort = sort(export.kind)?;
                Ok((export.name.to_owned(), sort, index(export.index)))
            });
            Step::Gather(gathered.collect::<Result<_, LoadError>>()?)
        }
    })
}

fn sort(kind: ExternalKind) -> Result<Sort, LoadError> {
    Ok(match kind {
        ExternalKind::Func | ExternalKind::FuncExact => Sort::Function,
        ExternalKind::Table => Sort::Table,
        ExternalKind::Memory => Sort::Memory,
        ExternalKind::Global => Sort::Global,
        ExternalKind::Tag => return Err(unsupported("exceptions")),
    })
}

fn index(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

fn unsupported(what: &'static str) -> LoadError {
    LoadError::Unsupported(what)
}

fn form(error: wasmparser::BinaryReaderError) -> LoadError {
    LoadError::Form(error.to_string())
}
