"""Signed notes, keys and checkpoints (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature).

Forms only: what stands in a note, what a key is called, and which bytes a key would have signed. Whether a signature
is good is for `signatures`, whom to trust for `policy`.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass

from . import text as form
from .fault import Wrong

_LINE = re.compile("\u2014 ([^ ]+) ([^ ]+)")
_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)
MAX_SIGNATURES = 100
ED25519, COSIGNATURE, ML_DSA, SM2 = "Ed25519", "Ed25519 cosignature/v1", "ML-DSA-44 subtree/v1", "SM2 with SM3"
# The bytes before the key, the kind, the length of the key.
_KINDS = ((b"\x01", ED25519, 32), (b"\x04", COSIGNATURE, 32), (b"\x06", ML_DSA, 1312), (b"\xffsm2-sm3/v1", SM2, 65))


def is_key_name(name: str) -> bool:
    """Whether `name` may name a key: not empty, no white space, no plus, no control character."""
    return bool(name) and not any(c.isspace() or c == "+" or ord(c) < 0x20 for c in name)


@dataclass(frozen=True)
class Key:
    """A public key with the name and the id that its signatures bear."""

    name: str
    key_id: bytes
    kind: str
    public: bytes

    @property
    def is_cosigner(self) -> bool:
        """Whether its signatures state a time and are over checkpoints."""
        return self.kind in (COSIGNATURE, ML_DSA)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()} ({self.kind})"


def parse_key(vkey: str) -> Key:
    """Reads a key in its text form: name+id+base64(type and key)."""
    parts = vkey.split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]) or not _ID.fullmatch(parts[1]):
        raise Wrong("key-form", "a key is name+id+base64, the id in eight lower-case hexadecimal digits")
    data = form.base64_bytes(parts[2], "the key")
    for prefix, kind, length in _KINDS:
        if data.startswith(prefix):
            if len(data) != len(prefix) + length:
                raise Wrong("key-form", f"a key of kind {kind} has {length} bytes")
            key_id = hashlib.sha256(parts[0].encode() + b"\n" + data).digest()[:4]
            if key_id.hex() != parts[1]:
                raise Wrong("key-form", f"the id of the key must be {key_id.hex()} and is {parts[1]}")
            return Key(parts[0], key_id, kind, data[len(prefix):])
    raise Wrong("key-form", f"keys of type 0x{data[:1].hex()} are not known here")


@dataclass(frozen=True)
class Signature:
    """A signature line: who claims to have signed, and the bytes after the key id."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A text and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]


def parse_note(data: bytes) -> Note:
    """Reads a signed note."""
    whole = form.utf8(data, "the note")
    if any(ord(c) < 0x20 and c != "\n" for c in whole):
        raise Wrong("note-form", "the note has a control character")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise Wrong("note-form", "a note is a text, an empty line, and signature lines")
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise Wrong("note-form", f"the note has more than {MAX_SIGNATURES} signatures")
    return Note(text + "\n", signatures)


def _signature(line: str) -> Signature:
    match = _LINE.fullmatch(line)
    if not match or not is_key_name(match.group(1)):
        raise Wrong("note-form", "a signature line is not one")
    data = form.base64_bytes(match.group(2), "a signature")
    if len(data) < 5:
        raise Wrong("note-form", "a signature is too short")
    return Signature(match.group(1), data[:4], data[4:])


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself at one size."""

    origin: str
    size: int
    root: bytes
    extension: tuple[str, ...] = ()


def parse_checkpoint(text: str) -> Checkpoint:
    """Reads the text of a checkpoint."""
    lines = text.split("\n")
    if lines.pop() != "" or len(lines) < 3 or "" in lines:
        raise Wrong("checkpoint-form", "a checkpoint is at least three lines, none of them empty")
    size = form.decimal(lines[1], "the size of the checkpoint")
    root = form.hash_bytes(lines[2], "the root of the checkpoint")
    return Checkpoint(lines[0], size, root, tuple(lines[3:]))


def signed_message(key: Key, text: str, timestamp: int) -> bytes:
    """Returns what `key` would have signed for `text`; `timestamp` in seconds, for cosignatures."""
    if key.kind == COSIGNATURE:
        parse_checkpoint(text)
        return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
    if key.kind == ML_DSA:
        checkpoint = parse_checkpoint(text)
        tail = struct.pack(">QQ", 0, checkpoint.size) + checkpoint.root
        return (
            b"subtree/v1\n\0" + _short(key.name) + struct.pack(">Q", timestamp) + _short(checkpoint.origin) + tail
        )
    return text.encode()


def _short(name: str) -> bytes:
    data = name.encode()
    if not 1 <= len(data) <= 255:
        raise Wrong("signature", "a name does not fit the message of a cosignature")
    return bytes([len(data)]) + data
