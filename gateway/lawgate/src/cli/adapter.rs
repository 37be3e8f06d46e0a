//! The commands about adapters.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::RegistryCommand;

/// `lawgate adapter`.
#[derive(Debug, Subcommand)]
pub(crate) enum AdapterCommand {
    /// Make a project that builds and passes at once (新建适配器).
    #[command(after_help = "\
Examples:
  lawgate adapter new --lang python noise-monitor
  lawgate adapter new --lang rust noise-monitor --sdk gateway/plugins/adapter-sdk")]
    New(AdapterNew),
    /// Build a project as a component, into target/adapter below it.
    #[command(after_help = "\
Compilers are looked for in the project (node_modules, .venv), in --tools, and where the system finds programs. What is
missing is named with the command that installs it. The network is used only with --install.

Examples:
  lawgate adapter build noise-monitor
  lawgate adapter build noise-monitor --install")]
    Build(AdapterBuild),
    /// Convert the samples of a built project and compare them with golden/.
    #[command(after_help = "\
Exit code 1 says that a sample differs.

Examples:
  lawgate adapter test noise-monitor
  lawgate adapter test noise-monitor --update")]
    Test(AdapterTest),
    /// Check what a gateway and an assessor ask of an adapter (验收检查).
    #[command(after_help = "\
Imports, limits, manifest, golden results, the same bytes in fresh sandboxes and in other calls, wrong configurations,
bent messages, time, a full call. Exit code 1 says that a check failed.

Examples:
  lawgate adapter check noise-monitor
  lawgate adapter check noise-monitor-0.1.0.lga --mutations 20000 --seed 7 --output json")]
    Check(AdapterCheck),
    /// Measure an adapter with its samples against its limits and, in Rust, against itself without a sandbox.
    #[command(after_help = "\
Examples:
  lawgate adapter bench noise-monitor
  lawgate adapter bench noise-monitor --native
  lawgate adapter bench noise-monitor-0.1.0.lga --rounds 101")]
    Bench(AdapterBench),
    /// Install an adapter as a gateway would, and print its description, digests and limits.
    #[command(after_help = "\
Everything the gateway refuses at its start is refused here: a foreign import, a manifest that says something else
than the component, every fault of the configuration. Of a pack, its signatures are listed too; whether they count is
what `verify-signature` says.

Examples:
  lawgate adapter inspect noise-monitor/target/adapter
  lawgate adapter inspect noise-monitor-0.1.0.lga
  lawgate adapter inspect adapters/police-case --configuration site/police-case.json --output json")]
    Inspect(AdapterInspect),
    /// Convert files in a sandbox and print the conversions as JSON, or why a message is rejected.
    #[command(after_help = "\
Each file is one message; with --lines each line is one. They are converted with the default limits, 256 messages a
call as in the gateway, and the findings that the gateway adds to records are shown with them. Nothing is kept.

Examples:
  lawgate adapter run noise-monitor/target/adapter samples/hour-gbk.txt
  lawgate adapter run target/adapters/hj212 --lines packets.txt
  cat case.csv | lawgate adapter run target/adapters/police-case --content-type text/csv -")]
    Run(AdapterRun),
    /// Pack a built adapter into one file: component, manifest, configuration, samples, golden results, licence.
    #[command(after_help = "\
The folder holds adapter.toml, configuration.json, LICENSE, README.md, samples/ and golden/; the component is
target/adapter/adapter.wasm below it. The same files give the same bytes. A pack is a tar file: any `tar` lists it,
and `sha256sum --check DIGESTS` checks what was unpacked.

Examples:
  lawgate adapter pack noise-monitor
  lawgate adapter pack noise-monitor --out dist/noise-monitor.lga")]
    Pack(AdapterPack),
    /// Sign a pack with the publisher's key (发布者签名); the pack is replaced.
    #[command(after_help = "\
Make the key once with `keys generate --kind ed25519 NAME --out publisher.pem` (or --kind sm2), and give the
line in publisher.vkey to the gateways that install your adapters. Several may sign one pack.

Examples:
  lawgate adapter sign noise-monitor-0.1.0.lga --key publisher.pem")]
    Sign(AdapterSign),
    /// Say which known publishers signed a pack; exit code 1 when none did.
    #[command(after_help = "\
A file of keys has one key a line, and after it, optionally, the ids of the adapters that key may sign.

Examples:
  lawgate adapter verify-signature noise-monitor-0.1.0.lga --key publisher.vkey
  lawgate adapter verify-signature noise-monitor-0.1.0.lga --keys publishers.keys --output json")]
    VerifySignature(AdapterVerify),
    #[command(flatten)]
    Registry(RegistryCommand),
}

