//! The work: submission by submission, hold its files against the entry, run the adapter, compare.

use std::collections::HashMap;
use std::sync::Arc;

use audit_proof::{entry::Entry, hash::Hash, suite::Suite};
use exchange::entry::SubmitEntry;
use exchange::ports::{AdapterIdentity, Converter, Message};
use exchange::replay::{KeptMessage, Kind, Replayed, replay_messages};
use package_proof::{
    Index,
    index::{IndexError, MessageItem, Presence, SubmissionItem},
    path,
    proofs::{MessagesText, PartProof},
    zip::{Zip, ZipError},
};
use prost::Message as _;
use proto::v1::{self, MessageResult, SubmitRequest, message_result};

use crate::bound::{Place, named, part};
use crate::report::{Report, Row, Standing, Why};
use crate::sealed;

/// Codes under which a node quarantines what met a limit of its own: another machine need not meet it.
const LIMITS: [&str; 6] = [
    "adapter.deadline",
    "adapter.memory",
    "adapter.output",
    "adapter.log-budget",
    "adapter.stack",
    "adapter.budget",
];

/// Codes of an adapter that did not return: every message that it was given has them.
const FAILURES: [&str; 4] = [
    "adapter.trap",
    "adapter.malformed",
    "adapter.wrong-count",
    "adapter.not-configured",
];

/// What runs adapters.
pub trait Adapters {
    /// Its name, for people.
    fn engine(&self) -> &'static str;

    /// Makes a converter of bytes that are what `named` says.
    ///
    /// # Errors
    /// [`NotRun`] when this engine does not run the component.
    fn load(
        &mut self,
        named: &AdapterIdentity,
        component: &[u8],
        configuration: &[u8],
    ) -> Result<Arc<dyn Converter>, NotRun>;
}

/// Why an engine does not run a component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct NotRun {
    /// A sentence for people.
    pub text: String,
}

/// Why bytes are no package that can be tried.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The container is not that of a package.
    #[error("this is no evidence package")]
    Container(#[source] ZipError),
    /// The index is missing or damaged.
    #[error("package.json is missing or damaged")]
    NoIndex,
    /// The index is not one.
    #[error("package.json is not an index")]
    Index(#[source] IndexError),
}

/// An adapter that was asked for, or why it cannot be had.
type Had = Result<Arc<dyn Converter>, Standing>;

struct Work<'a> {
    zip: Zip<'a>,
    index: Index,
    adapters: &'a mut dyn Adapters,
    had: HashMap<([u8; 32], [u8; 32]), Had>,
}

/// Makes every conversion of a package again.
///
/// # Errors
/// [`PackageError`] when the bytes cannot be read as a package at all.
pub fn replay(bytes: &[u8], adapters: &mut dyn Adapters) -> Result<Report, PackageError> {
    let zip = Zip::read(bytes).map_err(PackageError::Container)?;
    let index = zip.member(path::INDEX);
    let index = index.and_then(|member| member.contents().ok());
    let index = Index::parse(&index.ok_or(PackageError::NoIndex)?).map_err(PackageError::Index)?;
    let submissions = index.submissions.clone();
    let mut report = Report {
        engine: adapters.engine().to_owned(),
        rows: Vec::new(),
    };
    let mut work = Work {
        zip,
        index,
        adapters,
        had: HashMap::new(),
    };
    for submission in &submissions {
        report.rows.extend(work.submission(submission));
    }
    Ok(report)
}

/// What can be said of a submission as a whole.
struct Whole {
    entry: SubmitEntry,
    proofs: MessagesText,
    proof_file: String,
    /// Not there where the submission was sealed: what it says is then said of each message.
    request: Option<SubmitRequest>,
    converter: Arc<dyn Converter>,
}

impl Whole {
    /// Where a part stands, at `index` of `size` parts under `root`.
    fn place<'a>(
        &'a self,
        proof: &'a PartProof,
        (index, size): (u64, u64),
        root: &'a Hash,
    ) -> Place<'a> {
        Place {
            proof,
            index,
            size,
            root,
            proof_file: &self.proof_file,
            salt: &[],
        }
    }
}

