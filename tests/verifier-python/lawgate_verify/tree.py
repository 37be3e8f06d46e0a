"""Merkle trees of RFC 6962: roots from leaf hashes, and the check of an inclusion proof.

A `Frontier` keeps only the roots of the complete subtrees, so a tree of any size takes a few hundred bytes.
"""

from __future__ import annotations

from .fault import Wrong
from .hashes import Suite


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, largest first."""

    def __init__(self, suite: Suite):
        self.suite = suite
        self.size = 0
        self.peaks: list[bytes] = []

    def copy(self) -> "Frontier":
        """Returns a frontier that grows apart from this one."""
        other = Frontier(self.suite)
        other.size, other.peaks = self.size, list(self.peaks)
        return other

    def append(self, leaf: bytes) -> None:
        """Takes in the next leaf hash."""
        node, count = leaf, self.size
        while count & 1:  # A complete subtree of this height stands to the left: the two make one.
            node = self.suite.node(self.peaks.pop(), node)
            count >>= 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Returns the root of the tree so far."""
        if not self.peaks:
            return self.suite.empty_root
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = self.suite.node(peak, node)
        return node


def root_of(suite: Suite, leaves: list[bytes]) -> bytes:
    """Returns the root over leaf hashes."""
    frontier = Frontier(suite)
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def root_from_inclusion(suite: Suite, index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes:
    """Returns the root that `proof` gives for `leaf` at `index` of a tree of `size` (RFC 9162 section 2.1.3.2)."""
    if index >= size:
        raise Wrong("proof-index", f"index {index} is not below the size {size}")
    node, at, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise Wrong("proof-length", "the inclusion proof has too many hashes")
        if at & 1 or at == last:
            node = suite.node(sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = suite.node(node, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise Wrong("proof-length", "the inclusion proof has too few hashes")
    return node
