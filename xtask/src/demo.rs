//! `cargo xtask demo`: the real job, from nothing to a verified log and an evidence package, on this machine.
//!
//! Builds what is needed, starts three witnesses and the gateway on its
//! embedded default in a scratch folder, submits the project's own samples for all four feeds over
//! gRPC with mutual TLS, shows what became of them, exports a case as an evidence
//! package, verifies log and package with separate processes, and makes every conversion again.

mod package;
mod witnesses;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use self::witnesses::Witnesses;
use crate::corpus;
use crate::table::Table;

/// What the user asked for.
#[derive(Default)]
pub(crate) struct Options {
    stay: bool,
    corpus: Option<PathBuf>,
    release: bool,
}

impl Options {
    /// Reads the arguments after `demo`.
    pub(crate) fn parse(arguments: &[String]) -> anyhow::Result<Options> {
        let mut options = Options::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--stay" => options.stay = true,
                "--release" => options.release = true,
                "--corpus" => {
                    let folder = arguments
                        .next()
                        .context("--corpus needs a folder, for example --corpus ../shared/data")?;
                    options.corpus = Some(PathBuf::from(folder));
                }
                other => bail!(
                    "demo: unknown argument {other}; known: --stay, --corpus FOLDER, --release"
                ),
            }
        }
        Ok(options)
    }
}

/// The feeds, and the agency that submits each.
const FEEDS: [(&str, &str); 4] = [
    ("region-clue", "region"),
    ("police-case", "police"),
    ("justice-review", "justice"),
    ("hj212", "city-eco"),
];

/// Runs the demonstration. The last line printed starts with `demo: OK`.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    let started = Instant::now();
    step("adapters: building the four adapters to WebAssembly components");
    crate::wasm::adapters(root, &[])?;
    step("gateway: building the binary (the first build takes some minutes)");
    let lawgate = crate::build::binaries(root, &["lawgate"], options.release)?.join("lawgate");

    let scratch = scratch(root)?;
    step(&format!(
        "setting up a development PKI and configuration in {}",
        scratch.display()
    ));
    let [address, witnesses @ ..] = free_addresses()?;
    let adapters = root.join("target/adapters");
    let mut init = Command::new(&lawgate);
    init.args(["init", path(&scratch)?, "--dev", "--address", &address])
        .args(["--adapters", path(&adapters)?]);
    for witness in &witnesses {
        init.args(["--witness-address", witness]);
    }
    output(&mut init)?;

    package::font();
    step("witnesses: starting those of three agencies, two of which have to cosign");
    let _witnesses = Witnesses::start(&lawgate, &scratch)?;
    step(&format!("gateway: starting on {address}"));
    let mut gateway = Gateway::start(&lawgate, &scratch)?;
    let client = Client {
        lawgate: &lawgate,
        scratch: &scratch,
    };

    step("submitting the project's samples over gRPC with mutual TLS");
    let mut table = Table::new(&[
        "feed",
        "messages",
        "records",
        "findings",
        "quarantined",
        "position in the log",
    ]);
    for (feed, agency) in FEEDS {
        let answers = client.submit_samples(
            &root.join("adapters").join(feed).join("samples"),
            feed,
            agency,
        )?;
        table.row(summary(feed, &answers)?);
    }
    println!("\n{table}");
    if let Some(corpus) = &options.corpus {
        corpus::feed(&client, corpus)?;
    }

    step("one record of the common schema, with its provenance");
    show_record(&client)?;
    let package = package::export(&client, &scratch)?;

    if options.stay {
        return stay(&lawgate, &scratch, &address, gateway);
    }
    step("the newest checkpoint, as two of three witnesses cosigned it");
    witnesses::show_checkpoint(&lawgate, &scratch)?;
    step("stopping the gateway");
    gateway.stop()?;
    from_disk(&lawgate, &scratch)?;
    package::verify(root, &package)?;
    println!(
        "demo: OK in {:.1} s; everything is in {}",
        started.elapsed().as_secs_f64(),
        scratch.display()
    );
    Ok(())
}

