//! Logs, witnesses and authorities over real connections, one program for all of it.
//!
//! Every server listens on a port of its own choosing and every wait has a deadline, so that the tests run side by side.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod parties;
#[cfg(test)]
mod races;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod split_views;
#[cfg(test)]
mod stamping;
#[cfg(test)]
mod standard;
#[cfg(test)]
mod states;
#[cfg(test)]
mod witnessing;
