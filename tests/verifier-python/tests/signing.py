"""Keys and signed notes for the tests. Needs `cryptography`; `openssl` for SM2."""

from __future__ import annotations

import pathlib
import shutil
import struct
import subprocess
import tempfile

from . import writer

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
except ImportError:
    Ed25519PrivateKey = None
try:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

    MLDSA44PrivateKey.generate()
except Exception:  # Whatever an older library says to this, there is no ML-DSA then.
    MLDSA44PrivateKey = None

HAS_OPENSSL = shutil.which("openssl") is not None


class Key:
    """A private key of any kind a note can bear."""

    def __init__(self, name: str, kind: bytes, secret, public: bytes):
        self.name, self.kind, self.secret, self.public = name, kind, secret, public
        self.vkey = writer.vkey(name, kind, public)

    def line(self, text: str, time_s: int = 0) -> str:
        """The signature line under `text`."""
        if self.kind == b"\x04":
            signed = struct.pack(">Q", time_s) + self.secret(f"cosignature/v1\ntime {time_s}\n{text}".encode())
        elif self.kind == b"\x06":
            signed = struct.pack(">Q", time_s) + self.secret(self.subtree(text, time_s))
        else:
            signed = self.secret(text.encode())
        return writer.signature_line(self.name, self.kind, self.public, signed)

    def subtree(self, text: str, time_s: int) -> bytes:
        """The structure cosigned_message of tlog-cosignature."""
        import base64

        origin, size, root = text.split("\n")[:3]
        name, log = self.name.encode(), origin.encode()
        return b"".join((
            b"subtree/v1\n\0", bytes([len(name)]), name, struct.pack(">Q", time_s), bytes([len(log)]), log,
            struct.pack(">QQ", 0, int(size)), base64.b64decode(root),
        ))


def ed25519(name: str, cosigner: bool = False) -> Key:
    """A new Ed25519 key."""
    secret = Ed25519PrivateKey.generate()
    return Key(name, b"\x04" if cosigner else b"\x01", secret.sign, secret.public_key().public_bytes_raw())


def ml_dsa(name: str) -> Key:
    """A new ML-DSA-44 key."""
    secret = MLDSA44PrivateKey.generate()
    return Key(name, b"\x06", secret.sign, secret.public_key().public_bytes_raw())


def sm2(name: str) -> Key:
    """A new SM2 key, which lives as long as the test folder that openssl gets."""
    folder = pathlib.Path(tempfile.mkdtemp())
    secret = folder / "secret"
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", str(secret))
    public = _openssl("pkey", "-in", str(secret), "-pubout", "-outform", "DER")[-65:]

    def sign(message: bytes) -> bytes:
        (folder / "message").write_bytes(message)
        return _openssl("pkeyutl", "-sign", "-inkey", str(secret), "-rawin", "-digest", "sm3", "-in",
                        str(folder / "message"), "-pkeyopt", "distid:1234567812345678")

    return Key(name, b"\xffsm2-sm3/v1", sign, public)


def _openssl(*arguments: str) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60).stdout


def note(text: str, *lines: str) -> bytes:
    """A signed note."""
    return (text + "\n" + "".join(lines)).encode()