impl Work<'_> {
    fn submission(&mut self, submission: &SubmissionItem) -> Vec<Row> {
        let position = submission.position;
        let row = |message, records, adapter: &str, standing| Row {
            position,
            message,
            records,
            adapter: adapter.to_owned(),
            standing,
        };
        let (adapter, whole) = self.whole(submission);
        let whole = match whole {
            Ok(whole) => whole,
            Err(standing) => return vec![row(None, Vec::new(), &adapter, standing)],
        };
        // Messages are converted together, as they were; each that cannot be has its own row.
        let mut rows = Vec::with_capacity(submission.items.len());
        let mut kept = Vec::with_capacity(submission.items.len());
        for (number, item) in submission.items.iter().enumerate() {
            match self.message(&whole, submission, item) {
                Ok(message) => kept.push((number, message)),
                Err(standing) => rows.push((number, standing)),
            }
        }
        let (numbers, kept): (Vec<usize>, Vec<KeptMessage>) = kept.into_iter().unzip();
        let compared = match replay_messages(position, &kept, &*whole.converter) {
            Ok(replayed) => kept.iter().zip(replayed).map(compared).collect(),
            Err(refusal) => {
                let why = Why::Engine {
                    text: refusal.to_string(),
                };
                vec![Standing::NotReplayed { why }; kept.len()]
            }
        };
        rows.extend(numbers.into_iter().zip(compared));
        rows.sort_by_key(|(number, _)| *number);
        let rows = rows.into_iter().map(|(number, standing)| {
            let item = &submission.items[number];
            row(Some(item.number), item.records.clone(), &adapter, standing)
        });
        rows.collect()
    }

    /// The name of the adapter, and everything that all messages of a submission need.
    fn whole(&mut self, submission: &SubmissionItem) -> (String, Result<Whole, Standing>) {
        let position = submission.position;
        let file = path::entry(position);
        let entry = self.zip.member(&file).and_then(|it| it.contents().ok());
        let entry = entry.as_deref().and_then(|bytes| Entry::decode(bytes).ok());
        let entry = entry
            .filter(|entry| entry.position() == position)
            .and_then(|entry| SubmitEntry::read(&entry));
        let Some(entry) = entry else {
            let missing = missing(&file, "the entry of a submission");
            return (String::new(), Err(missing));
        };
        let name = format!("{}@{}", entry.adapter.id, entry.adapter.version);
        (name, self.rest(submission, entry))
    }

    fn rest(&mut self, submission: &SubmissionItem, entry: SubmitEntry) -> Result<Whole, Standing> {
        let position = submission.position;
        let converter = self.adapter(&entry.adapter)?;
        let proof_file = path::messages(position);
        let proofs = self
            .zip
            .member(&proof_file)
            .and_then(|it| it.contents().ok());
        let proofs = proofs.and_then(|bytes| MessagesText::parse(&bytes).ok());
        let proofs = proofs.filter(|proofs| u64::from(proofs.count) == entry.sums.messages);
        let proofs = proofs.ok_or_else(|| missing(&proof_file, "the proofs of its messages"))?;
        let mut whole = Whole {
            entry,
            proofs,
            proof_file,
            request: None,
            converter,
        };
        if submission.request != Presence::Sealed {
            present(submission.request, "the request")?;
            whole.request = Some(self.request(position, &whole)?);
        }
        Ok(whole)
    }

    fn request(&self, position: u64, whole: &Whole) -> Result<SubmitRequest, Standing> {
        let size = u64::from(whole.proofs.count) + 1;
        let place = whole.place(&whole.proofs.request, (0, size), &whole.entry.result_root);
        let file = path::request(position);
        let request = part(&self.zip, Kind::ResultAltered, &file, &place)?;
        let request = SubmitRequest::decode(request.as_slice()).ok();
        let count = whole.entry.sums.messages;
        let request = request.filter(|request| request.messages.len() as u64 == count);
        request.ok_or_else(|| missing(&file, "the request of its messages"))
    }

    fn adapter(&mut self, named: &AdapterIdentity) -> Had {
        let digests = (named.component, named.configuration);
        if let Some(had) = self.had.get(&digests) {
            return had.clone();
        }
        let had = self.load(named);
        self.had.insert(digests, had.clone());
        had
    }

    fn load(&mut self, identity: &AdapterIdentity) -> Had {
        let (component, configuration) = (&identity.component, &identity.configuration);
        let hex = audit_proof::hash::to_hex;
        let item = self.index.adapters.iter().find(|item| {
            item.component == hex(component) && item.configuration == hex(configuration)
        });
        if let Some(item) = item {
            present(item.component_is, "the adapter's component")?;
            present(item.configuration_is, "the adapter's configuration")?;
        }
        let file = path::component(component);
        let component = named(&self.zip, Kind::ComponentAltered, &file, component)?;
        let file = path::configuration(configuration);
        let configuration = named(&self.zip, Kind::ConfigurationAltered, &file, configuration)?;
        let loaded = self.adapters.load(identity, &component, &configuration);
        loaded.map_err(|NotRun { text }| Standing::NotReplayed {
            why: Why::Engine { text },
        })
    }

    /// A message with what was kept of it, both as the entry binds them.
    fn message(
        &self,
        whole: &Whole,
        submission: &SubmissionItem,
        item: &MessageItem,
    ) -> Result<KeptMessage, Standing> {
        let position = submission.position;
        let mut proofs = whole.proofs.messages.iter();
        let proofs = proofs.find(|(number, _, _)| *number == item.number);
        let proofs = proofs.zip(u16::try_from(item.number).ok());
        let Some(((_, payload_proof, result_proof), number)) = proofs else {
            return Err(missing(&whole.proof_file, "the proofs of this message"));
        };
        let index = u64::from(item.number);
        let count = u64::from(whole.proofs.count);
        present(item.payload, "the message")?;
        present(item.result, "the result")?;
        let opened = match item.sealed {
            true => Some(sealed::opened(&self.zip, position, item.number)?),
            false => None,
        };
        let stated = whole.request.as_ref().map(|request| &request.messages);
        let attributes = match (&opened, stated) {
            (Some(opened), _) => opened.attributes.clone(),
            (None, Some(messages)) => attributes(messages.get(usize::from(number))),
            (None, None) => {
                let why = Why::Sealed {
                    what: "the request",
                };
                return Err(Standing::NotReplayed { why });
            }
        };
        let file = path::payload(position, item.number);
        let root = &whole.entry.payload_root;
        let mut place = whole.place(payload_proof, (index, count), root);
        place.salt = opened.as_ref().map_or(&[], |opened| &opened.salt);
        let payload = part(&self.zip, Kind::PayloadAltered, &file, &place)?;
        let file = path::result(position, item.number);
        let root = &whole.entry.result_root;
        let place = whole.place(result_proof, (index + 1, count + 1), root);
        let stored = part(&self.zip, Kind::ResultAltered, &file, &place)?;
        let was_sealed = opened.is_some();
        let result = match opened {
            Some(opened) => opened.put_together(&stored)?,
            None => stored,
        };
        repeatable(&result, submission)?;
        Ok(KeptMessage {
            number,
            message: Message {
                payload: payload.into(),
                attributes,
            },
            result,
            was_sealed,
        })
    }
}

