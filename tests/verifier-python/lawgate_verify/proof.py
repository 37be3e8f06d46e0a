"""Receipts and proofs in the form c2sp.org/tlog-proof@v1: index, inclusion proof, checkpoint.

A receipt (回执) is a proof whose checkpoint is signed by the key `<origin>/receipt` and whose extra data are the lines
`lawgate-receipt/v1`, `position N`, `leaf BASE64` and `time NANOSECONDS`. The time counts once the entry has been seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import note as notes
from . import text as form
from .fault import Wrong

_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_MAX_HASHES = 64


_RECEIPT = b"lawgate-receipt/v1\n"


@dataclass(frozen=True)
class Facts:
    """What the extra data of a receipt says."""

    leaf: bytes
    time_ns: int


@dataclass(frozen=True)
class Proof:
    """A proof as it stands in its file."""

    index: int
    hashes: tuple[bytes, ...]
    note: notes.Note
    checkpoint: notes.Checkpoint
    extra: bytes | None
    facts: "Facts | None"


def parse_proof(data: bytes) -> Proof:
    """Reads a proof."""
    whole = form.utf8(data, "the proof")
    head, blank, checkpoint = whole.partition("\n\n")
    if not blank:
        raise Wrong("proof-form", "there is no empty line before the checkpoint")
    lines = head.split("\n")
    if lines.pop(0) != _FIRST_LINE:
        raise Wrong("proof-form", f"the first line is not {_FIRST_LINE}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = form.base64_bytes(lines.pop(0)[6:], "the extra data")
    if not lines or not lines[0].startswith("index "):
        raise Wrong("proof-form", "there is no index line")
    index = form.decimal(lines.pop(0)[6:], "the index")
    if len(lines) > _MAX_HASHES:
        raise Wrong("proof-form", f"there are more than {_MAX_HASHES} hashes")
    hashes = tuple(form.hash_bytes(line, "a hash of the proof") for line in lines)
    note = notes.parse_note(checkpoint.encode())
    facts = _facts(extra, index) if extra is not None and extra.startswith(_RECEIPT) else None
    return Proof(index, hashes, note, notes.parse_checkpoint(note.text), extra, facts)


def _facts(extra: bytes, index: int) -> Facts:
    lines = form.utf8(extra, "the extra data").split("\n")
    names = ("position ", "leaf ", "time ")
    if len(lines) != 5 or lines[4] or not all(line.startswith(name) for line, name in zip(lines[1:], names)):
        raise Wrong("receipt-form", "the extra data is not that of a receipt")
    position, leaf, time = (line[len(name):] for line, name in zip(lines[1:], names))
    if form.decimal(position, "the position of the receipt") != index:
        raise Wrong("receipt-form", f"the receipt names position {position} and proves {index}")
    return Facts(form.hash_bytes(leaf, "the leaf of the receipt"), form.decimal(time, "the time of the receipt"))
