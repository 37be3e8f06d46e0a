//! From a parsed command line to an exit code.
//!
//! The only place that decides exit codes and prints errors. Each command's
//! module does the work and returns an [`Ending`].

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{AdapterCommand, AuditCommand, CaseCommand, Cli, Command, ConfigCommand};
use crate::output::{Ending, Output, UsageError, is_reader_gone};
use crate::{
    adapter, archive, audit, client, config, init, keys, logging, receipt, replay, serve, witness,
};

/// Runs the command and returns the exit code.
pub(crate) fn run(cli: &Cli) -> ExitCode {
    // Not locked: while `serve` runs, other threads may print too.
    let mut stdout = io::stdout();
    let mut output = Output::new(cli.output, &mut stdout);
    let ending = dispatch(&cli.command, &mut output);
    let code = match ending {
        Ok(ending) => code_of(ending),
        Err(error) => report(&error, cli.verbose, &mut io::stderr()),
    };
    ExitCode::from(code)
}

fn dispatch(command: &Command, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    match command {
        Command::Serve(arguments) => {
            let config = config::load(&arguments.config)?;
            logging::start(&config.log);
            serve::run(config, &arguments.config)?;
            Ok(Ending::Done)
        }
        Command::Config(ConfigCommand::Check(arguments)) => {
            config::command::check(&arguments.config, output)
        }
        Command::Config(ConfigCommand::Reference) => {
            output.text(&config::reference())?;
            Ok(Ending::Done)
        }
        Command::Init(arguments) => init::run(arguments, output),
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "lawgate", &mut script);
            output.text(&String::from_utf8_lossy(&script))?;
            Ok(Ending::Done)
        }
        Command::Submit(arguments) => runtime()?.block_on(client::submit(arguments, output)),
        Command::Records(arguments) => runtime()?.block_on(client::records(arguments, output)),
        Command::Quarantine(command) => runtime()?.block_on(client::workbench(command, output)),
        Command::Evidence(command) => runtime()?.block_on(client::evidence(command, output)),
        Command::Audit(AuditCommand::Search(arguments)) => {
            runtime()?.block_on(client::search(arguments, output))
        }
        Command::Audit(command) => audit::run(command, output),
        Command::Case(CaseCommand::Show(arguments)) => {
            runtime()?.block_on(client::case_show(arguments, output))
        }
        Command::Replay(arguments) => replay::run(arguments, output),
        Command::Receipt(command) => receipt::run(command, output),
        Command::Keys(command) => keys::run(command, output),
        Command::Archive(command) => archive::run(command, output),
        Command::Backup(arguments) => archive::backup(arguments, output),
        Command::Restore(arguments) => archive::restore(arguments, output),
        Command::Witness(arguments) => witness::run(arguments, output),
        Command::Personal(command) => runtime()?.block_on(client::personal(command, output)),
        Command::Adapter(AdapterCommand::Registry(command)) => {
            runtime()?.block_on(client::registry(command, output))
        }
        Command::Adapter(command) => adapter::run(command, output),
    }
}

/// One thread is enough for a client that waits for one answer at a time.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn code_of(ending: Ending) -> u8 {
    match ending {
        Ending::Done => 0,
        Ending::Wrong => 1,
        Ending::Quarantined => 3,
    }
}

/// Prints the error, one line unless it is a list of faults, and returns the exit code.
fn report(error: &anyhow::Error, verbose: bool, stderr: &mut dyn Write) -> u8 {
    if error.chain().any(is_reader_gone) {
        return 0;
    }
    let mut line = error.to_string();
    let innermost = error.root_cause().to_string();
    // The innermost cause says what to do; many a first line quotes it already.
    if !verbose && !line.contains(&innermost) {
        line.push_str(&format!(": {innermost}"));
    }
    // Standard error may be gone as well; there is nowhere left to say so.
    let _ = writeln!(stderr, "lawgate: {line}");
    if verbose {
        for cause in error.chain().skip(1) {
            let _ = writeln!(stderr, "  because: {cause}");
        }
    }
    if error.is::<UsageError>() { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;

    fn reported(error: &anyhow::Error, verbose: bool) -> (u8, String) {
        let mut bytes = Vec::new();
        let code = report(error, verbose, &mut bytes);
        (code, String::from_utf8(bytes).expect("errors are UTF-8"))
    }

    fn deep() -> anyhow::Error {
        anyhow::Error::new(io::Error::other("the disk is gone")).context("the log cannot be read")
    }

    #[test]
    fn an_error_is_one_line_with_its_innermost_cause() {
        let deeper = deep().context("starting");
        assert_eq!(
            reported(&deeper, false),
            (1, "lawgate: starting: the disk is gone\n".to_owned())
        );
        let quoted = deep().context("starting: the disk is gone");
        assert_eq!(
            reported(&quoted, false).1,
            "lawgate: starting: the disk is gone\n",
            "what the line says already is not said twice"
        );
    }

    #[test]
    fn verbose_adds_every_cause() {
        let (code, text) = reported(&deep(), true);
        assert_eq!(code, 1);
        assert_eq!(
            text,
            "lawgate: the log cannot be read\n  because: the disk is gone\n"
        );
    }

    #[test]
    fn a_usage_error_has_its_own_exit_code() {
        assert_eq!(reported(&UsageError::StdinTwice.into(), false).0, 2);
    }

    /// Standard output whose reader has gone.
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        let mut gone = Gone;
        let mut output = Output::new(Format::Json, &mut gone);
        for error in [
            output.line("text").expect_err("nobody reads"),
            output.text("text").expect_err("nobody reads"),
            output.json(&true.into()).expect_err("nobody reads"),
        ] {
            let error = anyhow::Error::new(error).context("printing");
            assert_eq!(reported(&error, true), (0, String::new()));
        }
    }

    #[test]
    fn a_connection_that_breaks_is_an_error_though_the_system_calls_it_the_same() {
        let broken = io::Error::from(io::ErrorKind::BrokenPipe);
        let error = anyhow::Error::new(broken).context("the gateway was not reached");
        assert_eq!(reported(&error, false).0, 1);
    }

    #[test]
    fn endings_have_the_documented_codes() {
        assert_eq!(
            [Ending::Done, Ending::Wrong, Ending::Quarantined].map(code_of),
            [0, 1, 3]
        );
    }
}
