"""Sealed values in an evidence package (docs/evidence-package.md, "Sealed values").

A stored result with personal data holds commitments; the package says of each whether it stays sealed, was erased by an
entry, or is disclosed with its salt. SHA-256 is all it takes to check.
"""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass

from . import text as form
from .fault import Wrong
from .package_proofs import Lines

ERASE, _MOST_POSITIONS = 30, 4096


@dataclass(frozen=True)
class Field:
    """One sealed value: where it belongs, its commitment, and what is said of it."""

    path: str
    commitment: bytes
    state: str
    erased_by: int | None = None
    salt: bytes = b""
    value: bytes = b""


@dataclass(frozen=True)
class Fields:
    """The sealed values of a message, and what is said of the message itself."""

    payload: str
    erased_by: int | None
    salt: bytes
    attributes: list[tuple[str, str]]
    fields: list[Field]


def parse_fields(data: bytes) -> Fields:
    """Reads what is said of the sealed values of a message."""
    lines = Lines(data, "lawgate-sealed-fields/v1").lines
    if not lines:
        raise Wrong("proof-form", "there is no line payload")
    words = lines.pop(0).split(" ")
    payload: tuple[str, int | None, bytes]
    if words == ["payload", "sealed"]:
        payload = ("sealed", None, b"")
    elif words == ["payload", "unsalted"]:
        payload = ("included", None, b"")
    elif words[:2] == ["payload", "erased"] and len(words) == 3:
        payload = ("erased", form.decimal(words[2], "a position"), b"")
    elif words[:2] == ["payload", "salted"] and len(words) == 3:
        payload = ("included", None, form.hash_bytes(words[2], "a salt"))
    else:
        raise Wrong("proof-form", "the line payload is not in its one form")
    attributes = []
    while payload[0] == "included" and lines and lines[0].startswith("attribute "):
        attributes.append(_attribute(lines.pop(0)))
    return Fields(*payload, attributes, [_field(line) for line in lines])


def _attribute(line: str) -> tuple[str, str]:
    words = line.split(" ")
    if len(words) != 3:
        raise Wrong("proof-form", "a line of an attribute is not in its one form")
    try:
        name, value = (form.base64_bytes(word, "an attribute").decode() for word in words[1:])
    except UnicodeDecodeError as error:
        raise Wrong("proof-form", "an attribute is no UTF-8") from error
    return name, value


def _field(line: str) -> Field:
    words = line.split(" ")
    if len(words) < 4 or words[0] != "field" or not words[1]:
        raise Wrong("proof-form", "a line of a field is not in its one form")
    path, held, state = words[1], form.hash_bytes(words[2], "a commitment"), words[3]
    if state == "sealed" and len(words) == 4:
        return Field(path, held, state)
    if state == "erased" and len(words) == 5:
        return Field(path, held, state, form.decimal(words[4], "a position"))
    if state == "disclosed" and len(words) == 6:
        return Field(path, held, state, None, form.hash_bytes(words[4], "a salt"), form.base64_bytes(words[5], "a value"))
    raise Wrong("proof-form", "a line of a field is not in its one form")


def commitment(tag: str, salt: bytes, value: bytes) -> bytes:
    """SHA-256(0x02, length of tag in 2 bytes, tag, salt, value)."""
    name = tag.encode()
    return hashlib.sha256(b"\x02" + len(name).to_bytes(2, "big") + name + salt + value).digest()


def _messages(data: bytes):
    """Yields number and bytes of each field; the messages read here have no others than those with a length."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        length, at = _varint(data, at)
        if key & 7 != 2 or at + length > len(data):
            raise ValueError
        yield key >> 3, data[at:at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(9):
        if at + place >= len(data):
            break
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError


def commitments(part: bytes) -> list[tuple[str, bytes]] | None:
    """Returns tag and commitment of each sealed value of a stored result; None when it is none."""
    if part[:1] != b"\x02":
        return None
    found = []
    try:
        for number, inner in _messages(part[1:]):
            if number == 2:
                fields = dict(_messages(inner))
                found.append((fields[1].decode(), fields[2]))
    except (ValueError, KeyError):
        return None
    return found if all(len(hash_) == 32 for _, hash_ in found) else None


def erasure(entry, submission: int) -> str | None:
    """Returns when, by whom and why the entry erased values of the submission; None when it did not."""
    try:
        fields = entry.fields
        positions, outcome, case = fields[7][3], fields[8], fields.get(10) or [None, None, None]
        if fields[5] != ERASE or (submission not in positions and len(positions) < _MOST_POSITIONS):
            return None
        by = outcome[3] if outcome[4] is None else f"{outcome[3]} and {outcome[4]}"
        at = datetime.datetime.fromtimestamp(entry.time_ns // 10**9, datetime.timezone.utc)
        when = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"sealed, erased on {when} by {by} (entry {entry.position}, {case[2] or ''})"
    except (AttributeError, KeyError, IndexError, TypeError):
        return None


def shown(value: bytes) -> str:
    """A value for people: text as it is, anything else in hexadecimal."""
    try:
        text = value.decode()
        return text if text.isprintable() else f"hex {value.hex()}"
    except UnicodeDecodeError:
        return f"hex {value.hex()}"
