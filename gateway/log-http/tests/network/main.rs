//! Logs, witnesses and authorities over real connections, one program for all of it.
//!
//! Every server listens on a port of its own choosing and every wait has a deadline, so that the tests run side by side.

mod forks;
mod hostile;
mod kills;
mod parties;
mod races;
mod serving;
mod stamping;
mod standard;
mod states;
mod witnessing;
