//! The bare cost of durability: what the disk takes, with nothing of ours around it.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// A zero-written file, as the log preallocates its segments.
pub(crate) fn preallocated(path: &Path, bytes: usize) -> anyhow::Result<File> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .open(path)?;
    let zeros = vec![0; 1 << 20];
    for _ in 0..bytes.div_ceil(zeros.len()) {
        file.write_all(&zeros)?;
    }
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Median of one write of `bytes` and one `fdatasync`, over `count` of them.
pub(crate) fn p50(folder: &Path, bytes: usize, count: usize) -> anyhow::Result<Duration> {
    let mut file = preallocated(&folder.join("fdatasync"), bytes * count)?;
    let block = vec![0x5A; bytes];
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[count / 2])
}
