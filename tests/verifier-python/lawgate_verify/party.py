"""Party signatures (报送方签名): what an agency signed about a submission, and what its counters show.

The statement is put together from the entry and never read: an array of eight in deterministic CBOR, signed with
Ed25519 over `lawgate-party/v1`, a zero byte and the CBOR. Key 12 holds key id, counter, time, attributes digest and
signature; agency (6), feed (7), payloads root (9) and idempotency digest (11) stand in the entry anyway.

The keys come from a file of whoever checks, never from the log. Its lines are `agency NAME KEY` (base64 of 32 bytes,
or a vkey) and `must-sign NAME POSITION`; `#` starts a comment.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from . import note as notes
from . import signatures
from . import text as form
from .entry import Entry
from .fault import Fault, Wrong
from .outcome import Unchecked

DOMAIN = "lawgate-party/v1"
SUBMIT_EVENT = 1


@dataclass
class PartyKeys:
    """The keys of agencies, and from which position on each must sign."""

    keys: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    must_sign_from: dict[str, int] = field(default_factory=dict)


def key_id(public: bytes) -> bytes:
    """Returns the name of a party key: the first 8 bytes of its SHA-256."""
    return hashlib.sha256(public).digest()[:8]


def parse_keys(text: str) -> PartyKeys:
    """Reads a file of party keys."""
    found = PartyKeys()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or words[0] not in ("agency", "must-sign"):
            raise Wrong("party-keys", f"line {number} is neither `agency NAME KEY` nor `must-sign NAME POSITION`")
        if words[0] == "must-sign":
            found.must_sign_from[words[1]] = form.decimal(words[2], f"the position on line {number}")
        else:
            public = _public(words[2])
            found.keys[words[1], key_id(public)] = public
    if not found.keys:
        raise Wrong("party-keys", "there is not a single key")
    return found


def _public(text: str) -> bytes:
    parts = text.split("+")
    if len(parts) >= 3 and len(parts[1]) == 8 and len(text) != 44:
        key = notes.parse_key(text)
        if key.kind != notes.ED25519:
            raise Wrong("party-keys", f"a party key is Ed25519 and not {key.kind}")
        return key.public
    return form.hash_bytes(text, "the party key")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    width = next(width for width in (1, 2, 4, 8) if number < 1 << (8 * width))
    return bytes([major << 5 | 23 + width.bit_length()]) + number.to_bytes(width, "big")


def _text(value: str) -> bytes:
    data = value.encode()
    return _head(3, len(data)) + data


def _bytes(value: bytes) -> bytes:
    return _head(2, len(value)) + value


@dataclass(frozen=True)
class Signed:
    """What an entry says that an agency signed."""

    agency: str
    feed: str
    idempotency: bytes
    key: bytes
    counter: int
    time_ns: int
    payload_root: bytes
    attributes: bytes
    signature: bytes

    def message(self) -> bytes:
        """Returns the bytes under the signature."""
        cbor = _head(4, 8) + _text(DOMAIN) + _text(self.agency) + _text(self.feed) + _bytes(self.idempotency)
        cbor += _head(0, self.counter) + _head(0, self.time_ns) + _bytes(self.payload_root) + _bytes(self.attributes)
        return DOMAIN.encode() + b"\0" + cbor


def statement(entry: Entry) -> Signed:
    """Puts together what key 12 says was signed; raises `Wrong` where something is missing."""
    party = entry.fields[12]
    shape = [bytes, int, int, bytes, bytes]
    if len(party) != 5 or any(type(value) is not kind for value, kind in zip(party, shape)):
        raise Wrong("party-signature", "key 12 is not key id, counter, time, digest and signature")
    if (len(party[0]), len(party[3]), len(party[4])) != (8, 32, 64) or party[1] < 1 or party[2] < 0:
        raise Wrong("party-signature", "an element of key 12 has another length, or the counter is 0")
    root = _place(entry, 9, bytes, "root over the payloads")
    if len(root) != 32:
        raise Wrong("party-signature", "the root over the payloads has not 32 bytes")
    if 11 not in entry.fields:
        raise Wrong("party-signature", "the entry has a party signature and no idempotency key")
    return Signed(
        _place(entry, 6, str, "agency"), _place(entry, 7, str, "feed"), entry.fields[11], party[0], party[1],
        party[2], root, party[3], party[4],
    )


def _place(entry: Entry, key: int, kind: type, what: str):
    values = entry.fields.get(key)
    if not values or type(values[0]) is not kind:
        raise Wrong("party-signature", f"the entry has a party signature and no {what}")
    return values[0]


class PartyCheck:
    """Takes the entries of a log in order and collects what the signatures and counters show."""

    def __init__(self, keys: PartyKeys):
        self.keys = keys
        self.verified = 0
        self.faults: list[Fault] = []
        self.unchecked: str | None = None
        self._seen: dict[tuple[str, bytes], dict[int, tuple[bytes, int, bool]]] = {}

    def take(self, entry: Entry) -> None:
        """Takes the next entry."""
        try:
            self._take(entry)
        except Unchecked as reason:
            self.unchecked = str(reason)
        except Wrong as wrong:
            self.faults.append(Fault(entry.position, wrong.kind, wrong.detail))

    def _take(self, entry: Entry) -> None:
        accepted = entry.fields[5] == SUBMIT_EVENT
        if 12 not in entry.fields:
            actor = entry.fields.get(6) or [None]
            start = self.keys.must_sign_from.get(actor[0]) if isinstance(actor[0], str) else None
            if accepted and start is not None and entry.position >= start:
                raise Wrong("party-signature", f"agency {actor[0]} must sign its submissions and this one is not signed")
            return
        signed = statement(entry)
        public = self.keys.keys.get((signed.agency, signed.key))
        if public is None:
            raise Wrong("party-signature", f"agency {signed.agency} has no party key {signed.key.hex()}")
        if not signatures.verify(notes.ED25519, public, signed.message(), signed.signature):
            detail = f"the party signature {signed.counter} of agency {signed.agency} is not over this entry"
            raise Wrong("party-signature", detail)
        self.verified += 1
        self._count(signed, entry.position, accepted)

    def _count(self, signed: Signed, position: int, accepted: bool) -> None:
        seen = self._seen.setdefault((signed.agency, signed.key), {})
        digest = hashlib.sha256(signed.message()).digest()
        if signed.counter not in seen:
            seen[signed.counter] = (digest, position, accepted)
            return
        first_digest, first, was_accepted = seen[signed.counter]
        # Refusals of one statement, before and after it was accepted, are one use of its number.
        if first_digest != digest or (was_accepted and accepted):
            raise Wrong("party-replay", f"counter {signed.counter} of agency {signed.agency} was used at {first} already")
        seen[signed.counter] = (digest, first, was_accepted or accepted)

    def gaps(self) -> list[Fault]:
        """Returns the counters that no entry has, each at the entry with the counter behind them."""
        found = []
        for (agency, key), seen in sorted(self._seen.items()):
            expected = 1
            for counter in sorted(seen):
                if counter > expected:
                    detail = f"agency {agency}, key {key.hex()}: counters {expected} to {counter - 1} are missing"
                    found.append(Fault(seen[counter][1], "party-gap", detail))
                expected = counter + 1
        return found
