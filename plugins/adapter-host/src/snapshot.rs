//! Guests that begin configured: the state after `configure`, written into the component.
//!
//! Every sandbox is new, and reading a configuration in each of them can cost more than converting
//! a message. A configured guest is nothing but its memory and its globals, and those can be the
//! component's own initial ones. It takes two steps: the component is compiled with functions that
//! give its state away; one sandbox of it is configured and its state read ([`State::read`]), which
//! becomes a component of its own. Both rewritings happen where components are compiled, in the
//! child ([`rewriting`]). A component that cannot be rewritten (one that
//! changes its tables, say) is configured in every sandbox, as before.
//!
//! What is audited stays the component and the configuration: this is a cache of what they give.

use wasmtime::Store;
use wasmtime::component::types::{ComponentFunc, ComponentItem, Type};
use wasmtime::component::{Component, Instance, Lift, WasmList};

#[cfg(feature = "compiler")]
pub(crate) mod rewriting;

/// The instance whose functions give a component's state away.
const ACCESS: &str = "wasmtime:wizer/access";

/// A value of a guest's state.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    I32(i32),
    I64(i64),
    /// The bits.
    F32(u32),
    /// The bits.
    F64(u64),
    /// A memory, whole.
    Memory(Vec<u8>),
}

/// The state of a guest: what each function of [`ACCESS`] returned, by the function's name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct State(Vec<(String, Value)>);

impl State {
    /// Reads the state of an instance of an instrumented component. The instance is of no use
    /// after it. `None`: the component was not instrumented.
    ///
    /// # Errors
    /// The guest has no room for the answer.
    pub(crate) fn read<T>(
        component: &Component,
        store: &mut Store<T>,
        instance: &Instance,
    ) -> wasmtime::Result<Option<Self>> {
        let engine = store.engine().clone();
        let world = component.component_type();
        let access = world.get_export(&engine, ACCESS).map(|export| export.ty);
        let Some(ComponentItem::ComponentInstance(access)) = access else {
            return Ok(None);
        };
        let mut state = Vec::new();
        for (name, export) in access.exports(&engine) {
            if let ComponentItem::ComponentFunc(function) = export.ty {
                state.push((name.to_owned(), value(store, instance, name, &function)?));
            }
        }
        Ok(Some(Self(state)))
    }

    /// Appends the state to `bytes`, for the compiler.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        for (name, value) in &self.0 {
            let (kind, content): (u8, &[u8]) = match value {
                Value::I32(it) => (0, &it.to_le_bytes()),
                Value::I64(it) => (1, &it.to_le_bytes()),
                Value::F32(it) => (2, &it.to_le_bytes()),
                Value::F64(it) => (3, &it.to_le_bytes()),
                Value::Memory(it) => (4, it),
            };
            bytes.push(kind);
            for part in [name.as_bytes(), content] {
                bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
                bytes.extend_from_slice(part);
            }
        }
    }
}

/// Calls one function of [`ACCESS`].
fn value<T>(
    store: &mut Store<T>,
    instance: &Instance,
    name: &str,
    function: &ComponentFunc,
) -> wasmtime::Result<Value> {
    let result = function.results().next();
    Ok(match result {
        Some(Type::S32) => Value::I32(call(store, instance, name)?),
        Some(Type::S64) => Value::I64(call(store, instance, name)?),
        Some(Type::Float32) => Value::F32(call::<f32, _>(store, instance, name)?.to_bits()),
        Some(Type::Float64) => Value::F64(call::<f64, _>(store, instance, name)?.to_bits()),
        _ => {
            let list: WasmList<u8> = call(store, instance, name)?;
            Value::Memory(list.as_le_slice(&*store).to_vec())
        }
    })
}

fn call<R: Lift + Send + Sync + 'static, T>(
    store: &mut Store<T>,
    instance: &Instance,
    name: &str,
) -> wasmtime::Result<R> {
    let missing = || wasmtime::Error::msg("the component lost an export");
    let (_, access) = instance
        .get_export(&mut *store, None, ACCESS)
        .ok_or_else(missing)?;
    let (_, function) = instance
        .get_export(&mut *store, Some(&access), name)
        .ok_or_else(missing)?;
    let function = instance.get_typed_func::<(), (R,)>(&mut *store, function)?;
    Ok(function.call(&mut *store, ())?.0)
}
