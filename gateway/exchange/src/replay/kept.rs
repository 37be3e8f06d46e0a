//! A submission as it is kept, sealed or not: what its entry binds, and what can be converted again.
//!
//! Of a sealed submission the entry binds the parts as they are stored and, over salts, the messages. Both are held against
//! the entry before and after they are opened with the keys of the vault; what was erased says so.

use audit_log::leaf_hash;
use audit_log::tree::{self, CompactRange};
use prost::Message as _;
use proto::v1::MessageResult;
use vault::{Tombstone, Vault};

use super::{Finding, Kind, Recorded};
use crate::answer;
use crate::entry::SubmitEntry;
use crate::mask::MASK;
use crate::personal::{self, Sight, Unopened};
use crate::refusal::Cause;

/// What a sealed submission was opened from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Root over the results as they are stored.
    results: [u8; 32],
    /// Salt of each message under the payload digest; empty where there is none.
    salts: Vec<Vec<u8>>,
    /// Whether each result was sealed: it is then the same as it was in its canonical encoding.
    is_sealed: Vec<bool>,
}

/// Why a submission was not opened.
enum Closed {
    Wrong(Kind, Cause),
    Erased(Tombstone),
}

impl Recorded {
    /// A submission of the parts that are kept; what is sealed is opened with the keys of `vault`.
    ///
    /// What cannot be opened is a finding, and nothing of it can be replayed: [`Kind::Erased`] where an entry erased it,
    /// [`Kind::Sealed`] without a vault, else what was altered.
    pub fn of_kept(
        position: u64,
        entry: SubmitEntry,
        payloads: Vec<Vec<u8>>,
        results: Vec<Vec<u8>>,
        vault: Option<&Vault>,
    ) -> (Recorded, Vec<Finding>) {
        let recorded = Recorded {
            position,
            entry,
            payloads,
            results,
            sealed: None,
        };
        if recorded.entry.sealed.is_none() {
            return (recorded, Vec::new());
        }
        let finding = |kind, text| vec![Finding::of_submission(position, kind, text)];
        let address = *recorded.entry.payload_address();
        for (what, kind, root, bound) in [
            (
                "payloads",
                Kind::PayloadAltered,
                tree::root(&recorded.payloads),
                address,
            ),
            (
                "results",
                Kind::ResultAltered,
                tree::root(&recorded.results),
                recorded.entry.result_root,
            ),
        ] {
            if root != bound {
                let text = format!(
                    "{what}: the sealed bytes that are kept are not those that the entry binds"
                );
                return (recorded, finding(kind, text));
            }
        }
        let Some(vault) = vault else {
            let text =
                "it holds personal data and is sealed; give the keys of the vault to open it";
            return (recorded, finding(Kind::Sealed, text.to_owned()));
        };
        match recorded.opened(vault) {
            Ok(opened) => (opened, Vec::new()),
            Err(Closed::Erased(left)) => {
                let text = format!(
                    "payload erased on {} by the entry at position {}; it cannot be converted again",
                    answer::date_time(left.time_ns).text,
                    left.position
                );
                (recorded, finding(Kind::Erased, text))
            }
            Err(Closed::Wrong(kind, cause)) => (recorded, finding(kind, cause.to_string())),
        }
    }

    fn opened(&self, vault: &Vault) -> Result<Recorded, Closed> {
        let (key, sight) = (&self.entry.key, Sight::Whole);
        let erased = |why| match why {
            Unopened::Erased(left) => Closed::Erased(left),
            Unopened::Restricted => Closed::Wrong(Kind::Sealed, "it is only stored".into()),
        };
        let of_result = |cause| Closed::Wrong(Kind::ResultAltered, cause);
        let of_payload = |cause| Closed::Wrong(Kind::PayloadAltered, cause);
        let mut opened = Recorded {
            payloads: Vec::with_capacity(self.payloads.len()),
            results: Vec::with_capacity(self.results.len()),
            ..self.clone()
        };
        let mut salts = Vec::with_capacity(self.payloads.len());
        for (number, part) in self.payloads.iter().enumerate() {
            let payload = personal::payload(vault, sight, key, number, part);
            let payload = payload
                .map_err(of_payload)?
                .map_err(|(_, why)| erased(why))?;
            salts.push(payload.salt);
            opened.payloads.push(payload.message);
        }
        let shape = || of_result("the results lack the request".into());
        let (request, rest) = self.results.split_first().ok_or_else(shape)?;
        let request = personal::request(vault, sight, key, request);
        opened
            .results
            .push(request.map_err(of_result)?.map_err(erased)?);
        let mut is_sealed = Vec::with_capacity(rest.len());
        for (number, part) in rest.iter().enumerate() {
            let result = personal::result(vault, sight, key, number, part);
            let (whole, apart) = result.map_err(of_result)?;
            let unopened = apart.as_ref().and_then(|apart| apart.unopened("").next());
            if let Some((_, why)) = unopened {
                return Err(erased(why));
            }
            is_sealed.push(apart.is_some());
            opened.results.push(match apart {
                Some(_) => whole.encode_to_vec(),
                None => personal::clear(part).map_err(of_result)?,
            });
        }
        opened.sealed = Some(Sealed {
            results: tree::root(&self.results),
            salts,
            is_sealed,
        });
        Ok(opened)
    }

    /// The results as far as they can be read without keys, or as they were opened.
    pub fn shown_results(&self) -> impl Iterator<Item = MessageResult> {
        let is_closed = self.entry.sealed.is_some() && self.sealed.is_none();
        self.results
            .iter()
            .skip(1)
            .filter_map(move |part| match is_closed {
                true => personal::open_result(part),
                false => MessageResult::decode(part.as_slice()).ok(),
            })
    }

    /// Root over the messages as the entry binds them.
    pub(super) fn payload_root(&self) -> [u8; 32] {
        let Some(sealed) = &self.sealed else {
            return tree::root(&self.payloads);
        };
        let mut leaves = CompactRange::new();
        for (salt, payload) in sealed.salts.iter().zip(&self.payloads) {
            leaves.append(match salt.is_empty() {
                true => leaf_hash(payload),
                false => leaf_hash(&[salt.as_slice(), payload].concat()),
            });
        }
        leaves.root()
    }

    /// Root over the results as the entry binds them.
    pub(super) fn result_root(&self) -> [u8; 32] {
        match &self.sealed {
            Some(sealed) => sealed.results,
            None => tree::root(&self.results),
        }
    }

    /// The finding without values, where they may be personal.
    pub(super) fn shown(&self, mut finding: Finding) -> Finding {
        if finding
            .message
            .is_some_and(|message| self.was_sealed(message))
        {
            for difference in &mut finding.differences {
                for value in [&mut difference.kept, &mut difference.replayed] {
                    *value = value.as_ref().map(|_| MASK.to_owned());
                }
            }
        }
        finding
    }

    pub(super) fn was_sealed(&self, message: u16) -> bool {
        let sealed = self.sealed.as_ref();
        sealed.is_some_and(|sealed| sealed.is_sealed.get(usize::from(message)) == Some(&true))
    }
}

/// The result that is kept as `part` with sealed values, with back all of `values` (path and value of each): encoded
/// canonically. `None` when the part is no such one, or a value does not fit it.
pub fn put_together<'a>(
    part: &[u8],
    values: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Option<Vec<u8>> {
    personal::put_together(part, values).map(|result| result.encode_to_vec())
}
