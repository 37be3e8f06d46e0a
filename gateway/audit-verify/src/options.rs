//! The command line, and nothing else.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{Args, Parser, Subcommand};

/// Checks audit logs, mirrors and evidence packages offline 离线核验审计日志与证据包
#[derive(Debug, Parser)]
#[command(
    name = "lawgate-verify",
    version,
    after_help = "Exit codes 退出码: 0 everything asked was really checked and passed; 1 something is wrong, or nothing was checked; 2 wrong use; 3 nothing is wrong, and something asked could not be checked."
)]
pub(crate) struct Arguments {
    /// What to check.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to check.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a log by its segments 核验日志
    Log {
        /// Folder with the segments.
        folder: PathBuf,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Check a mirror: checkpoint, tiles and entry bundles, all computed again from the entries 核验镜像
    Mirror {
        /// Folder with `checkpoint` and `tile/`.
        folder: PathBuf,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Check that a log only grew between two signed checkpoints 核验两个检查点的一致性
    Checkpoint {
        /// The older checkpoint, a signed note.
        old: PathBuf,
        /// The newer checkpoint, a signed note.
        new: PathBuf,
        #[command(flatten)]
        against: Against,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Check receipts, by themselves or against a log 核验回执
    Receipt {
        /// The receipts.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        against: Against,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Check an archive: every file, every entry, and that the log has the range 核验归档
    Archive {
        /// The folder of the archive.
        folder: PathBuf,
        #[command(flatten)]
        settings: Box<ArchiveSettings>,
    },
    /// Check an evidence package; `lawgate-verify case.evp` does the same 核验证据包
    Package {
        /// The package, a file `.evp`.
        file: PathBuf,
        /// Make its conversions again as well, with the program `lawgate-replay` beside this one 重放包内的转换
        #[arg(long)]
        replay: bool,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Check a node's audit folder: segments, tiles, kept checkpoints, time stamps and lock 核验节点的全部审计文件
    All {
        /// The folder `audit` of the node.
        folder: PathBuf,
        #[command(flatten)]
        settings: Box<Settings>,
    },
}

impl Arguments {
    /// Reads the command line; a package, or `--replay` before it, may stand where a command stands.
    pub(crate) fn read(given: impl Iterator<Item = OsString>) -> Self {
        let mut given: Vec<OsString> = given.collect();
        let is_package =
            |argument: &OsString| Path::new(argument).extension() == Some("evp".as_ref());
        let is_replay = |argument: &OsString| argument == "--replay";
        if given
            .get(1)
            .is_some_and(|first| is_package(first) || is_replay(first))
        {
            given.insert(1, "package".into());
        }
        Self::parse_from(given)
    }
}

impl Command {
    /// Returns the settings, which every command about a log has.
    pub(crate) fn settings(&self) -> Option<&Settings> {
        match self {
            Self::Log { settings, .. }
            | Self::Mirror { settings, .. }
            | Self::Checkpoint { settings, .. }
            | Self::Receipt { settings, .. }
            | Self::Package { settings, .. }
            | Self::All { settings, .. } => Some(settings),
            Self::Archive { .. } => None,
        }
    }
}

/// Whom to trust about an archive.
#[derive(Debug, Args)]
pub(crate) struct ArchiveSettings {
    /// Whom to trust: keys of logs, witnesses and quorum (C2SP tlog-policy); never from the operator of the log 策略
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Root certificates of time-stamping authorities, PEM 时间戳机构根证书
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa_roots: Option<PathBuf>,
    /// The name the log must have 日志名称
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
    /// Threads that check at once; 0 for one on each core.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) threads: usize,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The log against which something is held.
#[derive(Debug, Args)]
pub(crate) struct Against {
    /// Hold it against the log in this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "mirror")]
    pub(crate) log: Option<PathBuf>,
    /// Hold it against the mirror in this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) mirror: Option<PathBuf>,
}

/// Whom to trust, what is held, and what else is asked.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Whom to trust: keys of logs, witnesses and quorum (C2SP tlog-policy); never from the operator of the log 策略
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Up to which size each key was valid 密钥历史
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Signed checkpoints held elsewhere that the log must contain 他处保存的检查点
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) checkpoint: Vec<PathBuf>,
    /// Folder with receipts that the log must honour 回执
    #[arg(long, value_name = "DIR")]
    pub(crate) receipts: Option<PathBuf>,
    /// Root certificates of time-stamping authorities, PEM 时间戳机构根证书
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa_roots: Option<PathBuf>,
    /// A time stamp held elsewhere, over the checkpoint named by --for 可信时间戳
    #[arg(long, value_name = "FILE", requires = "stamped")]
    pub(crate) token: Vec<PathBuf>,
    /// The checkpoint that the --token before or after it is over.
    #[arg(long = "for", id = "stamped", value_name = "NOTE", requires = "token")]
    pub(crate) stamped: Vec<PathBuf>,
    /// Keys of agencies: check their signatures and counters 报送方公钥
    #[arg(long, value_name = "FILE")]
    pub(crate) party_keys: Option<PathBuf>,
    /// Archives that have the entries which are not in the log any more 归档
    #[arg(long, value_name = "DIR", num_args = 1..)]
    pub(crate) archive: Vec<PathBuf>,
    /// The name the log must have 日志名称
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
    /// The time of the examination, seconds since 1970; the clock of this machine when not given 核验时间
    #[arg(long, value_name = "SECONDS", requires = "max_age")]
    pub(crate) now: Option<u64>,
    /// How old the newest checkpoint with a quorum may be; without witnesses in the policy, the newest time stamp 最长允许时差
    #[arg(long, value_name = "SECONDS")]
    pub(crate) max_age: Option<u64>,
    /// How far an entry's time may be after others saw it [default: 60] 时钟容差
    #[arg(long, value_name = "SECONDS")]
    pub(crate) clock_tolerance: Option<u64>,
    /// How long after its checkpoint a time stamp was made at most: finds clocks set back 时间戳最长延迟
    #[arg(long, value_name = "SECONDS")]
    pub(crate) stamp_delay: Option<u64>,
    /// Threads that check at once; 0 for one on each core.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) threads: usize,
    /// Print the verdict as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
