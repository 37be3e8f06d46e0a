//! The verifier as a process, on logs that the real writer made and on mirrors of them.
//!
//! One binary, so that it is linked once.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod mirrors;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod parties;
#[cfg(test)]
mod stamps;
#[cfg(test)]
mod usage;
#[cfg(test)]
mod world;
