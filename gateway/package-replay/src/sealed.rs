//! A message whose result was kept with sealed values, and that is disclosed whole: what the sealed parts say.
//!
//! The package has the message with the salt of its leaf, and salt and value of each sealed value. The values are held
//! against the commitments of the stored result, which the entry binds, and put back: that is the result that was made.
//! The attributes of the message are what the gateway stated; nothing binds them, but with others most results differ.

use audit_proof::hash::to_hex;
use exchange::replay::{Kind, put_together};
use package_proof::{
    path,
    sealed::{FieldState, FieldsText, PayloadState, commitment, commitments},
    zip::{Member, Zip},
};

use crate::replay::missing;
use crate::report::{Standing, Why};

/// What is disclosed of a sealed message.
pub(crate) struct Opened {
    /// The file that says it.
    file: String,
    /// Salt of the message's leaf; empty where it has none.
    pub(crate) salt: Vec<u8>,
    /// What its sender stated, as the gateway says.
    pub(crate) attributes: Vec<(String, String)>,
    text: FieldsText,
}

/// Reads what is disclosed of a message; not all of it is why it is not replayed.
pub(crate) fn opened(zip: &Zip<'_>, position: u64, message: u32) -> Result<Opened, Standing> {
    let file = path::fields(position, message);
    let bytes = zip.member(&file).map(Member::contents);
    let text = bytes.and_then(|bytes| FieldsText::parse(&bytes.ok()?).ok());
    let text = text.ok_or_else(|| missing(&file, "its sealed values"))?;
    let salt = match &text.payload {
        PayloadState::Included(salt) => salt.clone(),
        PayloadState::Sealed => return Err(closed("the message")),
        PayloadState::Erased(_) => return Err(erased("the message")),
    };
    for line in &text.fields {
        match line.state {
            FieldState::Disclosed { .. } => {}
            FieldState::Sealed => return Err(closed("a value of the result")),
            FieldState::Erased(_) => return Err(erased("a value of the result")),
        }
    }
    Ok(Opened {
        file,
        salt,
        attributes: text.attributes.clone(),
        text,
    })
}

impl Opened {
    /// The result that was made, of the part that is stored and the values disclosed.
    pub(crate) fn put_together(&self, stored: &[u8]) -> Result<Vec<u8>, Standing> {
        let commitments = commitments(stored).unwrap_or_default();
        let of_result = |bound: String, found: String| Standing::Altered {
            kind: Kind::ResultAltered,
            file: self.file.clone(),
            bound,
            found,
        };
        if commitments.len() != self.text.fields.len() {
            return Err(of_result(
                format!("{} sealed values", commitments.len()),
                format!("{} values", self.text.fields.len()),
            ));
        }
        let mut values = Vec::with_capacity(commitments.len());
        for ((path, bound), line) in commitments.iter().zip(&self.text.fields) {
            let FieldState::Disclosed { salt, value } = &line.state else {
                return Err(closed("a value of the result"));
            };
            let found = commitment(path, salt, value);
            if line.path != *path || found != Some(*bound) {
                return Err(of_result(
                    format!("commitment:{} of {path}", to_hex(bound)),
                    found.map_or_else(
                        || "no commitment".to_owned(),
                        |found| format!("commitment:{} of {}", to_hex(&found), line.path),
                    ),
                ));
            }
            values.push((path.as_str(), value.as_slice()));
        }
        put_together(stored, values).ok_or_else(|| missing(&self.file, "values of its result"))
    }
}

fn closed(what: &'static str) -> Standing {
    let why = Why::Sealed { what };
    Standing::NotReplayed { why }
}

fn erased(what: &'static str) -> Standing {
    let why = Why::Erased { what };
    Standing::NotReplayed { why }
}
