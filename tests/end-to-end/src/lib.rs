//! A real gateway for tests: the built binary in a scratch folder, with clients for every agency.
//!
//! Port 0 and temporary folders throughout; a gateway is killed when dropped.
//! The benchmarks and the attacks rely on it too.
#![forbid(unsafe_code)]

pub mod packet;
pub mod witness;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context as _, bail, ensure};
use grpc_api::client::{self, ClientConfig, Exchange};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the package lies in the repository")
}

/// The built `lawgate`: beside the running test, in the same profile's folder.
///
/// # Errors
/// When it is not built.
pub fn binary() -> anyhow::Result<PathBuf> {
    let running = std::env::current_exe()?;
    let profile = running
        .ancestors()
        .find(|folder| folder.join("lawgate").is_file());
    let profile = profile.context(
        "the binary lawgate is not built; run `cargo build` and `cargo build -p adapter-compiler`, or `cargo xtask test`",
    )?;
    Ok(profile.join("lawgate"))
}

/// The built `lawgate-compiler`, which lies beside it.
///
/// # Errors
/// When it is not built.
pub fn compiler() -> anyhow::Result<PathBuf> {
    let program = binary()?.with_file_name("lawgate-compiler");
    ensure!(
        program.is_file(),
        "the compiler of adapters is not built; run `cargo build -p adapter-compiler`, or `cargo xtask test`"
    );
    Ok(program)
}

/// The folder of built adapters.
///
/// # Errors
/// When they are not built.
pub fn adapters() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/adapters");
    ensure!(
        folder.join("hj212/adapter.wasm").is_file(),
        "no adapters in {}; run `cargo xtask adapters`",
        folder.display()
    );
    Ok(folder)
}

/// A configured scratch folder.
pub struct Site {
    folder: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Site {
    /// A new site with a development PKI and the four feeds, which nobody witnesses.
    ///
    /// # Errors
    /// When `lawgate init` fails.
    pub fn new() -> anyhow::Result<Site> {
        let temporary = tempfile::tempdir()?;
        let folder = temporary.path().join("site");
        let adapters = adapters()?;
        let output = Command::new(binary()?)
            .arg("init")
            .arg(&folder)
            .args(["--dev", "--no-witnesses", "--address", "127.0.0.1:0"])
            .arg("--adapters")
            .arg(&adapters)
            .output()?;
        ensure!(
            output.status.success(),
            "lawgate init failed: {}",
            text(&output)
        );
        let site = Site {
            folder,
            _temporary: Some(temporary),
        };
        // Small segments, so that tests cross their borders.
        site.set("audit", "segment_mib = 1")?;
        site.set("evidence", "segment_mib = 1")?;
        Ok(site)
    }

    /// A site over a copy of this one's folder.
    ///
    /// # Errors
    /// When the copy fails.
    pub fn copied(&self) -> anyhow::Result<Site> {
        let temporary = tempfile::tempdir()?;
        let folder = temporary.path().join("site");
        let status = Command::new("cp")
            .arg("-a")
            .arg(&self.folder)
            .arg(&folder)
            .status()?;
        ensure!(status.success(), "cp failed");
        Ok(Site {
            folder,
            _temporary: Some(temporary),
        })
    }

    /// Sets a line of a section of the configuration, in place of an older one for the same key.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn set(&self, section: &str, line: &str) -> anyhow::Result<()> {
        let file = self.folder.join("lawgate.toml");
        let key = line.split('=').next().unwrap_or_default().trim();
        let (mut lines, mut inside, mut done) = (Vec::new(), false, false);
        for old in fs::read_to_string(&file)?.lines() {
            if old.trim_start().starts_with('[') {
                inside = old.trim() == format!("[{section}]");
            }
            if inside && old.split('=').next().is_some_and(|name| name.trim() == key) {
                continue;
            }
            lines.push(old.to_owned());
            if inside && !done {
                lines.push(line.to_owned());
                done = true;
            }
        }
        if !done {
            lines.push(format!("\n[{section}]\n{line}"));
        }
        Ok(fs::write(&file, lines.join("\n") + "\n")?)
    }

    /// Changes the text of the configuration.
    ///
    /// # Errors
    /// When `from` is not in it exactly once, or the file cannot be read or written.
    pub fn edit(&self, from: &str, to: &str) -> anyhow::Result<()> {
        let file = self.folder.join("lawgate.toml");
        let text = fs::read_to_string(&file)?;
        ensure!(
            text.matches(from).count() == 1,
            "{from} is not in the configuration once"
        );
        Ok(fs::write(&file, text.replace(from, to))?)
    }

