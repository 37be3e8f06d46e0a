//! The steps an administrator asks for: activate, shadow, canary, roll back, retire.

use std::sync::Arc;

use proto::v1;

use super::route::WHOLE;
use super::shadow::Shadow;
use super::state::VersionLife;
use super::{Route, State, Step, state_of, version_of};
use crate::Exchange;
use crate::admit::check_case;
use crate::entry::{AdapterStep, CaseBinding, ShadowSums};
use crate::policy::Caller;
use crate::refusal::Refusal;

impl Exchange {
    /// Approves a version, and makes it the active one when enough approvers have.
    ///
    /// # Errors
    /// Every [`Refusal`] about adapters; the refusal itself is an entry.
    pub async fn activate_adapter(
        self: &Arc<Self>,
        caller: &Caller,
        feed: String,
        number: u32,
        case: CaseBinding,
    ) -> Result<v1::ActivateAdapterResponse, Refusal> {
        let (by, of) = (caller.clone(), feed.clone());
        let work = async {
            check_case(&case)?;
            self.changing(move |exchange, state| exchange.activate(state, &by, &of, number, &case))
                .await
        };
        self.administering(caller, "ActivateAdapter", &feed, work)
            .await
    }

    fn activate(
        &self,
        state: &mut State,
        caller: &Caller,
        feed: &str,
        number: u32,
        case: &CaseBinding,
    ) -> Result<v1::ActivateAdapterResponse, Refusal> {
        let slot = self.slot(feed)?;
        let version = usable(state, feed, number)?;
        let step = Step {
            caller: Some(caller),
            feed,
            case,
        };
        let replaced = state.lives.feed(feed).map_or(0, |life| life.active);
        let approvals_missing = if replaced == number {
            0
        } else {
            // What cannot be loaded is refused before anybody's approval is written down.
            let live = self.live(feed, &version)?;
            let missing = self.approve(state, &step, &version)?;
            if missing == 0 {
                self.end_shadow_of(state, &step, number)?;
                self.write_step(state, &step, &version, AdapterStep::Activate { replaced })?;
                let mut route = (*slot.route()).clone();
                route.active = Some(live);
                self.put_route(state, feed, route)?;
            }
            missing
        };
        Ok(v1::ActivateAdapterResponse {
            version: self.shown_version(state, feed, number),
            approvals_missing,
        })
    }

    /// Writes the caller's approval down where more than one is needed; returns how many are missing.
    fn approve(
        &self,
        state: &mut State,
        step: &Step<'_>,
        version: &VersionLife,
    ) -> Result<u32, Refusal> {
        let needed = self.registry.rules.approvals;
        let Some(caller) = step.caller else {
            return Ok(0);
        };
        if needed <= 1 || version.approvals.len() >= needed {
            return Ok(0);
        }
        let mut have = version.approvals.len();
        if !version.approvals.contains(&caller.agency) {
            self.write_step(state, step, version, AdapterStep::Approve)?;
            have += 1;
        }
        Ok(u32::try_from(needed.saturating_sub(have)).unwrap_or(u32::MAX))
    }

    /// Puts a route in force, without the shadow or canary that the state has ended.
    fn put_route(&self, state: &State, feed: &str, mut route: Route) -> Result<(), Refusal> {
        if let Some(life) = state.lives.feed(feed) {
            let is_canary = |number: u32| life.canary.0 == number;
            route.canary = route
                .canary
                .filter(|(version, _)| is_canary(version.number));
            route.shadow = route
                .shadow
                .filter(|shadow| life.shadow == shadow.version.number);
        }
        self.slot(feed)?.put(route);
        Ok(())
    }

    /// Begins a shadow, or ends the one there is with the version 0.
    ///
    /// # Errors
    /// Every [`Refusal`] about adapters; the refusal itself is an entry.
    pub async fn shadow_adapter(
        self: &Arc<Self>,
        caller: &Caller,
        feed: String,
        number: u32,
        case: CaseBinding,
    ) -> Result<v1::ShadowAdapterResponse, Refusal> {
        let (by, of) = (caller.clone(), feed.clone());
        let work = async {
            check_case(&case)?;
            self.changing(move |exchange, state| {
                let step = Step {
                    caller: Some(&by),
                    feed: &of,
                    case: &case,
                };
                let report = match number {
                    0 => exchange.end_shadow(state, &step)?,
                    _ => exchange.begin_shadow(state, &step, number)?,
                };
                Ok(v1::ShadowAdapterResponse {
                    report: Some(report),
                })
            })
            .await
        };
        self.administering(caller, "ShadowAdapter", &feed, work)
            .await
    }

