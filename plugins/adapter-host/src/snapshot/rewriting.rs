//! The two rewritings of a component by which its guests begin configured; see [`super`].

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime_wizer::{ComponentInstanceState, Wizer};

use super::{State, Value};
use crate::call::Cause;

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
    fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
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