    /// Has checkpoints stamped by an authority that serves at `url`, each `interval_s` seconds.
    ///
    /// # Errors
    /// When the configuration cannot be written.
    pub fn stamp(&self, url: &str, root: &Path, interval_s: u64) -> anyhow::Result<()> {
        self.set("audit.timestamp", &format!("interval_s = {interval_s}"))?;
        self.set(
            "audit.timestamp",
            &format!("roots = \"{}\"", root.display()),
        )?;
        self.set("audit.timestamp", &format!("url = \"{url}\""))
    }

    /// The site's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of the audit log.
    pub fn audit(&self) -> PathBuf {
        self.folder.join("data/audit")
    }

    /// Runs `lawgate` with these arguments.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn lawgate(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        Ok(Command::new(binary()?)
            .args(arguments)
            .current_dir(&self.folder)
            .output()?)
    }

    /// Verifies the log from disk with a separate process; returns what it printed.
    ///
    /// # Errors
    /// When it finds a fault.
    pub fn verify(&self) -> anyhow::Result<String> {
        let output = self.lawgate(&[
            "audit",
            "verify",
            "--log",
            &self.audit().display().to_string(),
        ])?;
        ensure!(
            output.status.success(),
            "verification failed: {}",
            text(&output)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts the gateway and waits until it listens.
    ///
    /// # Errors
    /// When it ends before it listens; its messages are in the error.
    pub fn start(&self) -> anyhow::Result<Gateway> {
        let mut command = Command::new(binary()?);
        command
            .args(["serve", "--config"])
            .arg(self.folder.join("lawgate.toml"));
        self.start_with(command)
    }

    /// Starts the gateway by `command`, which must exec it.
    ///
    /// # Errors
    /// As [`Site::start`].
    pub fn start_with(&self, mut command: Command) -> anyhow::Result<Gateway> {
        let log = self.folder.join("gateway.log");
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log)?)
            .spawn()?;
        let stdout = process.stdout.take().context("no standard output")?;
        let mut gateway = Gateway {
            process,
            address: String::new(),
            metrics: String::new(),
            folder: self.folder.clone(),
        };
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some((_, rest)) = line.split_once("metrics at http://") {
                rest.trim_end_matches("/metrics")
                    .clone_into(&mut gateway.metrics);
            }
            if let Some((_, rest)) = line.split_once("listening on ") {
                gateway.address = rest.split(' ').next().unwrap_or_default().to_owned();
                return Ok(gateway);
            }
        }
        bail!(
            "the gateway ended before it listened: {}",
            fs::read_to_string(log)?
        )
    }
}

/// A running gateway.
pub struct Gateway {
    process: Child,
    address: String,
    metrics: String,
    folder: PathBuf,
}

impl Gateway {
    /// The address it listens on.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address its metrics are at; empty when it serves none.
    pub fn metrics(&self) -> &str {
        &self.metrics
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// How `agency` connects.
    ///
    /// # Errors
    /// When the agency has no client file.
    pub fn client_config(&self, agency: &str) -> anyhow::Result<ClientConfig> {
        let file = self.folder.join("client").join(format!("{agency}.toml"));
        let table: toml::Table = fs::read_to_string(&file)
            .with_context(|| file.display().to_string())?
            .parse()?;
        let pem = |key: &str| -> anyhow::Result<String> {
            let name = table
                .get(key)
                .and_then(|value| value.as_str())
                .with_context(|| format!("no {key}"))?;
            Ok(fs::read_to_string(self.folder.join("client").join(name))?)
        };
        Ok(ClientConfig {
            address: self.address.clone(),
            server_name: "localhost".to_owned(),
            ca_pem: pem("ca")?,
            certificate_pem: pem("certificate")?,
            key_pem: pem("key")?,
        })
    }

    /// A connected client of `agency`.
    ///
    /// # Errors
    /// When no connection is made.
    pub async fn client(&self, agency: &str) -> anyhow::Result<Exchange> {
        Ok(client::connect(&self.client_config(agency)?).await?)
    }

    /// Kills it as a power cut would: no signal it can see.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// When it ends with a failure.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let status = Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status()?;
        ensure!(status.success(), "kill failed");
        let status = self.process.wait()?;
        ensure!(
            status.success(),
            "the gateway ended with {status}: {}",
            self.log()
        );
        Ok(())
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("gateway.log")).unwrap_or_default()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// Both outputs of a process, for messages.
pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
