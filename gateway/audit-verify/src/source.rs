//! Reading a log or a mirror into what an examination needs of it.

use std::path::Path;

use audit_proof::{
    FolderReader, Options, Report,
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
    let options = Options {
        expected_origin: settings.origin.clone(),
        observe: examination.sizes(Suite::Sha256),
        threads: settings.threads,
        ..Options::default()
    };
    let mut contents = of_log(verify(folder, &options));
    let wanted = wanted(examination, settings, party_keys);
    if wanted.sm3_sizes.is_empty() && wanted.party_keys.is_none() {
        return contents;
    }
    if let Ok(reader) = FolderReader::open(folder) {
        let entries = reader
            .entries_from(0)
            .map(|entry| entry.map(|entry| entry.bytes));
        if let Ok(pass) = second_pass::run(entries, contents.size, &wanted) {
            contents.sm3_heads = Some(pass.sm3_heads);
            contents.party = pass.party.filter(|_| pass.entries == contents.size);
        }
    }
    contents
}

fn of_log(report: Report) -> Contents {
    let position = report.fault.as_ref().map(|fault| fault.position);
    Contents {
        origin: report.origin,
        size: position.map_or(report.entries, |at| at.min(report.entries)),
        heads: report.observed,
        sm3_heads: None,
        counts: Counts {
            entries: report.entries,
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
    let bytes = std::fs::read(folder.join(node::CHECKPOINT)).map_err(|error| {
        failure(FailureKind::Mirror(MirrorFaultKind::Unreadable(
            error.kind(),
        )))
    })?;
    let note = Note::parse(&bytes).map_err(|cause| failure(FailureKind::NoteForm(cause)))?;
    Checkpoint::parse(note.text()).map_err(|cause| failure(FailureKind::CheckpointForm(cause)))
}

/// Checks the tiles of a node beside its log, and adds what was found to the contents of the log.
pub(crate) fn add_tiles(folder: &Path, settings: &Settings, contents: &mut Contents) {
    let size = match stated(folder, "tiles/") {
        Ok(checkpoint) => checkpoint.size(),
        Err(failure) => {
            return contents.faults_beside.push(Failure {
                position: None,
                ..*failure
            });
        }
    };
    match read_mirror(folder, vec![size], Vec::new(), settings) {
        Err(failure) => contents.faults_beside.push(Failure {
            position: None,
            ..*failure
        }),
        Ok((report, size)) => {
            contents.counts.bundles += report.bundles;
            contents.counts.tiles += report.tiles;
            contents
                .faults_beside
                .extend(report.fault.clone().map(|fault| {
                    let mut failure = Failure::from(fault);
                    failure.file = format!("{}/{}", node::TILES, failure.file);
                    failure
                }));
            let of_log = contents.heads.iter().find(|head| head.size == size);
            let of_mirror = report.heads.iter().find(|head| head.size == size);
            if let (Some(log), Some(mirror)) = (of_log, of_mirror)
                && log.root != mirror.root
            {
                contents.faults_beside.push(Failure {
                    position: Some(0),
                    until: Some(size),
                    file: node::TILES.to_owned(),
                    offset: 0,
                    kind: FailureKind::Differs { size },
                });
            }
        }
    }
}
