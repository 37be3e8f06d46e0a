//! Reading a log or a mirror into what an examination needs of it.

use std::path::Path;

use audit_proof::{
    FolderReader, Options, Report,
    archive::{ArchiveOptions, Manifest, verify_archive},
    archived::{Archived, ArchivedRange},
    checkpoint::Checkpoint,
    judge::{Contents, Counts, Examination, Failure, FailureKind},
    mirror::{self, MirrorFaultKind, MirrorOptions, MirrorReport, SM3_FOLDER},
    note::Note,
    party::PartyKeys,
    proof::FolderTiles,
    second_pass::{self, Wanted},
    suite::Suite,
    tile::{EntryBundle, TILE_WIDTH},
    verify,
};

use crate::{node, options::Settings};

/// Reads the log in `folder`.
pub(crate) fn log(
    folder: &Path,
    examination: &Examination<'_>,
    settings: &Settings,
    party_keys: Option<&PartyKeys>,
) -> Contents {
    let options = verify_options(examination.sizes(Suite::Sha256), settings);
    let mut contents = of_log(verify(folder, &options), settings);
    let wanted = wanted(examination, settings, party_keys);
    pass_again(folder, &mut contents, &wanted);
    contents
}

fn verify_options(observe: Vec<u64>, settings: &Settings) -> Options {
    Options {
        expected_origin: settings.origin.clone(),
        observe,
        threads: settings.threads,
        ..Options::default()
    }
}

/// Computes from the entries of a log what the first check does not, if anything is wanted.
fn pass_again(folder: &Path, contents: &mut Contents, wanted: &Wanted<'_>) {
    if wanted.sm3_sizes.is_empty() && wanted.party_keys.is_none() {
        return;
    }
    if let Ok(reader) = FolderReader::open(folder) {
        let entries = reader
            .entries_from(0)
            .map(|entry| entry.map(|entry| entry.bytes));
        if let Ok(pass) = second_pass::run(entries, contents.size, wanted) {
            if !wanted.sm3_sizes.is_empty() {
                contents.sm3_heads = Some(pass.sm3_heads);
            }
            contents.party = pass.party.filter(|_| pass.entries == contents.size);
        }
    }
}

fn of_log(report: Report, settings: &Settings) -> Contents {
    let position = report.fault.as_ref().map(|fault| fault.position);
    let archived = report.archived.to();
    Contents {
        origin: report.origin,
        archived: if is_covered(&report.archived, settings) {
            0
        } else {
            archived
        },
        size: position.map_or(report.entries, |at| at.min(report.entries)),
        heads: report.observed,
        sm3_heads: None,
        counts: Counts {
            entries: report.entries - archived,
            segments: report.segments,
            groups: report.groups,
            ..Counts::default()
        },
        fault: report.fault.map(Failure::from),
        faults_beside: Vec::new(),
        party: None,
        unfinished_bytes: report.unfinished_tail.map_or(0, |tail| tail.bytes),
    }
}

/// Whether archives that were given, and are sound, have everything that is archived.
fn is_covered(archived: &Archived, settings: &Settings) -> bool {
    let options = ArchiveOptions {
        expected_origin: settings.origin.clone(),
        threads: settings.threads,
    };
    let given: Vec<Manifest> = settings
        .archive
        .iter()
        .filter_map(|folder| {
            let report = verify_archive(folder, &options);
            report.manifest.filter(|_| report.fault.is_none())
        })
        .collect();
    let has = |range: &ArchivedRange| {
        given.iter().any(|manifest| {
            (manifest.from, manifest.to) == (range.from, range.to)
                && manifest.signed().sha256 == range.manifest
        })
    };
    archived.archives().iter().all(has)
}

fn wanted<'k>(
    examination: &Examination<'_>,
    settings: &Settings,
    party_keys: Option<&'k PartyKeys>,
) -> Wanted<'k> {
    let threads = match settings.threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
    };
    Wanted {
        sm3_sizes: examination.sizes(Suite::Sm3),
        party_keys,
        threads,
    }
}

/// Reads the mirror in `folder`; its own checkpoints say how far it goes.
pub(crate) fn mirror(
    folder: &Path,
    examination: &Examination<'_>,
    settings: &Settings,
    party_keys: Option<&PartyKeys>,
) -> Contents {
    let (report, size) = match read_mirror(
        folder,
        examination.sizes(Suite::Sha256),
        examination.sizes(Suite::Sm3),
        0,
        settings,
    ) {
        Ok(read) => read,
        Err(failure) => {
            return Contents {
                fault: Some(*failure),
                ..Contents::default()
            };
        }
    };
    let mut contents = of_mirror(report);
    let mut wanted = wanted(examination, settings, party_keys);
    if folder.join(SM3_FOLDER).join(node::CHECKPOINT).exists() {
        wanted.sm3_sizes.clear();
    } else {
        contents.sm3_heads = None;
    }
    if contents.fault.is_none() && (!wanted.sm3_sizes.is_empty() || wanted.party_keys.is_some()) {
        let entries = bundled_entries(folder, size);
        if let Ok(pass) = second_pass::run(entries, size, &wanted) {
            contents.sm3_heads = contents.sm3_heads.or(Some(pass.sm3_heads));
            contents.party = pass.party;
        }
    }
    contents
}

