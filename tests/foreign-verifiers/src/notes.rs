//! Signed notes and checkpoints of the log, read by verifiers of others.
//!
//! A root is believed because of a note that signs it; the libraries that read roots and proofs stand in
//! [`crate::merkle`] and [`crate::tiles`].
