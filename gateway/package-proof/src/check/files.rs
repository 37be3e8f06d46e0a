//! Every file against the list: nothing missing, added, changed or swapped.

use std::collections::BTreeSet;

use audit_proof::suite::Suite;

use crate::{
    Finding, FindingKind, PackageVerdict,
    check::Check,
    index::Presence,
    manifest::{Line, MANIFEST, Manifest},
    path,
    zip::Zip,
};

/// Checks the files; returns the SHA-256 of the list, when there is a list.
pub(super) fn check(zip: &Zip<'_>, verdict: &mut PackageVerdict) -> Option<[u8; 32]> {
    let found = &mut verdict.findings;
    let Some(member) = zip.member(MANIFEST) else {
        found.push(Finding::of(MANIFEST, FindingKind::Missing));
        return None;
    };
    let contents = match member.contents() {
        Ok(contents) => contents,
        Err(error) => {
            found.push(Finding::of(MANIFEST, FindingKind::Damaged(error)));
            return None;
        }
    };
    let digest = Suite::Sha256.hash(&contents);
    verdict.digest = Some(digest);
    let manifest = match Manifest::parse(&contents) {
        Ok(manifest) => manifest,
        Err(error) => {
            found.push(Finding::of(MANIFEST, FindingKind::Manifest(error)));
            return Some(digest);
        }
    };
    for line in &manifest.lines {
        let is_wrong = path::is_unlisted(&line.file);
        if is_wrong || zip.member(&line.file).is_none() {
            found.push(Finding::of(&line.file, FindingKind::Missing));
        }
    }
    for member in zip.members() {
        if path::is_unlisted(member.name) {
            continue;
        }
        let Some(line) = manifest.line(member.name) else {
            found.push(Finding::of(member.name, FindingKind::Added));
            continue;
        };
        match member.contents() {
            Ok(contents) => match compare(&manifest, line, &contents) {
                None => verdict.counts.files += 1,
                Some(kind) => found.push(Finding::of(member.name, kind)),
            },
            Err(error) => found.push(Finding::of(member.name, FindingKind::Damaged(error))),
        }
    }
    Some(digest)
}

/// What is wrong with a file that is listed.
fn compare(manifest: &Manifest, listed: &Line, contents: &[u8]) -> Option<FindingKind> {
    let is = Line::of(&listed.file, contents);
    if is == *listed {
        return None;
    }
    let same =
        |other: &&Line| other.sha256 == is.sha256 && other.sm3 == is.sm3 && other.bytes == is.bytes;
    Some(match manifest.lines.iter().find(same) {
        Some(other) => FindingKind::Swapped {
            other: other.file.clone(),
        },
        None => FindingKind::Changed,
    })
}

impl Check<'_> {
    /// Holds the names of the files against the index: each one that it names is there, and no other.
    pub(super) fn names(&mut self) {
        let expected = self.expected();
        for member in self.zip.members() {
            if !expected.contains(member.name) {
                self.find(member.name, FindingKind::Added);
            }
        }
        let optional = [
            path::STATEMENT_PDF,
            path::KEY_HISTORY,
            path::TRANSFER,
            path::SEAL_ENTRY,
            path::SEAL_RECEIPT,
        ];
        for name in expected
            .iter()
            .filter(|name| !optional.contains(&name.as_str()))
        {
            if self.zip.member(name).is_none() {
                self.find(name, FindingKind::Missing);
            }
        }
    }

    /// The names of all files that the index asks for or allows.
    fn expected(&self) -> BTreeSet<String> {
        let index = self.index;
        let mut names: BTreeSet<String> = [
            MANIFEST,
            path::INDEX,
            path::STATEMENT_HTML,
            path::STATEMENT_PDF,
            path::CHECKPOINT,
            path::POLICY,
            path::KEY_HISTORY,
            path::TRANSFER,
            path::SEAL_ENTRY,
            path::SEAL_RECEIPT,
            path::VERIFIER,
            path::INSTRUCTIONS,
        ]
        .map(str::to_owned)
        .into();
        for item in &index.entries {
            names.insert(path::entry(item.position));
            names.insert(path::entry_json(item.position));
            if !self.is_in_range(item.position) {
                names.insert(path::inclusion(item.position));
            }
        }
        names.extend(index.range.map(|_| path::RANGE_PROOF.to_owned()));
        for submission in &index.submissions {
            let position = submission.position;
            names.insert(path::messages(position));
            if submission.request == Presence::Included {
                names.insert(path::request(position));
            }
            for item in &submission.items {
                if item.payload == Presence::Included {
                    names.insert(path::payload(position, item.number));
                }
                if item.result == Presence::Included {
                    names.insert(path::result(position, item.number));
                }
                if item.sealed {
                    names.insert(path::fields(position, item.number));
                }
                names.extend(item.records.iter().map(|id| path::record(id)));
            }
        }
        for adapter in &index.adapters {
            let digests = (
                crate::manifest::hash(&adapter.component),
                crate::manifest::hash(&adapter.configuration),
            );
            if let (Some(component), Presence::Included) = (digests.0, adapter.component_is) {
                names.insert(path::component(&component));
            }
            if let (Some(digest), Presence::Included) = (digests.1, adapter.configuration_is) {
                names.insert(path::configuration(&digest));
            }
        }
        names.extend(
            index
                .receipts
                .iter()
                .map(|position| path::receipt(*position)),
        );
        names.extend(index.consistency.iter().map(|old| path::consistency(*old)));
        for size in &index.stamps {
            names.insert(path::stamp(*size));
            names.insert(path::stamped(*size));
        }
        names
    }

    /// Whether the proof of the range covers the position.
    pub(super) fn is_in_range(&self, position: u64) -> bool {
        let range = self.index.range;
        range.is_some_and(|range| (range.from..range.to).contains(&position))
    }
}
