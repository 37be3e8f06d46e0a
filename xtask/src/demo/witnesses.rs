//! The three witnesses of the demonstration, each a process of its own: the environment bureau, the police, the justice
//! bureau. Two of them have to cosign.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};

use super::{PATIENCE, path};

/// Their folders, in the folder `witness` that `lawgate init` makes.
const NAMES: [&str; 3] = ["environment", "police", "justice"];

/// Witnesses that run; killed when dropped.
pub(super) struct Witnesses {
    processes: Vec<Child>,
}

impl Witnesses {
    /// Starts them, and waits until they serve.
    pub(super) fn start(lawgate: &Path, scratch: &Path) -> anyhow::Result<Witnesses> {
        let mut started = Witnesses {
            processes: Vec::new(),
        };
        for name in NAMES {
            let config = scratch.join(format!("witness/{name}/witness.toml"));
            let mut process = Command::new(lawgate)
                .args(["witness", "--config", path(&config)?])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .context("starting a witness")?;
            let stdout = process.stdout.take();
            started.processes.push(process);
            let mut line = String::new();
            BufReader::new(stdout.context("a witness has no standard output")?)
                .read_line(&mut line)?;
            if !line.contains(" at http") {
                bail!("the witness {name} ended before it served");
            }
            print!("   {line}");
        }
        Ok(started)
    }
}

impl Drop for Witnesses {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Waits until the newest checkpoint is final, and shows it.
pub(super) fn show_checkpoint(lawgate: &Path, scratch: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        // A provisional checkpoint has an exit code of its own.
        let shown = Command::new(lawgate)
            .args([
                "audit",
                "checkpoint",
                "--log",
                path(&scratch.join("data/audit"))?,
            ])
            .args(["--policy", path(&scratch.join("data/keys/audit.policy"))?])
            .output()
            .context("showing the checkpoint")?;
        let shown = String::from_utf8_lossy(&shown.stdout);
        if shown.contains("final") {
            print!("{shown}");
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            bail!("two of three witnesses did not cosign within {PATIENCE:?}:\n{shown}");
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
