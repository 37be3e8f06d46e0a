"""The command line: what can be asked for, and the exit code.

0: everything asked for was checked and passed. 1: something is wrong, or nothing was checked. 2: wrong use. 3: nothing
wrong was found, but something asked for could not be checked.
"""

from __future__ import annotations

import argparse
import sys

from . import VERSION, package, tasks
from .report import EXIT_USAGE


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given and given[0].endswith(".evp"):
        given.insert(0, "package")
    options = _parser().parse_args(given)
    try:
        report = options.run(options)
    except SystemExit as problem:
        print(problem.code, file=sys.stderr)
        return EXIT_USAGE
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that cannot show a character must not end the check.
        sys.stdout.reconfigure(errors="backslashreplace")
    print(report.to_json() if options.json else report.to_text())
    return report.exit_code()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lawgate_verify", description="Checks audit logs of lawgate, from their files alone.",
        epilog=__doc__.split("\n\n")[1],
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    log = _command(commands, "log", tasks.run_log, "check a log by its own files (.segment, .open)")
    log.add_argument("folder")
    mirror = _command(commands, "mirror", tasks.run_mirror, "check a mirror: checkpoint, tiles, entry bundles")
    mirror.add_argument("folder")
    everything = _command(commands, "all", tasks.run_all, "check the audit folder of a node: segments, lock, tiles")
    everything.add_argument("folder")
    for command in (log, mirror, everything):
        _held(command)
        _chain(command)
    checkpoint = _command(commands, "checkpoint", tasks.run_checkpoint, "check the signatures under checkpoints")
    checkpoint.add_argument("checkpoint", nargs="+", help="a signed checkpoint")
    checkpoint.set_defaults(receipt=[], known=[], needs_quorum=True)
    _signatures(checkpoint)
    _receipt(commands)
    text = "check that a log only grew between two checkpoints"
    consistency = _command(commands, "consistency", tasks.run_consistency, text)
    consistency.add_argument("old")
    consistency.add_argument("new")
    _source(consistency, required=True)
    consistency.set_defaults(receipt=[], known=[])
    _signatures(consistency)
    _chain(consistency)
    stamp = _command(commands, "timestamp", tasks.run_timestamp, "check a time stamp of RFC 3161 over a file")
    stamp.add_argument("token")
    stamp.add_argument("--data", required=True, help="the stamped file")
    _token_options(stamp, required=True)
    text = "check an evidence package (.evp)"
    evidence = commands.add_parser("package", help=text, description=text)
    package.arguments(evidence)
    evidence.set_defaults(run=package.run)
    _command(commands, "self-test", tasks.run_self_test, "compute published values")
    return parser


def _command(commands, name: str, run, text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text)
    command.add_argument("--json", action="store_true", help="print the report as JSON")
    command.set_defaults(run=run, needs_quorum=False)
    return command


def _receipt(commands) -> None:
    outer = commands.add_parser("receipt", help="check a receipt")
    inner = outer.add_subparsers(required=True, metavar="check")
    receipt = _command(inner, "check", tasks.run_receipt, "check a receipt (c2sp.org/tlog-proof@v1)")
    receipt.add_argument("file")
    receipt.add_argument("--entry", help="the bytes of the entry, as a file")
    receipt.add_argument("--leaf", help="the leaf hash of the entry in hexadecimal")
    _source(receipt, required=False)
    receipt.set_defaults(checkpoint=[], known=[])
    _signatures(receipt)
    _chain(receipt)


def _source(command, required: bool) -> None:
    source = command.add_mutually_exclusive_group(required=required)
    source.add_argument("--log", help="the log to hold it against")
    source.add_argument("--mirror", help="the mirror to hold it against")


def _held(command) -> None:
    command.add_argument("--checkpoint", action="append", default=[], help="a signed checkpoint the log must contain")
    command.add_argument("--receipt", action="append", default=[], help="a receipt the log must honour")
    command.add_argument("--known", action="append", default=[], metavar="SIZE:ROOT", help="a head noted elsewhere")
    _signatures(command)


def _signatures(command) -> None:
    command.add_argument("--policy", help="whom to trust (c2sp.org/tlog-policy); not from the operator of the log")
    text = "the key of receipts (a vkey named <origin>/receipt), where the policy does not list it"
    command.add_argument("--receipt-key", metavar="VKEY", help=text)
    text = "up to which size each key counts: lines `key VKEY [rotated|compromised SIZE]`"
    command.add_argument("--key-history", help=text)
    command.add_argument("--no-signatures", action="store_true", help="leave signatures unchecked, and say so")
    command.add_argument("--token", action="append", default=[], help="a time stamp over one of the checkpoints")
    _token_options(command, required=False)


def _token_options(command, required: bool) -> None:
    command.add_argument("--token-roots", required=required, help="trusted roots of time stamps, PEM")
    command.add_argument("--token-untrusted", help="certificates between root and authority, PEM")
    command.add_argument("--token-time", type=int, help="the time certificates must be valid at, seconds since 1970")


def _chain(command) -> None:
    command.add_argument("--origin", help="the name the log must have")
    command.add_argument("--policy-digest", help="the policy digest the log was created under, hexadecimal")
    command.add_argument("--former-root", help="the last root of the log it continues, hexadecimal")
    command.add_argument("--sm3", action="store_true", help="compute the SM3 root besides")
    command.add_argument("--opaque", action="store_true", help="mirror: take entries as bytes, for logs of others")
    text = "an archive that has entries which are not in the log any more"
    command.add_argument("--archive", action="append", default=[], metavar="DIR", help=text)
    command.add_argument("--party-keys", help="keys of agencies: check party signatures and counters")
    text = "a gap in an agency's counters is only noted: the agency says that it never sent them"
    command.add_argument("--allow-gaps", action="store_true", help=text)
    text = "how old the newest statement of others may be, in seconds"
    command.add_argument("--max-age", type=int, metavar="SECONDS", help=text)
    text = "the time of the examination, seconds since 1970; that of this machine when not given"
    command.add_argument("--now", type=int, metavar="SECONDS", help=text)
    text = "how far the clock of the log may be ahead of others', in seconds [60]"
    command.add_argument("--clock-tolerance", type=int, metavar="SECONDS", help=text)
    text = "how long after its checkpoint a time stamp was made at most, in seconds: finds clocks set back"
    command.add_argument("--stamp-delay", type=int, metavar="SECONDS", help=text)
    text = "an entry that nobody else vouches for is a failure"
    command.add_argument("--require-anchored", action="store_true", help=text)