/// What can be said of the log without the gateway: that it is whole, and that its conversions come again.
fn from_disk(lawgate: &Path, scratch: &Path) -> anyhow::Result<()> {
    step("verifying the log from disk, in a separate process");
    let verified = output(Command::new(lawgate).args([
        "audit",
        "verify",
        "--log",
        path(&scratch.join("data/audit"))?,
    ]))?;
    print!("{verified}");
    step("converting every submission again, from what was kept, and comparing byte for byte");
    let keys = scratch.join("pki");
    let replayed = output(Command::new(lawgate).args([
        "replay",
        "--data",
        path(&scratch.join("data"))?,
        "--vault-key",
        path(&keys.join("vault.key"))?,
        "--vault-reporter-key",
        path(&keys.join("vault-reporter.key"))?,
    ]))?;
    print!("{replayed}");
    ensure!(
        replayed.contains("EQUAL 逐字节一致"),
        "a conversion differs"
    );
    Ok(())
}

/// The command line of the gateway as a client.
pub(crate) struct Client<'a> {
    lawgate: &'a Path,
    scratch: &'a Path,
}

impl Client<'_> {
    /// Submits the samples of a folder: those that carry attributes one by one, the others together.
    fn submit_samples(
        &self,
        samples: &Path,
        feed: &str,
        agency: &str,
    ) -> anyhow::Result<Vec<Value>> {
        let mut plain = Vec::new();
        let mut answers = Vec::new();
        let listing =
            fs::read_dir(samples).with_context(|| format!("reading {}", samples.display()))?;
        let mut files = listing
            .map(|entry| Ok(entry?.path()))
            .collect::<anyhow::Result<Vec<PathBuf>>>()?;
        files.sort();
        for file in files {
            if path(&file)?.ends_with(".attributes.json") {
                continue;
            }
            let attributes = PathBuf::from(format!("{}.attributes.json", path(&file)?));
            if !attributes.exists() {
                plain.push(file);
                continue;
            }
            let attributes: Value = serde_json::from_slice(&fs::read(&attributes)?)?;
            let content_type = attributes["content-type"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            answers.push(self.submit(feed, agency, &[file], &["--content-type", &content_type])?);
        }
        ensure!(
            !(plain.is_empty() && answers.is_empty()),
            "{} holds no samples",
            samples.display()
        );
        if !plain.is_empty() {
            answers.push(self.submit(feed, agency, &plain, &[])?);
        }
        Ok(answers)
    }

    /// Submits files as the messages of one submission and returns the answer as JSON.
    pub(crate) fn submit(
        &self,
        feed: &str,
        agency: &str,
        files: &[PathBuf],
        more: &[&str],
    ) -> anyhow::Result<Value> {
        let mut command = self.command("submit", agency)?;
        command
            .args(["--feed", feed, "--output", "json"])
            .args(more)
            .args(files);
        // Exit code 3 says that something was quarantined, which is what some samples are for.
        let text = output_of(&mut command, &[0, 3])?;
        serde_json::from_str(&text).with_context(|| format!("the answer is no JSON: {text}"))
    }

    fn json(&self, command: &str, agency: &str, arguments: &[&str]) -> anyhow::Result<Value> {
        let text = output(
            self.command(command, agency)?
                .args(["--output", "json"])
                .args(arguments),
        )?;
        serde_json::from_str(&text).with_context(|| format!("the answer is no JSON: {text}"))
    }

    fn command(&self, command: &str, agency: &str) -> anyhow::Result<Command> {
        let client = self.scratch.join("client").join(format!("{agency}.toml"));
        let mut process = Command::new(self.lawgate);
        process.args([command, "--client", path(&client)?]);
        Ok(process)
    }
}

/// A started gateway. Killed when dropped, so that a failed demonstration leaves nothing behind.
struct Gateway {
    process: Child,
}

/// Longest wait for the gateway to listen, or to stop.
const PATIENCE: Duration = Duration::from_secs(120);