fn attributes(message: Option<&v1::Message>) -> Vec<(String, String)> {
    let attributes = message.into_iter().flat_map(|it| &it.attributes);
    attributes
        .map(|it| (it.name.clone(), it.value.clone()))
        .collect()
}

/// Something that cannot be read as what it must be.
pub(crate) fn missing(file: &str, what: &'static str) -> Standing {
    Standing::Altered {
        kind: Kind::Missing,
        file: file.to_owned(),
        bound: what.to_owned(),
        found: "cannot be read as that".to_owned(),
    }
}

fn present(presence: Presence, what: &'static str) -> Result<(), Standing> {
    match presence {
        Presence::Included => Ok(()),
        Presence::Withheld | Presence::LeftOut | Presence::Unavailable => {
            let why = Why::DigestOnly { what };
            Err(Standing::NotReplayed { why })
        }
        Presence::Sealed => {
            let why = Why::Sealed { what };
            Err(Standing::NotReplayed { why })
        }
        Presence::Erased => {
            let why = Why::Erased { what };
            Err(Standing::NotReplayed { why })
        }
    }
}

/// Whether the same result must come again, elsewhere and from the messages in the package alone.
fn repeatable(result: &[u8], submission: &SubmissionItem) -> Result<(), Standing> {
    let result = MessageResult::decode(result).ok().and_then(|it| it.result);
    let Some(message_result::Result::Quarantined(quarantine)) = result else {
        return Ok(());
    };
    let code = quarantine.code;
    if LIMITS.contains(&code.as_str()) {
        let why = Why::Limit { code };
        return Err(Standing::NotReplayed { why });
    }
    let is_whole = submission.items.len() as u64 == u64::from(submission.messages);
    if !is_whole && FAILURES.contains(&code.as_str()) {
        let why = Why::Company { code };
        return Err(Standing::NotReplayed { why });
    }
    Ok(())
}

fn compared((kept, replayed): (&KeptMessage, Replayed)) -> Standing {
    let digest = Suite::Sha256.hash(&kept.result);
    match replayed.finding {
        None => Standing::Equal {
            digest,
            bytes: kept.result.len() as u64,
        },
        Some(finding) => Standing::Different {
            kept: digest,
            replayed: Suite::Sha256.hash(&replayed.result),
            differences: finding.differences,
        },
    }
}
