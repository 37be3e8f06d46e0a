"""Receipts and proofs in the form c2sp.org/tlog-proof@v1: index, inclusion proof, checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from . import note as notes
from . import text as form
from .fault import Wrong

_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_MAX_HASHES = 64


@dataclass(frozen=True)
class Proof:
    """A proof as it stands in its file."""

    index: int
    hashes: tuple[bytes, ...]
    note: notes.Note
    checkpoint: notes.Checkpoint
    extra: bytes | None


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
    return Proof(index, hashes, note, notes.parse_checkpoint(note.text), extra)
