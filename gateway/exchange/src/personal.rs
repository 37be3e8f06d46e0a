//! Personal data (个人信息): what is sealed of a submission, and how it is opened, erased and disclosed.
//!
//! Sealing stands between checking and keeping: `seal` takes the values of class P and above out of the results
//! (`fields`), says whose they are (`person`) and seals them; `open` does the reverse for a reader. Messages that became
//! plain observations never come here. The vault keeps the keys; the use cases of the officer stand in `officer` and
//! `change`.
//!
//! A sealed submission is of bundle version 2, which its entry says by key 13: each part begins with a byte that says
//! what follows. Parts of version 1 begin with the payload or the result itself.

mod again;
mod change;
mod disclose;
mod fields;
mod officer;
mod open;
mod part;
mod person;
mod rows;
mod seal;
mod text;

pub(crate) use change::Approvals;
#[cfg(test)]
pub(crate) use change::note;
pub use change::{EraseAnswer, RestrictAnswer};
pub(crate) use fields::people;
pub use officer::FindSubjects;
pub(crate) use open::{
    Apart, Field, Sight, Unopened, clear, open_result, payload, put_together, request, result,
};
pub(crate) use part::Payload;
pub(crate) use rows::blind_keys;
pub(crate) use seal::{ToSeal, seal};
pub use text::open_question;
pub(crate) use text::{Asked, may_be_no_number, may_be_person, may_be_vehicle};

use crate::refusal::{Cause, Refusal};

/// The vault failed: nothing was kept and nothing was shown.
pub(crate) fn vault_failed(cause: impl Into<Cause>) -> Refusal {
    Refusal::VaultFailed {
        cause: cause.into(),
    }
}