impl Gateway {
    fn start(lawgate: &Path, scratch: &Path) -> anyhow::Result<Gateway> {
        let log = fs::File::create(scratch.join("gateway.log"))?;
        let mut process = Command::new(lawgate)
            .args(["serve", "--config", path(&scratch.join("lawgate.toml"))?])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("starting the gateway")?;
        let stdout = process
            .stdout
            .take()
            .context("the gateway has no standard output")?;
        let gateway = Gateway { process };
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            println!("   {line}");
            if line.contains("listening") {
                return Ok(gateway);
            }
        }
        let log = fs::read_to_string(scratch.join("gateway.log")).unwrap_or_default();
        bail!("the gateway ended before it listened:\n{log}")
    }

    /// Asks the gateway to stop and waits until it has drained.
    fn stop(&mut self) -> anyhow::Result<()> {
        output(Command::new("kill").args(["-TERM", &self.process.id().to_string()]))?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait()? {
                ensure!(status.success(), "the gateway ended with {status}");
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the gateway did not stop within {PATIENCE:?}")
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

/// Shows one observation as the city's environment bureau reads it.
fn show_record(client: &Client<'_>) -> anyhow::Result<()> {
    let listed = client.json(
        "records",
        "city-eco",
        &["--feed", "hj212", "--entity", "Observation", "--limit", "1"],
    )?;
    let id = listed["records"][0]["envelope"]["recordId"]
        .as_str()
        .context("the list holds no record")?;
    let mut record = client.json("records", "city-eco", &["--id", id])?;
    // The message itself is in base64 here; the reader wants the record.
    if let Some(provenance) = record["provenance"].as_object_mut() {
        provenance.remove("payload");
    }
    println!("{}", serde_json::to_string_pretty(&record)?);
    Ok(())
}

/// Leaves the gateway serving until it is interrupted.
fn stay(lawgate: &Path, scratch: &Path, address: &str, mut gateway: Gateway) -> anyhow::Result<()> {
    let (binary, folder) = (lawgate.display(), scratch.display());
    println!(
        "\nThe gateway goes on serving on {address}. Try, from another terminal:\n\n  \
         {binary} records --client {folder}/client/city-eco.toml --feed hj212 --limit 5\n  \
         {binary} quarantine list --client {folder}/client/city-eco.toml\n  \
         {binary} submit --client {folder}/client/police.toml --feed police-case adapters/police-case/samples/*.xml\n  \
         {binary} audit list --log {folder}/data/audit\n  \
         {binary} audit verify --log {folder}/data/audit\n\nCtrl-C stops it.\ndemo: OK, serving"
    );
    std::io::stdout().flush()?;
    gateway.process.wait()?;
    Ok(())
}

/// One row of the table: sums over the answers, and the positions of their entries.
fn summary(feed: &str, answers: &[Value]) -> anyhow::Result<Vec<String>> {
    let sum = |name: &str| {
        answers
            .iter()
            .filter_map(|answer| answer["counts"][name].as_u64())
            .sum::<u64>()
            .to_string()
    };
    let position = |answer: &Value| {
        answer["receipt"]["position"]
            .as_str()
            .unwrap_or("0")
            .to_owned()
    };
    let (first, last) = (
        answers.first().context("no answers")?,
        answers.last().context("no answers")?,
    );
    let positions = if answers.len() == 1 {
        position(first)
    } else {
        format!("{}–{}", position(first), position(last))
    };
    Ok(vec![
        feed.to_owned(),
        sum("messages"),
        sum("records"),
        sum("findings"),
        sum("quarantined"),
        positions,
    ])
}

/// An empty folder for this run; those of earlier runs are removed.
fn scratch(root: &Path) -> anyhow::Result<PathBuf> {
    let scratch = root.join("target/demo");
    if scratch.exists() {
        fs::remove_dir_all(&scratch).with_context(|| format!("removing {}", scratch.display()))?;
    }
    fs::create_dir_all(&scratch)?;
    Ok(scratch)
}

/// Four addresses that are free: the gateway's, and those of its witnesses.
fn free_addresses() -> anyhow::Result<[String; 4]> {
    let bind = |()| TcpListener::bind("127.0.0.1:0");
    // All at once, so that they differ.
    let [first, second, third, fourth] = [(); 4].map(bind);
    let bound = [first?, second?, third?, fourth?];
    let address = |listener: &TcpListener| listener.local_addr();
    let [first, second, third, fourth] = bound.each_ref().map(address);
    let found = [first?, second?, third?, fourth?];
    Ok(found.map(|address| address.to_string()))
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    output_of(command, &[0])
}

fn output_of(command: &mut Command, accepted: &[i32]) -> anyhow::Result<String> {
    let output = command
        .output()
        .with_context(|| format!("running {command:?}"))?;
    let accepted = output
        .status
        .code()
        .is_some_and(|code| accepted.contains(&code));
    if !accepted {
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        bail!("{command:?} ended with {}\n{out}{err}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn path(path: &Path) -> anyhow::Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is no UTF-8", path.display()))
}

fn step(text: &str) {
    println!("── {text}");
}