/// An adapter: a folder or a pack.
#[derive(Debug, Args)]
pub(crate) struct AdapterSource {
    /// A pack (.lga), or a folder with `adapter.wasm`, `adapter.toml` and `configuration.json`.
    #[arg(value_name = "ADAPTER")]
    pub(crate) path: PathBuf,
    /// Configuration in place of the adapter's own.
    #[arg(long, value_name = "FILE")]
    pub(crate) configuration: Option<PathBuf>,
}

/// `lawgate adapter inspect`.
#[derive(Debug, Args)]
pub(crate) struct AdapterInspect {
    #[command(flatten)]
    pub(crate) adapter: AdapterSource,
}

/// `lawgate adapter run`.
#[derive(Debug, Args)]
pub(crate) struct AdapterRun {
    #[command(flatten)]
    pub(crate) adapter: AdapterSource,
    /// Each line of a file is one message; the line ends stay with it.
    #[arg(long)]
    pub(crate) lines: bool,
    /// Content type to state with each message.
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// Files; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// `lawgate adapter pack`.
#[derive(Debug, Args)]
pub(crate) struct AdapterPack {
    /// Folder of the adapter.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// The component, when it is not `target/adapter/adapter.wasm` below the folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
    /// The pack; by default `<id>-<version>.lga` in the current folder. An existing one is replaced.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// `lawgate adapter sign`.
#[derive(Debug, Args)]
pub(crate) struct AdapterSign {
    /// The pack.
    #[arg(value_name = "PACK")]
    pub(crate) pack: PathBuf,
    /// Private key: a file that `lawgate keys generate` made. Its public half, `.vkey`, lies beside it.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}

/// `lawgate adapter verify-signature`.
#[derive(Debug, Args)]
pub(crate) struct AdapterVerify {
    /// The pack.
    #[arg(value_name = "PACK")]
    pub(crate) pack: PathBuf,
    /// Key of the one publisher: a verifier key, or the file it stands in.
    #[arg(
        long,
        value_name = "VKEY",
        conflicts_with = "keys",
        required_unless_present = "keys"
    )]
    pub(crate) key: Option<String>,
    /// File of publishers' keys.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
}

/// `lawgate adapter new`.
#[derive(Debug, Args)]
pub(crate) struct AdapterNew {
    /// New folder; its name becomes the adapter's id: lower-case letters, digits and hyphens.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Language.
    #[arg(long, value_name = "LANG", value_parser = ["rust", "js", "python", "c", "go"])]
    pub(crate) lang: String,
    /// Folder of the Rust toolkit, `plugins/adapter-sdk` of a clone; found by itself inside a clone.
    #[arg(long, value_name = "DIR")]
    pub(crate) sdk: Option<PathBuf>,
}

/// `lawgate adapter build`.
#[derive(Debug, Args)]
pub(crate) struct AdapterBuild {
    /// Folder of the adapter.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Let the package manager of the language (npm, pip) install what is missing, which uses the network.
    #[arg(long)]
    pub(crate) install: bool,
    /// Folder of compilers that several projects share: `node_modules`, `venv`.
    #[arg(long, value_name = "DIR")]
    pub(crate) tools: Option<PathBuf>,
}

/// `lawgate adapter test`.
#[derive(Debug, Args)]
pub(crate) struct AdapterTest {
    /// Folder of the adapter, which was built.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Write the golden results anew.
    #[arg(long)]
    pub(crate) update: bool,
}

/// `lawgate adapter check`.
#[derive(Debug, Args)]
pub(crate) struct AdapterCheck {
    /// A pack, or the folder of an adapter, which was built.
    #[arg(value_name = "ADAPTER", default_value = ".")]
    pub(crate) adapter: PathBuf,
    /// Bent messages to try.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) mutations: u32,
    /// What the bent messages follow from.
    #[arg(long, value_name = "N", default_value_t = 212)]
    pub(crate) seed: u64,
}

/// `lawgate adapter bench`.
#[derive(Debug, Args)]
pub(crate) struct AdapterBench {
    /// A pack, or the folder of an adapter, which was built.
    #[arg(value_name = "ADAPTER", default_value = ".")]
    pub(crate) adapter: PathBuf,
    /// Calls for each median.
    #[arg(long, value_name = "N", default_value_t = 31, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rounds: u32,
    /// Measure the full call natively as well; of a project in Rust, which is built for this machine.
    #[arg(long)]
    pub(crate) native: bool,
}