/// Returns the entries of a mirror, bundle after bundle.
fn bundled_entries(
    folder: &Path,
    size: u64,
) -> impl Iterator<Item = Result<Vec<u8>, audit_proof::proof::FolderTilesError>> {
    let tiles = FolderTiles::new(folder);
    (0..size.div_ceil(u64::from(TILE_WIDTH)))
        .filter_map(move |index| EntryBundle::of_tree(index, size))
        .flat_map(move |bundle| match tiles.entries(bundle) {
            Ok(entries) => entries.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
}

fn of_mirror(report: MirrorReport) -> Contents {
    let position = report.fault.as_ref().map(|fault| fault.position);
    Contents {
        origin: report.origin,
        size: position.map_or(report.entries, |at| at.min(report.entries)),
        archived: 0,
        heads: report.heads,
        sm3_heads: Some(report.sm3_heads),
        counts: Counts {
            entries: report.entries,
            bundles: report.bundles,
            tiles: report.tiles,
            ..Counts::default()
        },
        fault: report.fault.map(Failure::from),
        faults_beside: Vec::new(),
        party: None,
        unfinished_bytes: 0,
    }
}

fn read_mirror(
    folder: &Path,
    mut observe: Vec<u64>,
    sm3_sizes: Vec<u64>,
    archived: u64,
    settings: &Settings,
) -> Result<(MirrorReport, u64), Box<Failure>> {
    let newest = stated(folder, "")?;
    let sm3 = folder.join(SM3_FOLDER);
    let sm3_size = if sm3.join(node::CHECKPOINT).exists() {
        Some(stated(&sm3, "sm3/")?.size())
    } else {
        None
    };
    observe.extend(sm3_sizes);
    let options = MirrorOptions {
        size: newest.size(),
        sm3_size,
        expected_origin: settings.origin.clone(),
        observe,
        archived,
        threads: settings.threads,
    };
    Ok((mirror::verify(folder, &options), newest.size()))
}

/// Reads the newest checkpoint of a mirror, whose signatures the examination judges.
fn stated(folder: &Path, prefix: &str) -> Result<Checkpoint, Box<Failure>> {
    let file = format!("{prefix}{}", node::CHECKPOINT);
    let failure = |kind| {
        Box::new(Failure {
            position: Some(0),
            until: None,
            file: file.clone(),
            offset: 0,
            kind,
        })
    };
    let bytes = node::read_start(&folder.join(node::CHECKPOINT)).map_err(|error| {
        failure(FailureKind::Mirror(MirrorFaultKind::Unreadable(
            error.kind(),
        )))
    })?;
    let note = Note::parse(&bytes).map_err(|cause| failure(FailureKind::NoteForm(cause)))?;
    Checkpoint::parse(note.text()).map_err(|cause| failure(FailureKind::CheckpointForm(cause)))
}

/// Reads a node: its log, and beside it its tiles.
///
/// The SM3 heads come from the tiles where these are over the same entries as the log.
pub(crate) fn node(
    folder: &Path,
    examination: &Examination<'_>,
    settings: &Settings,
    party_keys: Option<&PartyKeys>,
) -> Contents {
    let tiles = folder.join(node::TILES);
    let (sizes, sm3_sizes) = (
        examination.sizes(Suite::Sha256),
        examination.sizes(Suite::Sm3),
    );
    let archived = FolderReader::open(folder).map_or(0, |reader| reader.first());
    let read = stated(&tiles, "").and_then(|newest| {
        let mut observe = sizes.clone();
        observe.push(newest.size());
        read_mirror(&tiles, observe, sm3_sizes.clone(), archived, settings)
    });
    let (report, size) = match read {
        Ok(read) => read,
        Err(failure) => {
            let mut contents = log(folder, examination, settings, party_keys);
            contents.faults_beside.push(beside(Failure {
                position: None,
                ..*failure
            }));
            return contents;
        }
    };
    let of_tiles = report.heads.iter().find(|head| head.size == size).copied();
    let mut options = verify_options(sizes, settings);
    options.observe.push(size);
    let mut contents = of_log(verify(folder, &options), settings);
    contents.counts.bundles += report.bundles;
    contents.counts.tiles += report.tiles;
    let of_log = contents.heads.iter().find(|head| head.size == size);
    let agrees = of_log
        .zip(of_tiles)
        .map(|(log, tiles)| log.root == tiles.root);
    if agrees == Some(false) {
        contents.faults_beside.push(Failure {
            position: Some(0),
            until: Some(size),
            file: node::TILES.to_owned(),
            offset: 0,
            kind: FailureKind::Differs { size },
        });
    }
    if agrees == Some(true) && report.fault.is_none() {
        // The heads of what is archived, from the hashes that the tiles keep: the root covers them.
        let before = report.heads.iter().filter(|head| head.size <= archived);
        let known: Vec<u64> = contents.heads.iter().map(|head| head.size).collect();
        contents
            .heads
            .extend(before.filter(|head| !known.contains(&head.size)));
        contents.heads.sort_by_key(|head| head.size);
    }
    let mut wanted = wanted(examination, settings, party_keys);
    let has = |size: &u64| report.sm3_heads.iter().any(|head| head.size == *size);
    if agrees == Some(true) && report.fault.is_none() && wanted.sm3_sizes.iter().all(has) {
        wanted.sm3_sizes.clear();
        contents.sm3_heads = Some(report.sm3_heads);
    }
    let fault = report.fault.map(|fault| beside(Failure::from(fault)));
    contents.faults_beside.extend(fault);
    pass_again(folder, &mut contents, &wanted);
    contents
}

/// Names the file of a failure from the node's folder.
fn beside(mut failure: Failure) -> Failure {
    failure.file = format!("{}/{}", node::TILES, failure.file);
    failure
}
