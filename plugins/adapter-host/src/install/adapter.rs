//! An installed adapter: converting, and beginning configured.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::{Begin, InstallError, NativeCode, Shared};
use crate::cache::CacheError;
use crate::call::{self, CallError, Message, Outcome};
use crate::compile::{self, Order};
use crate::description::{Asked, Description};
use crate::sandbox::{Limits, Ready, Sandbox};

/// An installed adapter with its configuration. Its calls share nothing.
pub struct Adapter {
    pub(super) shared: Arc<Shared>,
    pub(super) begin: Begin,
    /// The guest that begins configured, once it was made.
    pub(super) configured: OnceLock<Ready>,
    pub(super) id: Arc<str>,
    pub(super) description: Description,
    pub(super) asked: Asked,
    pub(super) limits: Limits,
    pub(super) digest: [u8; 32],
    pub(super) configuration: Box<[u8]>,
    pub(super) configuration_digest: [u8; 32],
    pub(super) native_code: NativeCode,
}

/// Why an adapter goes on being configured in every sandbox. It works all the same.
#[derive(Debug, thiserror::Error)]
pub enum PreinitializeError {
    /// Its state cannot be taken: it changes its tables, say, or was compiled before it could be.
    #[error("the state of the adapter cannot be taken")]
    Unsupported,
    /// The bytes given are not the component that was installed.
    #[error("this is another component than the one installed")]
    OtherComponent,
    /// The guest met a limit while it was configured or read.
    #[error("the adapter failed while its state was taken")]
    Call(#[source] CallError),
    /// The component with its state was not compiled, or does not fit.
    #[error("the configured adapter cannot be compiled")]
    Compile(#[source] InstallError),
    /// It says something else about itself once it is configured.
    #[error("the adapter describes itself differently once it is configured")]
    OtherDescription,
    /// The compiled code cannot be kept.
    #[error("the compiled code cannot be kept")]
    Cache(#[source] CacheError),
}

impl Adapter {
    /// Converts the messages of one submission, in a sandbox of its own.
    ///
    /// Blocks the thread for as long as the guest runs, at most for three
    /// deadlines (start, configuration, conversion). One outcome for each
    /// message, in order; their content is the guest's word.
    ///
    /// # Errors
    /// [`CallError`]; then no message has an outcome.
    pub fn convert(&self, messages: &[Message<'_>]) -> Result<Vec<Outcome>, CallError> {
        self.convert_in(None, messages)
    }

    /// The same; the guest gets a slice of time, by the clock and in ticks of the host, or half
    /// of its deadline if that is earlier. Made again without a slice, the call begins anew.
    ///
    /// # Errors
    /// As [`Adapter::convert`], and [`CallError::Slice`].
    pub fn convert_sliced(
        &self,
        messages: &[Message<'_>],
        slice: Duration,
    ) -> Result<Vec<Outcome>, CallError> {
        self.convert_in(Some(slice), messages)
    }

    fn convert_in(
        &self,
        slice: Option<Duration>,
        messages: &[Message<'_>],
    ) -> Result<Vec<Outcome>, CallError> {
        let (ready, configuration) = match (self.configured.get(), &self.begin) {
            (Some(ready), _) | (None, Begin::Configured(ready)) => (ready, None),
            (None, Begin::Unconfigured(ready)) => (ready, Some(&*self.configuration)),
        };
        let (place, limits) = (&self.shared.place, &self.limits);
        let sandbox = Sandbox::start(place, ready, &self.id, limits, slice)?;
        call::convert(sandbox, configuration, messages)
    }

    /// Whether its sandboxes begin configured, so that none of them reads the configuration.
    #[must_use]
    pub fn is_preinitialized(&self) -> bool {
        matches!(self.begin, Begin::Configured(_)) || self.configured.get().is_some()
    }

    /// Makes its sandboxes begin configured, now and whenever it is installed with this
    /// configuration and the same cache. `component` is what was installed.
    ///
    /// Compiles, so it may take seconds; calls go on meanwhile as before.
    ///
    /// # Errors
    /// [`PreinitializeError`] says why nothing changes.
    pub fn preinitialize(&self, component: &[u8]) -> Result<(), PreinitializeError> {
        let Begin::Unconfigured(ready) = &self.begin else {
            return Ok(());
        };
        if self.configured.get().is_some() {
            return Ok(());
        }
        if self.digest != *Sha256::digest(component) {
            return Err(PreinitializeError::OtherComponent);
        }
        let (shared, configuration) = (&self.shared, &self.configuration);
        let state =
            Sandbox::configured_state(&shared.place, ready, &self.id, &self.limits, configuration)
                .map_err(PreinitializeError::Call)?
                .ok_or(PreinitializeError::Unsupported)?;
        let native = shared
            .compile(component, Order::Configured(&state))
            .map_err(PreinitializeError::Compile)?;
        let name = compile::name_of_native(&self.digest, Some(&self.configuration_digest));
        let native = shared
            .cache
            .write(&name, native)
            .map_err(PreinitializeError::Cache)?;
        let ready = shared
            .load(&native)
            .and_then(|component| shared.prepare(&component))
            .map_err(PreinitializeError::Compile)?;
        let (description, _) = shared
            .describe(&ready, self.asked)
            .map_err(PreinitializeError::Compile)?;
        if description != self.description {
            return Err(PreinitializeError::OtherDescription);
        }
        // Another thread may have been first; both made the same.
        let _ = self.configured.set(ready);
        Ok(())
    }

    /// Most memory that one of its sandboxes was granted so far, in bytes.
    #[must_use]
    pub fn memory_peak(&self) -> u64 {
        self.limits.memory_peak()
    }

    /// What the adapter says about itself.
    #[must_use]
    pub fn describe(&self) -> &Description {
        &self.description
    }

    /// SHA-256 of the component: what an audit entry names.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// SHA-256 of the configuration's bytes.
    #[must_use]
    pub fn configuration_digest(&self) -> [u8; 32] {
        self.configuration_digest
    }

    /// Where its native code came from.
    #[must_use]
    pub fn native_code(&self) -> NativeCode {
        self.native_code
    }
}

impl std::fmt::Debug for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adapter")
            .field("description", &self.description)
            .finish_non_exhaustive()
    }
}
