//! What the entries of submissions bind: messages, results, the request, adapter and configuration.

use audit_proof::{
    cbor::Value,
    entry::{Entry, Field},
    hash::{Hash, leaf_hash, to_hex},
    proof::inclusion_root,
    suite::Suite,
};

use super::Check;
use crate::{
    FindingKind,
    index::{MessageItem, Presence, SubmissionItem},
    manifest, path,
    proofs::{MessagesText, PartProof},
};

/// Number of the event of an accepted submission.
const SUBMIT: u64 = 1;

/// What the entry of a submission binds.
struct Bound {
    payloads: Hash,
    results: Hash,
    messages: u64,
}

impl Check<'_> {
    /// Checks all submissions of the index.
    pub(super) fn submissions(&mut self) {
        let index = self.index;
        for submission in &index.submissions {
            self.submission(submission);
        }
    }

    fn submission(&mut self, submission: &SubmissionItem) {
        let position = submission.position;
        let file = path::messages(position);
        let Some(bytes) = self.contents(&file) else {
            return;
        };
        let text = match MessagesText::parse(&bytes) {
            Ok(text) => text,
            Err(error) => return self.find_at(position, file, FindingKind::ProofForm(error)),
        };
        let Some(bound) = self.bound(position) else {
            return self.find_at(position, path::entry(position), FindingKind::Submission);
        };
        let numbers = text.messages.iter().map(|(number, _, _)| *number);
        let is_it = bound.messages == u64::from(submission.messages)
            && text.count == submission.messages
            && numbers.eq(submission.items.iter().map(|item| item.number));
        if !is_it {
            return self.find_at(position, file, FindingKind::ProofPlace);
        }
        let count = u64::from(text.count);
        self.part(position, (0, count + 1), &text.request, bound.results);
        self.bytes(
            position,
            &path::request(position),
            submission.request,
            &text.request,
        );
        for (item, (number, payload, result)) in submission.items.iter().zip(&text.messages) {
            let number = u64::from(*number);
            self.part(position, (number, count), payload, bound.payloads);
            self.part(position, (number + 1, count + 1), result, bound.results);
            self.message(position, item, payload, result);
        }
    }

    fn message(
        &mut self,
        position: u64,
        item: &MessageItem,
        payload: &PartProof,
        result: &PartProof,
    ) {
        let file = path::result(position, item.number);
        self.bytes(position, &file, item.result, result);
        if item.sealed {
            return self.sealed(position, item, payload);
        }
        let file = path::payload(position, item.number);
        self.bytes(position, &file, item.payload, payload);
    }

    /// Reads from the entry what it binds; `None` when it is no sound entry of a submission.
    fn bound(&mut self, position: u64) -> Option<Bound> {
        self.entries.get(&position)?;
        let bytes = self.zip.member(&path::entry(position))?.contents().ok()?;
        let entry = Entry::decode(&bytes).ok()?;
        let digests = entry.field(Field::Digests)?;
        let outcome = entry.field(Field::Outcome)?;
        let Some(Value::Array(sums)) = outcome.get(2) else {
            return None;
        };
        let Value::Unsigned(messages) = sums.first()? else {
            return None;
        };
        (entry.event() == SUBMIT).then_some(Bound {
            payloads: digest(digests.first()?)?,
            results: digest(digests.get(2)?)?,
            messages: *messages,
        })
    }

    /// Checks that a part stands at its place under a root of the entry.
    fn part(&mut self, position: u64, (index, size): (u64, u64), part: &PartProof, root: Hash) {
        let found = inclusion_root(Suite::Sha256, index, size, &part.leaf, &part.path);
        let cause = match found {
            Ok(found) if found == root => return,
            Ok(_) => audit_proof::proof::ProofError::RootDiffers,
            Err(error) => error,
        };
        self.find_at(
            position,
            path::messages(position),
            FindingKind::Proof(cause),
        );
    }

    /// Holds the bytes of a part, when they are there, against its leaf hash.
    fn bytes(&mut self, position: u64, file: &str, presence: Presence, part: &PartProof) {
        if presence != Presence::Included {
            self.counts.digests_only += 1;
            return;
        }
        let Some(bytes) = self.contents(file) else {
            return;
        };
        if leaf_hash(&bytes) != part.leaf {
            return self.find_at(position, file, FindingKind::Part { position });
        }
        if file.starts_with("payloads/") {
            self.counts.payloads += 1;
        } else {
            self.counts.results += 1;
        }
    }

    /// Checks components and configurations, and that the entries name them.
    pub(super) fn adapters(&mut self) {
        let index = self.index;
        for adapter in &index.adapters {
            let name = adapter.name.as_bytes();
            let is_named = |check: &Self, position: u64| {
                let contents = check.zip.member(&path::entry(position))?.contents().ok()?;
                let entry = Entry::decode(&contents).ok()?;
                let object = entry.field(Field::Object)?;
                let is_it = object.get(3) == Some(&Value::Text(adapter.name.clone()))
                    && object.get(4).and_then(digest).map(|hash| to_hex(&hash))
                        == Some(adapter.component.clone())
                    && object.get(5).and_then(digest).map(|hash| to_hex(&hash))
                        == Some(adapter.configuration.clone());
                is_it.then_some(())
            };
            let positions = self.index.submissions.iter().map(|item| item.position);
            let is_used = !name.is_empty()
                && positions
                    .into_iter()
                    .any(|position| is_named(self, position).is_some());
            if !is_used {
                self.find(path::INDEX, FindingKind::Submission);
            }
            let component = manifest::hash(&adapter.component);
            let configuration = manifest::hash(&adapter.configuration);
            let (Some(component), Some(configuration)) = (component, configuration) else {
                self.find(path::INDEX, FindingKind::Digest);
                continue;
            };
            self.digest(
                &path::component(&component),
                adapter.component_is,
                component,
            );
            let file = path::configuration(&configuration);
            self.digest(&file, adapter.configuration_is, configuration);
        }
    }

    fn digest(&mut self, file: &str, presence: Presence, digest: Hash) {
        if presence != Presence::Included {
            return;
        }
        let Some(bytes) = self.contents(file) else {
            return;
        };
        if Suite::Sha256.hash(&bytes) == digest {
            self.counts.adapters += 1;
        } else {
            self.find(file, FindingKind::Digest);
        }
    }
}

fn digest(value: &Value) -> Option<Hash> {
    let Value::Bytes(bytes) = value else {
        return None;
    };
    bytes.as_slice().try_into().ok()
}
