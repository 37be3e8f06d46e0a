"""The hashes of RFC 6962 section 2.1, over SHA-256 and over SM3.

A leaf is hash(0x00 ‖ data), an inner node hash(0x01 ‖ left ‖ right), the root of nothing hash().
"""

from __future__ import annotations

import hashlib

from . import sm3 as _sm3


class Suite:
    """One hash function and what is made of it."""

    def __init__(self, name: str, digest):
        self.name = name
        self.digest = digest
        self.empty_root = digest(b"")

    def leaf(self, data: bytes) -> bytes:
        """Returns the hash of a leaf."""
        return self.digest(b"\x00" + data)

    def node(self, left: bytes, right: bytes) -> bytes:
        """Returns the hash of an inner node."""
        return self.digest(b"\x01" + left + right)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


SHA256 = Suite("SHA-256", _sha256)
SM3 = Suite("SM3", _sm3.sm3)


def genesis(suite: Suite, origin: str, policy_digest: bytes, former_root: bytes) -> bytes:
    """Returns what the first entry of a log links to (docs/audit-log.md, "What binds entries")."""
    name = origin.encode()
    return suite.digest(b"audit-genesis/v1" + len(name).to_bytes(4, "big") + name + policy_digest + former_root)
