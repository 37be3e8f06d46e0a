//! The use cases over a real audit log, with stand-ins for the adapter, the evidence and the index.

mod chronicling;
mod exporting;
pub(crate) mod fixture;
mod lifecycle;
mod personal;
mod proving;
mod reading;
mod receipts;
mod review;
mod searching;
mod signing;
mod submitting;
mod workbench;
