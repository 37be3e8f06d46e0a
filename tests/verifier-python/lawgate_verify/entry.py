"""The form of an entry: its keys and the kinds of its values (docs/audit-log.md, "What an entry holds")."""

from __future__ import annotations

from dataclasses import dataclass

from .cbor import decode_entry_map
from .fault import Wrong

MAX_ENTRY_BYTES = 65_535
KEY_NAMES = (
    "v", "origin", "seq", "t_ns", "clk", "ev", "actor", "object", "res", "dig", "case", "idem",
    "party", "sealed", "prev", "prev3",
)
_NEEDED = (0, 1, 2, 3, 5, 14)
_ARRAYS = (4, 6, 7, 8, 9, 10, 12, 13)
_BYTES = {11: 16, 14: 32, 15: 32}


@dataclass(frozen=True)
class Entry:
    """A decoded entry. What is hashed is `raw`; nothing is ever encoded again."""

    raw: bytes
    fields: dict

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.fields[1]

    @property
    def position(self) -> int:
        """The place in the log, from 0."""
        return self.fields[2]

    @property
    def time_ns(self) -> int:
        """UTC nanoseconds since 1970-01-01, as the gateway says."""
        return self.fields[3]

    @property
    def link(self) -> bytes:
        """The leaf hash of the entry before, or the genesis."""
        return self.fields[14]

    @property
    def second_link(self) -> bytes | None:
        """The SM3 counterpart of the link, where there is one."""
        return self.fields.get(15)


def decode(raw: bytes) -> Entry:
    """Decodes an entry; raises `Wrong` for anything that is not one in its only form."""
    if len(raw) > MAX_ENTRY_BYTES:
        raise Wrong("entry-encoding", f"the entry has {len(raw)} bytes, more than {MAX_ENTRY_BYTES}")
    fields = decode_entry_map(raw)
    for key, value in fields.items():
        _check_kind(key, value)
    for key in _NEEDED:
        if key not in fields:
            raise Wrong("entry-encoding", f"key {key} is missing")
    return Entry(raw, fields)


def _check_kind(key: int, value) -> None:
    if key >= len(KEY_NAMES):
        raise Wrong("entry-encoding", f"key {key} is unknown")
    if key in _ARRAYS:
        fits = isinstance(value, list)
    elif key in _BYTES:
        fits = isinstance(value, bytes) and len(value) == _BYTES[key]
    elif key == 1:
        fits = isinstance(value, str)
    else:
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not fits:
        raise Wrong("entry-encoding", f"key {key} ({KEY_NAMES[key]}) is of another kind or length than it must be")
    if key == 0 and value != 1:
        raise Wrong("entry-encoding", f"entry version {value} is unknown")
