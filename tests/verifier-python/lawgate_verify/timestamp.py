"""Time stamps of RFC 3161, checked by `openssl ts -verify`.

A token proves that the stamped bytes existed at its time, by the word of its authority. Which roots are trusted is the
caller's choice; revocation is not looked at.
"""

from __future__ import annotations

import pathlib
import re
import tempfile
from dataclasses import dataclass

from . import openssl
from .fault import Wrong
from .outcome import Unchecked

_TIME = re.compile(r"^Time stamp: (.+)$", re.M)
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


@dataclass(frozen=True)
class Stamp:
    """A token that holds."""

    time: str
    over: str


def is_bare_token(data: bytes) -> bool:
    """Whether the file is a token itself and not an authority's answer around one."""
    return _SIGNED_DATA in data[2:20]


def check_token(token: pathlib.Path, candidates: list[tuple[str, bytes]], roots: pathlib.Path,
                untrusted: pathlib.Path | None = None, at_s: int | None = None) -> Stamp:
    """Checks that `token` stamps one of `candidates`, each named by what it is."""
    try:
        bare = ["-token_in"] if is_bare_token(token.read_bytes()) else []
    except OSError as error:
        raise Wrong("token", str(error)) from None
    said = ""
    with tempfile.TemporaryDirectory() as name:
        file = pathlib.Path(name) / "data"
        for what, data in candidates:
            file.write_bytes(data)
            done = openssl.run([
                "ts", "-verify", "-data", str(file), "-in", str(token), *bare, "-CAfile", str(roots),
                *(["-untrusted", str(untrusted)] if untrusted else []),
                *(["-attime", str(at_s)] if at_s is not None else []),
            ])
            said = (done.stdout + done.stderr).decode(errors="replace")
            if done.returncode == 0 and "Verification: OK" in said:
                return Stamp(_time_of(token, bare), what)
    if "unsupported" in said or "unknown" in said.lower() and "digest" in said.lower():
        raise Unchecked("openssl does not know an algorithm of the token: " + said.strip()[:200])
    raise Wrong("token", "the time stamp does not hold: " + " ".join(said.split())[:300])


def _time_of(token: pathlib.Path, bare: list[str]) -> str:
    done = openssl.run(["ts", "-reply", "-in", str(token), *bare, "-text"])
    match = _TIME.search(done.stdout.decode(errors="replace"))
    return match.group(1) if match else "unknown"