    fn begin_shadow(
        &self,
        state: &mut State,
        step: &Step<'_>,
        number: u32,
    ) -> Result<v1::ComparisonReport, Refusal> {
        let feed = step.feed;
        let slot = self.slot(feed)?;
        let version = usable(state, feed, number)?;
        let life = state.lives.feed(feed);
        if life.is_some_and(|life| life.active == number) {
            let text = format!("version {number} is the active one; a shadow runs beside it");
            return Err(state_of(text));
        }
        if life.is_some_and(|life| life.shadow != 0) {
            self.end_shadow(state, step)?;
        }
        let shadow = start_shadow(self.live(feed, &version)?, self.lanes.stand_back())?;
        let what = AdapterStep::Shadow {
            is_on: true,
            sums: ShadowSums::default(),
        };
        self.write_step(state, step, &version, what)?;
        let mut route = (*slot.route()).clone();
        route.shadow = Some(Arc::new(shadow));
        slot.put(route);
        Ok(v1::ComparisonReport {
            feed: feed.to_owned(),
            version: number,
            ..v1::ComparisonReport::default()
        })
    }

    fn end_shadow(
        &self,
        state: &mut State,
        step: &Step<'_>,
    ) -> Result<v1::ComparisonReport, Refusal> {
        let feed = step.feed;
        let slot = self.slot(feed)?;
        let number = state.lives.feed(feed).map_or(0, |life| life.shadow);
        if number == 0 {
            return Err(state_of(format!("feed {feed} has no shadow")));
        }
        let version = version_of(state.lives.feed(feed), number)?;
        let mut route = (*slot.route()).clone();
        let ended = route.shadow.take();
        let sums = ended.as_ref().map(|shadow| shadow.sums());
        let what = AdapterStep::Shadow {
            is_on: false,
            sums: sums.unwrap_or_default(),
        };
        self.write_step(state, step, &version, what)?;
        slot.put(route);
        let with_values = step.caller.is_some_and(|caller| self.sees_values(caller));
        let report = ended.map(|shadow| shadow.report()).unwrap_or_default();
        Ok(report.answer(feed, number, with_values))
    }

    /// Ends the shadow if it is of the version that is about to convert every submission: what it saw is an entry.
    fn end_shadow_of(
        &self,
        state: &mut State,
        step: &Step<'_>,
        number: u32,
    ) -> Result<(), Refusal> {
        let life = state.lives.feed(step.feed);
        if life.is_some_and(|life| life.shadow == number) {
            self.end_shadow(state, step)?;
        }
        Ok(())
    }

    /// Approves a version, and lets it convert a share of the submissions when enough approvers have.
    ///
    /// # Errors
    /// Every [`Refusal`] about adapters; the refusal itself is an entry.
    pub async fn canary_adapter(
        self: &Arc<Self>,
        caller: &Caller,
        feed: String,
        number: u32,
        share: u32,
        case: CaseBinding,
    ) -> Result<v1::CanaryAdapterResponse, Refusal> {
        let (by, of) = (caller.clone(), feed.clone());
        let work = async {
            check_case(&case)?;
            if share > WHOLE {
                return Err(Refusal::Malformed {
                    field: "share",
                    expected: "expected 0 to 10000, in hundredths of a percent".to_owned(),
                });
            }
            self.changing(move |exchange, state| {
                let step = Step {
                    caller: Some(&by),
                    feed: &of,
                    case: &case,
                };
                let approvals_missing = exchange.canary(state, &step, number, share)?;
                Ok(v1::CanaryAdapterResponse {
                    version: exchange.shown_version(state, &of, number),
                    approvals_missing,
                })
            })
            .await
        };
        self.administering(caller, "CanaryAdapter", &feed, work)
            .await
    }

    fn canary(
        &self,
        state: &mut State,
        step: &Step<'_>,
        number: u32,
        share: u32,
    ) -> Result<u32, Refusal> {
        let feed = step.feed;
        let slot = self.slot(feed)?;
        let version = usable(state, feed, number)?;
        let life = state.lives.feed(feed);
        let (present, active) = life.map_or((0, 0), |life| (life.canary.0, life.active));
        if share == 0 && present != number {
            return Err(state_of(format!("version {number} is no canary")));
        }
        if share > 0 && (active == 0 || active == number) {
            let text = "a canary takes its share from another version that is active";
            return Err(state_of(text.to_owned()));
        }
        let mut canary = None;
        if share > 0 {
            canary = Some((self.live(feed, &version)?, share));
            let missing = self.approve(state, step, &version)?;
            if missing > 0 {
                return Ok(missing);
            }
        }
        self.write_step(state, step, &version, AdapterStep::Canary { share })?;
        let mut route = (*slot.route()).clone();
        route.canary = canary;
        self.put_route(state, feed, route)?;
        Ok(0)
    }

