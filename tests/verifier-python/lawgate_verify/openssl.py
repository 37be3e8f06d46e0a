"""Calling the `openssl` program, for what Python's `cryptography` does not check: SM2 signatures and RFC 3161 tokens.

A program that is not there, or does not know an algorithm, leaves a thing unchecked; it never makes it good or bad.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile

from .outcome import Unchecked

SM2_DISTINGUISHING_ID = "1234567812345678"
_DEADLINE_S = 60
# SubjectPublicKeyInfo up to the point: id-ecPublicKey, curve SM2 (1.2.156.10197.1.301), BIT STRING of 66 bytes.
_SM2_KEY_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


def _program() -> str:
    found = shutil.which("openssl")
    if not found:
        raise Unchecked("the program openssl is not there")
    return found


def run(arguments: list[str]) -> subprocess.CompletedProcess:
    """Runs openssl without its environment's configuration deciding anything."""
    environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    try:
        return subprocess.run(
            [_program(), *arguments], capture_output=True, timeout=_DEADLINE_S, env=environment, check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unchecked(f"openssl could not be run: {error}") from None


def verify_sm2(public: bytes, message: bytes, signature: bytes, distinguishing_id: str = SM2_DISTINGUISHING_ID) -> bool:
    """Whether `signature` (DER of r and s) is SM2 with SM3 over `message` by the uncompressed point `public`."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file, content in (("key", _SM2_KEY_PREFIX + public), ("message", message), ("signature", signature)):
            (folder / file).write_bytes(content)
        key = ["-pubin", "-keyform", "DER", "-inkey", str(folder / "key")]
        usable = run(["pkey", "-pubin", "-inform", "DER", "-in", str(folder / "key"), "-noout"])
        if usable.returncode != 0:
            raise Unchecked("openssl does not read the SM2 key")
        done = run([
            "pkeyutl", "-verify", *key, "-rawin", "-digest", "sm3", "-in", str(folder / "message"),
            "-sigfile", str(folder / "signature"), "-pkeyopt", f"distid:{distinguishing_id}",
        ])
    said = done.stdout + done.stderr
    if done.returncode == 0 and b"Verified Successfully" in said:
        return True
    if b"Signature Verification Failure" in said:
        return False
    raise Unchecked("openssl does not verify SM2 with SM3: " + said.decode(errors="replace").strip()[:200])
