//! Guests that begin configured: the state after `configure`, written into the component.
//!
//! Every sandbox is new, and reading a configuration in each of them can cost more than converting
//! a message. A configured guest is nothing but its memory and its globals, and those can be the
//! component's own initial ones. It takes two steps: the component is compiled with functions that
//! give its state away ([`instrument`]); one sandbox of it is configured and its state read
//! ([`State::read`]), which becomes a component of its own ([`with_state`]). Both rewritings happen
//! where components are compiled, in the child. A component that cannot be rewritten (one that
//! changes its tables, say) is configured in every sandbox, as before.
//!
//! What is audited stays the component and the configuration: this is a cache of what they give.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime::Store;
use wasmtime::component::types::{ComponentFunc, ComponentItem, Type};
use wasmtime::component::{Component, Instance, Lift, WasmList};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use crate::call::Cause;

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

/// The component with functions that give its state away.
///
/// # Errors
/// The component is none, or one whose state cannot be taken.
pub(crate) fn instrument(component: &[u8]) -> Result<Vec<u8>, Cause> {
    let (_, instrumented) = Wizer::new()
        .instrument_component(component)
        .map_err(wasmtime::Error::into_boxed_dyn_error)?;
    Ok(instrumented)
}

/// The component that begins in `state`, which was read from an instrumented one.
///
/// # Errors
/// As [`instrument`].
pub(crate) fn with_state(component: &[u8], state: &State) -> Result<Vec<u8>, Cause> {
    let wizer = Wizer::new();
    let (context, _) = wizer
        .instrument_component(component)
        .map_err(wasmtime::Error::into_boxed_dyn_error)?;
    let mut given = Given {
        state,
        missing: false,
    };
    let rewritten = {
        let rewriting = pin!(wizer.snapshot_component(&context, &mut given));
        // Nothing of it waits: the state is all there.
        match rewriting.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(rewritten) => rewritten.map_err(wasmtime::Error::into_boxed_dyn_error)?,
            Poll::Pending => return Err("the state was not all there".into()),
        }
    };
    if given.missing {
        return Err("the state is not this component's".into());
    }
    Ok(rewritten)
}

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

    fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// Appends the state to `bytes`, for another process of this program.
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

    /// Reads what [`State::encode`] wrote; `None` when it is something else.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut state = Vec::new();
        while let Some((&kind, rest)) = bytes.split_first() {
            bytes = rest;
            let name = String::from_utf8(part(&mut bytes)?.to_vec()).ok()?;
            let content = part(&mut bytes)?;
            let value = match kind {
                0 => Value::I32(i32::from_le_bytes(content.try_into().ok()?)),
                1 => Value::I64(i64::from_le_bytes(content.try_into().ok()?)),
                2 => Value::F32(u32::from_le_bytes(content.try_into().ok()?)),
                3 => Value::F64(u64::from_le_bytes(content.try_into().ok()?)),
                4 => Value::Memory(content.to_vec()),
                _ => return None,
            };
            state.push((name, value));
        }
        Some(Self(state))
    }
}

/// Takes a length and as many bytes.
fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(part)
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

/// A state that was read before, given out again.
struct Given<'a> {
    state: &'a State,
    /// Whether something was asked for that is not there.
    missing: bool,
}

impl Given<'_> {
    fn take<V>(&mut self, name: &str, pick: impl FnOnce(&Value) -> Option<V>) -> Option<V> {
        let value = self.state.get(name).and_then(pick);
        self.missing |= value.is_none();
        value
    }
}

impl ComponentInstanceState for Given<'_> {
    async fn call_func_ret_list_u8(
        &mut self,
        _instance: &str,
        func: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        let state = self.state;
        if let Some(Value::Memory(memory)) = state.get(func) {
            contents(memory);
        } else {
            self.missing = true;
            contents(&[]);
        }
    }

    async fn call_func_ret_s32(&mut self, _instance: &str, func: &str) -> i32 {
        let pick = |value: &Value| {
            let Value::I32(it) = value else {
                return None;
            };
            Some(*it)
        };
        self.take(func, pick).unwrap_or_default()
    }

    async fn call_func_ret_s64(&mut self, _instance: &str, func: &str) -> i64 {
        let pick = |value: &Value| {
            let Value::I64(it) = value else {
                return None;
            };
            Some(*it)
        };
        self.take(func, pick).unwrap_or_default()
    }

    async fn call_func_ret_f32(&mut self, _instance: &str, func: &str) -> u32 {
        let pick = |value: &Value| {
            let Value::F32(it) = value else {
                return None;
            };
            Some(*it)
        };
        self.take(func, pick).unwrap_or_default()
    }

    async fn call_func_ret_f64(&mut self, _instance: &str, func: &str) -> u64 {
        let pick = |value: &Value| {
            let Value::F64(it) = value else {
                return None;
            };
            Some(*it)
        };
        self.take(func, pick).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_the_way_to_another_process() {
        let state = State(vec![
            ("global0".to_owned(), Value::I32(-7)),
            ("global1".to_owned(), Value::I64(i64::MIN)),
            ("global2".to_owned(), Value::F32(f32::NAN.to_bits())),
            ("global3".to_owned(), Value::F64(1.5_f64.to_bits())),
            ("memory4".to_owned(), Value::Memory(vec![0, 1, 2])),
        ]);
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        assert_eq!(State::decode(&bytes), Some(state));
    }

    #[test]
    fn a_state_cut_short_is_none() {
        let mut bytes = Vec::new();
        State(vec![("memory0".to_owned(), Value::Memory(vec![1; 9]))]).encode(&mut bytes);
        for end in 1..bytes.len() {
            assert_eq!(State::decode(&bytes[..end]), None, "cut at {end}");
        }
        assert_eq!(State::decode(&[9]), None);
    }
}
