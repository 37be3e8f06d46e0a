"""The texts of proofs in an evidence package (docs/evidence-package.md, "Proofs"), and what they lead to."""

from __future__ import annotations

from dataclasses import dataclass

from . import text as form
from .fault import Wrong
from .hashes import SHA256


class Lines:
    """The lines of a text, each with its line feed."""

    def __init__(self, data: bytes, first: str):
        whole = form.utf8(data, "the proof")
        if not whole.endswith("\n"):
            raise Wrong("proof-form", "the last line does not end")
        self.lines = whole[:-1].split("\n")
        self.take(first)

    def take(self, line: str) -> None:
        """Takes exactly this line."""
        if not self.lines or self.lines.pop(0) != line:
            raise Wrong("proof-form", f"there is no line {line}")

    def number(self, name: str) -> int:
        """Takes a line with a name and a number."""
        if not self.lines or not self.lines[0].startswith(name + " "):
            raise Wrong("proof-form", f"there is no line {name}")
        return form.decimal(self.lines.pop(0)[len(name) + 1:], name)

    def hashes(self, until: str | None = None) -> list[bytes]:
        """Takes hashes up to the line `until`, or to the end."""
        found = []
        while self.lines and self.lines[0] != until:
            found.append(form.hash_bytes(self.lines.pop(0), "a hash of the proof"))
        return found

    def part(self, name: str) -> tuple[bytes, list[bytes]]:
        """Takes a line with a name, a leaf hash and its path."""
        if not self.lines or not self.lines[0].startswith(name + " "):
            raise Wrong("proof-form", f"there is no line {name}")
        words = self.lines.pop(0)[len(name) + 1:].split(" ")
        leaf, *path = [form.hash_bytes(word, f"a hash of {name}") for word in words]
        return leaf, path


@dataclass(frozen=True)
class Messages:
    """Where the parts of a submission stand in the roots of its entry."""

    count: int
    request: tuple[bytes, list[bytes]]
    payloads: dict[int, tuple[bytes, list[bytes]]]
    results: dict[int, tuple[bytes, list[bytes]]]


def parse_messages(data: bytes) -> Messages:
    """Reads the proofs of the messages of a submission."""
    lines = Lines(data, "lawgate-message-proofs/v1")
    count, request = lines.number("messages"), lines.part("request")
    found = Messages(count, request, {}, {})
    last = -1
    while lines.lines:
        words = lines.lines[0].split(" ")
        number = form.decimal(words[1] if len(words) > 1 else "", "the number of a message")
        if number <= last:
            raise Wrong("proof-form", "messages are not ascending")
        last = number
        found.payloads[number] = lines.part(f"payload {number}")
        found.results[number] = lines.part(f"result {number}")
    return found


def root_of_range(start: int, leaves: list[bytes], size: int, left: list[bytes], right: list[bytes]) -> bytes:
    """Returns the root that a run of leaves gives with the largest subtrees before and behind it."""
    if not leaves or start + len(leaves) > size:
        raise Wrong("proof", "the range is empty or not in the tree")
    before = [(_low_bit_above(start, index), peak) for index, peak in enumerate(left)]
    if len(left) != bin(start).count("1"):
        raise Wrong("proof", "the range has too many or too few hashes on its left")
    stack = [(height, node) for height, node in before]
    at = start
    for leaf in leaves:
        _push(stack, 0, leaf)
        at += 1
    behind = list(right)
    while at < size:
        height = (at & -at).bit_length() - 1
        if not behind:
            raise Wrong("proof", "the range has too few hashes on its right")
        length = min(1 << height, size - at)
        node = behind.pop(0)
        if length == 1 << height:
            _push(stack, height, node)
        else:
            # The last subtree of the tree need not be complete: it joins everything before it from the right.
            stack.append((-1, node))
        at += length
    if behind:
        raise Wrong("proof", "the range has too many hashes on its right")
    root = stack.pop()[1]
    while stack:
        root = SHA256.node(stack.pop()[1], root)
    return root


def _low_bit_above(start: int, index: int) -> int:
    """The height of the complete subtree number `index` before `start`, largest first."""
    heights = [bit for bit in range(start.bit_length() - 1, -1, -1) if start >> bit & 1]
    return heights[index] if index < len(heights) else -1


def _push(stack: list[tuple[int, bytes]], height: int, node: bytes) -> None:
    """Puts a complete subtree on the right edge; two of one height are one of the next."""
    while stack and stack[-1][0] == height:
        node = SHA256.node(stack.pop()[1], node)
        height += 1
    stack.append((height, node))


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Whether the tree of `new` begins with that of `old` (RFC 9162 section 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = path.pop(0)
    for node in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = SHA256.node(node, older), SHA256.node(node, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = SHA256.node(newer, node)
        at, last = at >> 1, last >> 1
    return last == 0 and older == old_root and newer == new_root