    /// Ends the canary if there is one, else goes back to the version that was active before.
    ///
    /// # Errors
    /// Every [`Refusal`] about adapters; the refusal itself is an entry.
    pub async fn rollback_adapter(
        self: &Arc<Self>,
        caller: &Caller,
        feed: String,
        case: CaseBinding,
    ) -> Result<v1::RollbackAdapterResponse, Refusal> {
        let (by, of) = (caller.clone(), feed.clone());
        let work = async {
            check_case(&case)?;
            self.changing(move |exchange, state| {
                let step = Step {
                    caller: Some(&by),
                    feed: &of,
                    case: &case,
                };
                exchange.rollback(state, &step)
            })
            .await
        };
        self.administering(caller, "RollbackAdapter", &feed, work)
            .await
    }

    fn rollback(
        &self,
        state: &mut State,
        step: &Step<'_>,
    ) -> Result<v1::RollbackAdapterResponse, Refusal> {
        let feed = step.feed;
        let slot = self.slot(feed)?;
        let life = state.lives.feed(feed).cloned().unwrap_or_default();
        let from_version = if life.canary.0 == 0 {
            let target = life.rollback_to().cloned();
            let target = target.ok_or_else(|| {
                state_of(format!("feed {feed} has no earlier version to go back to"))
            })?;
            let live = self.live(feed, &target)?;
            let replaced = life.active;
            self.end_shadow_of(state, step, target.number)?;
            self.write_step(state, step, &target, AdapterStep::Rollback { replaced })?;
            let mut route = (*slot.route()).clone();
            route.active = Some(live);
            self.put_route(state, feed, route)?;
            replaced
        } else {
            self.canary(state, step, life.canary.0, 0)?;
            life.canary.0
        };
        let active = state.lives.feed(feed).map_or(0, |life| life.active);
        Ok(v1::RollbackAdapterResponse {
            version: self.shown_version(state, feed, active),
            from_version,
        })
    }

    /// Takes a version out of use for ever; its files are kept.
    ///
    /// # Errors
    /// Every [`Refusal`] about adapters; the refusal itself is an entry.
    pub async fn retire_adapter(
        self: &Arc<Self>,
        caller: &Caller,
        feed: String,
        number: u32,
        case: CaseBinding,
    ) -> Result<v1::RetireAdapterResponse, Refusal> {
        let (by, of) = (caller.clone(), feed.clone());
        let work = async {
            check_case(&case)?;
            self.changing(move |exchange, state| {
                let step = Step {
                    caller: Some(&by),
                    feed: &of,
                    case: &case,
                };
                exchange.retire(state, &step, number)?;
                Ok(v1::RetireAdapterResponse {
                    version: exchange.shown_version(state, &of, number),
                })
            })
            .await
        };
        self.administering(caller, "RetireAdapter", &feed, work)
            .await
    }

    fn retire(&self, state: &mut State, step: &Step<'_>, number: u32) -> Result<(), Refusal> {
        let slot = self.slot(step.feed)?;
        let version = version_of(state.lives.feed(step.feed), number)?;
        let in_use = state
            .lives
            .feed(step.feed)
            .is_some_and(|life| [life.active, life.canary.0, life.shadow].contains(&number));
        if in_use {
            let text = format!(
                "version {number} is in use; activate another, or end its canary or shadow"
            );
            return Err(state_of(text));
        }
        if !version.is_retired {
            self.write_step(state, step, &version, AdapterStep::Retire)?;
            slot.unload(number);
        }
        Ok(())
    }
}

/// A version that may be put to use.
fn usable(state: &State, feed: &str, number: u32) -> Result<VersionLife, Refusal> {
    let version = version_of(state.lives.feed(feed), number)?;
    if version.is_retired {
        return Err(state_of(format!("version {number} is retired")));
    }
    Ok(version)
}

/// Starts a shadow's thread.
pub(super) fn start_shadow(
    version: Arc<super::LiveVersion>,
    stand_back: fn(),
) -> Result<Shadow, Refusal> {
    Shadow::start(version, stand_back).map_err(|cause| Refusal::StoreFailed {
        cause: cause.into(),
    })
}
