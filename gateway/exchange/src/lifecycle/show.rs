//! What there is, what it does, and what it has used.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use proto::v1;

use super::state::{FeedLife, VersionLife};
use super::{FeedSlot, LiveVersion, State, state_of};
use crate::Exchange;
use crate::metrics::AdapterMetrics;
use crate::policy::Caller;
use crate::refusal::Refusal;
use crate::submit::run_blocking;

impl Exchange {
    /// Every version of a feed, or of every feed when it is empty.
    ///
    /// # Errors
    /// Every [`Refusal`] about adapters; the refusal itself is an entry.
    pub async fn list_adapters(
        self: &Arc<Self>,
        caller: &Caller,
        feed: String,
    ) -> Result<v1::ListAdaptersResponse, Refusal> {
        let (exchange, of) = (Arc::clone(self), feed.clone());
        let work = async {
            if !of.is_empty() {
                self.slot(&of)?;
            }
            run_blocking(move || {
                let state = exchange.registry.state();
                let lives = state.lives.feeds();
                let lives = lives.filter(|(name, _)| of.is_empty() || *name == of);
                let versions = lives.flat_map(|(name, life)| {
                    let slot = exchange.feeds.get(name);
                    let shown = move |version| shown(name, life, version, slot);
                    life.versions().iter().map(shown).collect::<Vec<_>>()
                });
                let has_none = |name: &&String| {
                    let life = state.lives.feed(name);
                    life.is_none_or(|life| life.versions().is_empty())
                };
                let mut bare: Vec<String> = exchange
                    .feeds
                    .keys()
                    .filter(|name| of.is_empty() || **name == of)
                    .filter(has_none)
                    .cloned()
                    .collect();
                bare.sort_unstable();
                Ok(v1::ListAdaptersResponse {
                    versions: versions.collect(),
                    feeds_without_version: bare,
                    approvals_needed: u32::try_from(exchange.registry.rules.approvals)
                        .unwrap_or(u32::MAX),
                })
            })
            .await
        };
        self.administering(caller, "ListAdapters", &feed, work)
            .await
    }

    /// What the shadow of a feed has seen.
    ///
    /// # Errors
    /// Every [`Refusal`] about adapters; the refusal itself is an entry.
    pub async fn shadow_report(
        self: &Arc<Self>,
        caller: &Caller,
        feed: String,
    ) -> Result<v1::GetShadowReportResponse, Refusal> {
        let work = async {
            let route = self.slot(&feed)?.route();
            let shadow = route.shadow.as_ref();
            let shadow = shadow.ok_or_else(|| state_of(format!("feed {feed} has no shadow")))?;
            let with_values = self.sees_values(caller);
            let report = shadow.report();
            Ok(v1::GetShadowReportResponse {
                report: Some(report.answer(&feed, shadow.version.number, with_values)),
            })
        };
        self.administering(caller, "GetShadowReport", &feed, work)
            .await
    }

    /// What loaded versions have used since the start.
    ///
    /// # Errors
    /// Every [`Refusal`] about adapters; the refusal itself is an entry.
    pub async fn adapter_usage(
        self: &Arc<Self>,
        caller: &Caller,
        feed: String,
    ) -> Result<v1::GetAdapterUsageResponse, Refusal> {
        let work = async {
            if !feed.is_empty() {
                self.slot(&feed)?;
            }
            let measured = self.adapter_metrics().into_iter().map(|one| one.usage);
            let of_feed = measured.filter(|usage| feed.is_empty() || usage.feed == feed);
            Ok(v1::GetAdapterUsageResponse {
                usage: of_feed.collect(),
            })
        };
        self.administering(caller, "GetAdapterUsage", &feed, work)
            .await
    }

    /// What loaded versions have used since the start, by feed.
    pub(crate) fn adapter_metrics(&self) -> Vec<AdapterMetrics> {
        let mut slots: Vec<_> = self.feeds.iter().collect();
        slots.sort_by_key(|(name, _)| name.as_str());
        let loaded = slots.into_iter().flat_map(|(_, slot)| slot.every_loaded());
        let measured = |version: Arc<LiveVersion>| AdapterMetrics {
            usage: usage(&version),
            memory_peak_bytes: crate::ports::Converter::memory_peak(&*version),
            is_on_probation: version.conduct.is_on_probation(),
        };
        loaded.map(measured).collect()
    }

