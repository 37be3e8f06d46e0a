//! Installing: an upload becomes a version that converts nothing yet.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proto::v1;

use super::restore::digests;
use super::state::VersionLife;
use super::{LiveVersion, State, kept_files, refused, state_of, version_of};
use crate::Exchange;
use crate::admit::check_case;
use crate::convert::SANDBOX_MESSAGES;
use crate::entry::{AdapterEntry, AdapterStep, CaseBinding};
use crate::policy::Caller;
use crate::ports::{
    AdapterFault, AdapterFiles, AdapterStore, GoldenSample, Loaded, Package, Upload, VersionLimits,
};
use crate::refusal::Refusal;

/// Longest time the golden samples of an upload may take.
const CONFORMANCE: Duration = Duration::from_secs(120);

/// What to install for which feed.
#[derive(Debug, Clone)]
pub enum Install {
    /// A component with all that belongs to it.
    Adapter(Upload),
    /// A configuration for the component of an installed version; 0: the active one.
    Configuration {
        /// Its bytes.
        configuration: Bytes,
        /// The version whose component it is for.
        of: u32,
    },
}

/// A version that was checked and is not written down yet.
struct Checked {
    files: AdapterFiles,
    loaded: Loaded,
    publisher: String,
    samples: u64,
}

impl Exchange {
    /// Checks an upload and keeps it as a version.
    ///
    /// # Errors
    /// Every [`Refusal`] about adapters; the refusal itself is an entry.
    pub async fn install_adapter(
        self: &Arc<Self>,
        caller: &Caller,
        feed: String,
        what: Install,
        case: CaseBinding,
    ) -> Result<v1::InstallAdapterResponse, Refusal> {
        let (by, of) = (caller.clone(), feed.clone());
        let work = async {
            check_case(&case)?;
            self.slot(&of)?;
            let one = self.registry.uploads.enter().await?;
            let (exchange, name) = (Arc::clone(self), of.clone());
            let checked = self
                .lanes
                .aside(move || exchange.check(&name, what))
                .await?;
            let done = self
                .changing(move |exchange, state| exchange.install(state, &by, &of, checked, case))
                .await;
            drop(one);
            done
        };
        self.administering(caller, "InstallAdapter", &feed, work)
            .await
    }

    /// Whether the caller may upload a version for a feed: asked before its bytes are taken.
    ///
    /// # Errors
    /// [`Refusal::NotAdministrator`], [`Refusal::UnknownFeed`]; the refusal itself is an entry.
    pub async fn admit_upload(&self, caller: &Caller, feed: &str) -> Result<(), Refusal> {
        let work = async { self.slot(feed).map(drop) };
        self.administering(caller, "InstallAdapter", feed, work)
            .await
    }

    /// Everything that is checked before anything is written: form, signature, imports, configuration, samples. The
    /// files are kept at the end, so that the entry names what is there.
    fn check(&self, feed: &str, what: Install) -> Result<Checked, Refusal> {
        let store = self.registry.store()?;
        let kind = &self.slot(feed)?.kind;
        let package = match what {
            Install::Adapter(upload) => store.open(&upload).map_err(refused)?,
            Install::Configuration { configuration, of } => {
                let version = self.component_of(feed, of)?;
                let files = AdapterFiles {
                    configuration,
                    ..kept_files(&**store, &version)?
                };
                Package {
                    files,
                    samples: Vec::new(),
                    publisher: version.publisher,
                }
            }
        };
        // Known before the component is compiled; asked again when the version would get its number.
        let [component, configuration] = digests(&package.files);
        self.not_retired(&self.registry.state(), feed, [&component, &configuration])?;
        let loaded = store.load(&package.files, kind).map_err(refused)?;
        conform(&**store, &loaded, &package.samples).map_err(refused)?;
        self.keep_files(&package.files)?;
        Ok(Checked {
            samples: package.samples.len() as u64,
            files: package.files,
            publisher: package.publisher,
            loaded,
        })
    }

    fn component_of(&self, feed: &str, number: u32) -> Result<VersionLife, Refusal> {
        let state = self.registry.state();
        let life = state.lives.feed(feed);
        let active = life.map_or(0, |life| life.active);
        if number == 0 && active == 0 {
            let text = format!(
                "feed {feed} has no active version; say for which one the configuration is"
            );
            return Err(state_of(text));
        }
        version_of(life, if number == 0 { active } else { number })
    }

    /// Refuses what was retired: that is for ever, and another number would be a way round it.
    fn not_retired(
        &self,
        state: &State,
        feed: &str,
        digests: [&[u8; 32]; 2],
    ) -> Result<(), Refusal> {
        let life = state.lives.feed(feed);
        match life.and_then(|life| life.find_retired(digests)) {
            Some(version) => Err(state_of(format!(
                "this is version {} of feed {feed}, which was retired, and that is for ever; \
                 install another component or another configuration",
                version.number
            ))),
            None => Ok(()),
        }
    }

