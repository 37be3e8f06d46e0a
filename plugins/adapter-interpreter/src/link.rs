//! Carrying out the plan of a component: a fresh store, and its core modules linked in it.
//!
//! Whoever calls makes one for each call and drops it afterwards, so that nothing survives one, as
//! in the gateway's sandboxes.

use std::collections::HashMap;

use wasmi::{Caller, Extern, Func, Instance, Memory, Store, StoreLimits, StoreLimitsBuilder};

use crate::component::{Component, Sort, Step};
use crate::error::{CallError, Crossing};
use crate::memory::Bytes;

/// Most memory of a guest, in bytes. The gateway grants 64 MiB unless told otherwise; a conversion
/// that met its limit is not made again, so this one only protects the machine.
const MEMORY_BYTES: usize = 1 << 30;

/// Most instructions of one call, roughly: more than any two seconds of native code.
const FUEL: u64 = 40_000_000_000;

/// Levels that a line of the log can have.
const LEVELS: i32 = 4;

/// What a store keeps.
pub(crate) struct State {
    limits: StoreLimits,
}

/// The indices of a component, filled step by step.
pub(crate) struct Linked {
    pub(crate) store: Store<State>,
    instances: Vec<Part>,
    functions: Vec<Func>,
    tables: Vec<Extern>,
    memories: Vec<Memory>,
    globals: Vec<Extern>,
}

/// An instance of a core module, or one that hands on what others have.
enum Part {
    Instance(Instance),
    Gathered(HashMap<String, Extern>),
}

/// Why a plan cannot be carried out although every part of it was read.
fn broken() -> CallError {
    CallError::Malformed {
        what: "the component refers to something it does not have",
    }
}

impl Linked {
    /// Makes the instances of a component; the start functions of its modules run.
    ///
    /// # Errors
    /// What those functions meet, and parts that do not fit together.
    pub(crate) fn new(component: &Component) -> Result<Self, CallError> {
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY_BYTES).build();
        let mut store = Store::new(&component.engine, State { limits });
        store.limiter(|state| &mut state.limits);
        store.set_fuel(FUEL)?;
        let mut linked = Self {
            store,
            instances: Vec::new(),
            functions: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
        };
        for step in &component.steps {
            linked.step(component, step)?;
        }
        Ok(linked)
    }

    /// Gives the next call its own instructions to spend.
    pub(crate) fn refuel(&mut self) -> Result<(), CallError> {
        Ok(self.store.set_fuel(FUEL)?)
    }

    /// The core function at an index.
    pub(crate) fn function(&self, index: usize) -> Result<Func, CallError> {
        self.functions.get(index).copied().ok_or_else(broken)
    }

    /// The memory at an index.
    pub(crate) fn memory(&self, index: usize) -> Result<Memory, CallError> {
        self.memories.get(index).copied().ok_or_else(broken)
    }

    fn step(&mut self, component: &Component, step: &Step) -> Result<(), CallError> {
        match step {
            Step::Instantiate { module, arguments } => {
                let module = component.modules.get(*module).ok_or_else(broken)?;
                let imports = module.imports().map(|import| {
                    let argument = arguments.iter().find(|(name, _)| name == import.module());
                    let (_, instance) = argument.ok_or_else(broken)?;
                    self.export(*instance, import.name())
                });
                let imports: Vec<Extern> = imports.collect::<Result<_, CallError>>()?;
                let instance = Instance::new(&mut self.store, module, &imports)?;
                self.instances.push(Part::Instance(instance));
            }
            Step::Gather(parts) => {
                let gathered = parts
                    .iter()
                    .map(|(name, sort, index)| Ok((name.clone(), self.part(*sort, *index)?)));
                let gathered = gathered.collect::<Result<_, CallError>>()?;
                self.instances.push(Part::Gathered(gathered));
            }
            Step::Alias {
                sort,
                instance,
                name,
            } => {
                let export = self.export(*instance, name)?;
                self.take(*sort, export)?;
            }
            Step::LowerLog { memory } => {
                let memory = self.memory(*memory)?;
                let log = Func::wrap(
                    &mut self.store,
                    move |caller: Caller<'_, State>, level: i32, at: i32, length: i32| {
                        logged(&caller, memory, level, at, length).map_err(wasmi::Error::host)
                    },
                );
                self.functions.push(log);
            }
        }
        Ok(())
    }

    fn export(&self, instance: usize, name: &str) -> Result<Extern, CallError> {
        let export = match self.instances.get(instance) {
            Some(Part::Instance(instance)) => instance.get_export(&self.store, name),
            Some(Part::Gathered(gathered)) => gathered.get(name).copied(),
            None => None,
        };
        export.ok_or_else(broken)
    }

    fn part(&self, sort: Sort, index: usize) -> Result<Extern, CallError> {
        let part = match sort {
            Sort::Function => self.functions.get(index).map(|it| Extern::Func(*it)),
            Sort::Memory => self.memories.get(index).map(|it| Extern::Memory(*it)),
            Sort::Table => self.tables.get(index).copied(),
            Sort::Global => self.globals.get(index).copied(),
        };
        part.ok_or_else(broken)
    }

    fn take(&mut self, sort: Sort, export: Extern) -> Result<(), CallError> {
        match (sort, export) {
            (Sort::Function, Extern::Func(function)) => self.functions.push(function),
            (Sort::Memory, Extern::Memory(memory)) => self.memories.push(memory),
            (Sort::Table, table @ Extern::Table(_)) => self.tables.push(table),
            (Sort::Global, global @ Extern::Global(_)) => self.globals.push(global),
            _ => return Err(broken()),
        }
        Ok(())
    }
}

/// The contract's `log`: the line is checked as the gateway's engine checks it, and goes nowhere.
fn logged(
    caller: &Caller<'_, State>,
    memory: Memory,
    level: i32,
    at: i32,
    length: i32,
) -> Result<(), Crossing> {
    if !(0..LEVELS).contains(&level) {
        return Err(Crossing::Malformed("the level of a log line"));
    }
    let bytes = Bytes::new(memory.data(caller));
    bytes.text(at.cast_unsigned(), length.cast_unsigned())?;
    Ok(())
}