    /// Every feed, and whether an adapter converts it: it has an active one whose breaker is closed.
    pub fn feeds_converting(&self) -> impl Iterator<Item = (&str, bool)> {
        self.feeds.iter().map(|(name, slot)| {
            let route = slot.route();
            let active = route.active.as_ref();
            let is_converting = active.is_some_and(|version| !version.is_breaker_open());
            (name.as_str(), is_converting)
        })
    }

    /// Names of feeds whose active version is stopped by its breaker, for health and the operator's log.
    pub fn feeds_with_open_breaker(&self) -> Vec<&str> {
        let is_open = |slot: &FeedSlot| {
            let route = slot.route();
            route
                .active
                .as_ref()
                .is_some_and(|version| version.is_breaker_open())
        };
        let mut feeds: Vec<&str> = self
            .feeds
            .iter()
            .filter(|(_, slot)| is_open(slot))
            .map(|(name, _)| name.as_str())
            .collect();
        feeds.sort_unstable();
        feeds
    }

    /// A version as it is answered.
    pub(super) fn shown_version(
        &self,
        state: &State,
        feed: &str,
        number: u32,
    ) -> Option<v1::AdapterVersion> {
        let life = state.lives.feed(feed)?;
        let version = life.version(number)?;
        Some(shown(feed, life, version, self.feeds.get(feed)))
    }

    /// Whether values of records go with a comparison: they may be of any class of personal data.
    pub(super) fn sees_values(&self, caller: &Caller) -> bool {
        let agency = self.policy.agency(caller);
        agency.is_some_and(crate::Agency::sees_every_class)
    }
}

fn shown(
    feed: &str,
    life: &FeedLife,
    version: &VersionLife,
    slot: Option<&FeedSlot>,
) -> v1::AdapterVersion {
    let number = version.number;
    let live = slot.and_then(|slot| slot.loaded(number));
    let role = if version.is_retired {
        v1::AdapterRole::Retired
    } else if life.active == number {
        v1::AdapterRole::Active
    } else if life.canary.0 == number {
        v1::AdapterRole::Canary
    } else if life.shadow == number {
        v1::AdapterRole::Shadow
    } else {
        v1::AdapterRole::Unspecified
    };
    v1::AdapterVersion {
        feed: feed.to_owned(),
        version: number,
        adapter: format!("{}@{}", version.adapter.id, version.adapter.version),
        component_digest: version.adapter.component.to_vec(),
        configuration_digest: version.adapter.configuration.to_vec(),
        manifest_digest: version
            .manifest
            .map_or_else(Vec::new, |digest| digest.to_vec()),
        publisher: version.publisher.clone(),
        samples: version.samples,
        role: role as i32,
        canary_share: if life.canary.0 == number {
            life.canary.1
        } else {
            0
        },
        approvals: version.approvals.iter().cloned().collect(),
        is_from_file: version.is_from_file,
        was_active: version.was_active,
        position: version.position,
        installed_by: version.by.clone(),
        is_breaker_open: live.is_some_and(|live| live.is_breaker_open()),
        is_shadow: life.shadow == number,
    }
}

fn usage(version: &LiveVersion) -> v1::AdapterUsage {
    let (used, limits) = (&version.usage, &version.limits);
    let identity = crate::ports::Converter::identity(version);
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let failures = used.failures().into_iter();
    v1::AdapterUsage {
        feed: version.feed.clone(),
        version: version.number,
        adapter: format!("{}@{}", identity.id, identity.version),
        calls: read(&used.calls),
        messages: read(&used.messages),
        input_bytes: read(&used.input_bytes),
        output_bytes: read(&used.output_bytes),
        busy_ns: read(&used.busy_ns),
        longest_ns: read(&used.longest_ns),
        rejected: read(&used.rejected),
        stopped: read(&used.stopped),
        failures: failures
            .map(|(code, count)| v1::CallFailures { code, count })
            .collect(),
        is_breaker_open: version.is_breaker_open(),
        limits: Some(v1::AdapterLimits {
            memory_bytes: limits.memory_bytes,
            deadline_ms: u64::try_from(limits.deadline.as_millis()).unwrap_or(u64::MAX),
            output_bytes: limits.output_bytes,
            messages_per_call: u32::try_from(limits.messages_per_call).unwrap_or(u32::MAX),
            host_calls: limits.host_calls,
            concurrency: u32::try_from(limits.concurrency).unwrap_or(u32::MAX),
        }),
        running: read(&used.running),
    }
}