    fn install(
        &self,
        state: &mut State,
        caller: &Caller,
        feed: &str,
        checked: Checked,
        case: CaseBinding,
    ) -> Result<v1::InstallAdapterResponse, Refusal> {
        let adapter = checked.loaded.converter.identity().clone();
        let known = state.lives.feed(feed).and_then(|life| life.find(&adapter));
        if let Some(known) = known {
            let number = known.number;
            return Ok(v1::InstallAdapterResponse {
                version: self.shown_version(state, feed, number),
                is_new: false,
            });
        }
        self.not_retired(state, feed, [&adapter.component, &adapter.configuration])?;
        let number = state.lives.next_number(feed);
        let (manifest, schema) = self.keep_files(&checked.files)?;
        let entry = AdapterEntry {
            feed: feed.to_owned(),
            version: number,
            adapter,
            step: AdapterStep::Install {
                manifest,
                publisher: checked.publisher,
                samples: checked.samples,
                schema,
            },
            by: caller.agency.clone(),
            case,
        };
        self.write_entry(state, Some(caller), &entry)?;
        let (breaker, log) = (self.registry.rules.breaker, self.log.clone());
        let live = LiveVersion::new(feed, number, checked.loaded, breaker, log);
        self.slot(feed)?.add(Arc::new(live));
        Ok(v1::InstallAdapterResponse {
            version: self.shown_version(state, feed, number),
            is_new: true,
        })
    }
}

/// Every golden sample through the version, each in a sandbox of its own, twice: the results are the golden ones, and
/// the same bytes again.
fn conform(
    store: &dyn AdapterStore,
    loaded: &Loaded,
    samples: &[GoldenSample],
) -> Result<(), AdapterFault> {
    let fault = |sample: &GoldenSample, what: String| AdapterFault {
        code: "adapter-conformance",
        text: format!("sample {}: {what}", sample.name),
    };
    let began = Instant::now();
    for sample in samples {
        if began.elapsed() > CONFORMANCE {
            let text = format!("the samples up to here took longer than {CONFORMANCE:?}");
            return Err(fault(sample, text));
        }
        let message = std::slice::from_ref(&sample.message);
        let run = || loaded.converter.convert(message);
        let first = run().map_err(|failure| fault(sample, failure.text))?;
        let [outcome] = first.as_slice() else {
            let text = format!("{} outcomes for one message", first.len());
            return Err(fault(sample, text));
        };
        if let Some(difference) = store.golden_differs(outcome, &sample.golden) {
            return Err(fault(sample, difference));
        }
        let again = run().map_err(|failure| fault(sample, failure.text))?;
        if again != first {
            let text = "a second conversion gives other bytes; an adapter is a pure function";
            return Err(fault(sample, text.to_owned()));
        }
    }
    full_call(loaded, samples)
}

/// The largest call that the gateway will make, of the samples again and again: what a single message does not meet,
/// a limit of a call, many may.
fn full_call(loaded: &Loaded, samples: &[GoldenSample]) -> Result<(), AdapterFault> {
    let full = loaded.limits.messages_per_call.min(SANDBOX_MESSAGES);
    let timed = |count: usize| {
        let messages = samples.iter().cycle().take(count);
        let messages: Vec<_> = messages.map(|sample| sample.message.clone()).collect();
        let began = Instant::now();
        let result = loaded.converter.convert(&messages);
        (began.elapsed(), result)
    };
    if samples.is_empty() {
        return Ok(());
    }
    let (took, result) = timed(full);
    let failure = match result {
        Ok(_) => return Ok(()),
        // No sandbox was free; the adapter is not to blame, and submissions wait as well.
        Err(failure) if failure.temporary => return Ok(()),
        Err(failure) => failure,
    };
    let halves = std::iter::successors(Some(full / 2), |count| Some(count / 2));
    let fits = halves
        .take_while(|count| *count > 0)
        .find(|count| timed(*count).1.is_ok());
    let advice = fits.map_or_else(
        || "no smaller call fits either".to_owned(),
        |fits| format!("{fits} fit: write `messages_per_call = {fits}` into its manifest"),
    );
    let VersionLimits {
        deadline,
        memory_bytes,
        output_bytes,
        ..
    } = loaded.limits;
    Err(AdapterFault {
        code: "adapter-conformance",
        text: format!(
            "a call of {full} messages, which is messages_per_call, ended after {} ms with {}: {}; a call has {} ms, \
             {memory_bytes} bytes of memory and {output_bytes} bytes of results; {advice}",
            took.as_millis(),
            failure.code,
            failure.text,
            deadline.as_millis(),
        ),
    })
}
