"""Whether the signatures under a note are good: Ed25519, ML-DSA-44 and SM2.

Every line ends up as one of: verified, invalid, unknown key, not checked. `cryptography` does the first two
algorithms; without it their lines are not checked, and nothing pretends otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import note as notes
from . import openssl
from .fault import Wrong
from .outcome import Unchecked

VERIFIED, INVALID, UNKNOWN, NOT_CHECKED = "verified", "invalid", "unknown key", "not checked"
_LATEST_TIME_S = (1 << 63) - 1


@dataclass(frozen=True)
class Line:
    """What came of one signature line."""

    key: notes.Key | None
    name: str
    status: str
    detail: str = ""
    time_s: int | None = None


def check_note(note: notes.Note, keys: list[notes.Key]) -> list[Line]:
    """Checks every signature under `note` that claims to be of one of `keys`."""
    return [_check_line(note, signature, keys) for signature in note.signatures]


def _check_line(note: notes.Note, signature: notes.Signature, keys: list[notes.Key]) -> Line:
    key = next((key for key in keys if (key.name, key.key_id) == (signature.name, signature.key_id)), None)
    if key is None:
        return Line(None, signature.name, UNKNOWN)
    raw, time_s = signature.signature, None
    if key.is_cosigner:
        time_s, raw = int.from_bytes(raw[:8], "big"), raw[8:]
        if time_s > _LATEST_TIME_S:
            return Line(key, key.name, INVALID, "the time is out of range")
    try:
        good = verify(key.kind, key.public, notes.signed_message(key, note.text, time_s or 0), raw)
    except Unchecked as reason:
        return Line(key, key.name, NOT_CHECKED, str(reason))
    except Wrong as wrong:
        return Line(key, key.name, INVALID, str(wrong))
    # A time of zero in an ML-DSA-44 cosignature says nothing about when.
    stated = time_s if time_s else None
    if not good:
        return Line(key, key.name, INVALID, "the signature is not of this key")
    return Line(key, key.name, VERIFIED, "", stated)


def verify(kind: str, public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` is good; raises `Unchecked` when that cannot be told here."""
    if kind in (notes.ED25519, notes.COSIGNATURE):
        return _verify_ed25519(public, message, signature)
    if kind == notes.ML_DSA:
        return _verify_ml_dsa(public, message, signature)
    return openssl.verify_sm2(public, message, signature)


def _verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise Unchecked("the Python package cryptography is not installed") from None
    if len(signature) != 64:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify_ml_dsa(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    except ImportError:
        raise Unchecked("the Python package cryptography is not installed") from None
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

        key = MLDSA44PublicKey.from_public_bytes(public)
    except (ImportError, UnsupportedAlgorithm):
        raise Unchecked("the installed cryptography does not know ML-DSA-44") from None
    except ValueError:
        return False
    if len(signature) != 2420:
        return False
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    except UnsupportedAlgorithm:
        raise Unchecked("the installed cryptography does not know ML-DSA-44") from None
    return True
