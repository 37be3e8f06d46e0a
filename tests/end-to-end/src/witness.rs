//! Witnesses of a site: real `lawgate witness` processes, each with a folder of its own in the site's.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::{Site, binary, text};

/// A witness that runs; killed when dropped.
pub struct Witness {
    process: Child,
    url: String,
    folder: PathBuf,
}

impl Witness {
    /// Prepares a witness called `name` in a folder of the site, by the policy that the site's keys came with.
    ///
    /// # Errors
    /// When `lawgate witness init` fails.
    pub fn prepare(site: &Site, folder: &str, name: &str) -> anyhow::Result<PathBuf> {
        let prepared = site.lawgate(&[
            "witness",
            "init",
            folder,
            "--name",
            name,
            "--policy",
            "data/keys/audit.policy",
            "--address",
            "127.0.0.1:0",
        ])?;
        ensure!(prepared.status.success(), "{}", text(&prepared));
        Ok(site.folder().join(folder))
    }

    /// Starts the witness of a folder that was prepared.
    ///
    /// # Errors
    /// When it ends before it says where it serves.
    pub fn start(folder: &Path) -> anyhow::Result<Witness> {
        let mut process = Command::new(binary()?)
            .args(["witness", "--config"])
            .arg(folder.join("witness.toml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = process.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let (_, url) = line.trim_end().split_once(" at ").context("no address")?;
        Ok(Witness {
            url: url.to_owned(),
            process,
            folder: folder.to_owned(),
        })
    }

    /// Where it serves.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its public key, as policies name it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn key(&self) -> anyhow::Result<String> {
        let key = fs::read_to_string(self.folder.join("witness.vkey"))?;
        Ok(key.trim_end().to_owned())
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Site {
    /// Writes the policy `witnesses.policy`, by which `quorum` of these witnesses have to cosign, and configures it.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn believe(&self, witnesses: &[(&str, &Witness)], quorum: usize) -> anyhow::Result<()> {
        let own = fs::read_to_string(self.folder().join("data/keys/audit.policy"))?;
        let mut lines: Vec<String> = own
            .lines()
            .filter(|line| line.starts_with("log "))
            .map(str::to_owned)
            .collect();
        let mut names = Vec::new();
        for (name, witness) in witnesses {
            lines.push(format!(
                "witness {name} {} {}",
                witness.key()?,
                witness.url()
            ));
            names.push(*name);
        }
        lines.push(format!("group agencies {quorum} {}", names.join(" ")));
        lines.push("quorum agencies\n".to_owned());
        fs::write(self.folder().join("witnesses.policy"), lines.join("\n"))?;
        self.set("audit.witness", "policy = \"witnesses.policy\"")
    }
}
