"""The chain: what binds each entry to the one before, and all of them to one root.

Entries go in one after another; each is held against what the entries before it give. It knows nothing of files, so a
log's own segments and a mirror's entry bundles are checked by the same rules.
"""

from __future__ import annotations

from . import entry as entries
from .fault import Wrong
from .hashes import SHA256, SM3, Suite, genesis
from .tree import Frontier


class Wanted:
    """What is to be remembered on the way: roots at some sizes, leaf hashes at some positions."""

    def __init__(self, sizes=(), positions=(), observer=None):
        self.sizes = set(sizes)
        self.positions = set(positions)
        self.observer = observer
        self.roots: dict[str, dict[int, bytes]] = {SHA256.name: {}, SM3.name: {}}
        self.leaves: dict[str, dict[int, bytes]] = {SHA256.name: {}, SM3.name: {}}
        self.times: dict[int, int] = {}


class Chain:
    """All that must be known to check the next entry."""

    def __init__(self, wanted: Wanted, with_sm3: bool):
        self.wanted = wanted
        self.with_sm3 = with_sm3
        self.origin: str | None = None
        self.link: bytes | None = None
        # Whether entries link by SM3 too; in a mirror the first entry says so.
        self.is_dual: bool | None = None
        self.second_link: bytes | None = None
        self.time_ns = 0
        self.second_links = 0
        self.trees = {SHA256.name: Frontier(SHA256)}
        if with_sm3:
            self.trees[SM3.name] = Frontier(SM3)
        self._pending: list = []

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self.trees[SHA256.name].size

    def start(self, origin: str, policy_digest: bytes, former_root: bytes, is_dual: bool | None) -> None:
        """Starts at the genesis of a log; `is_dual` is none where only the first entry tells."""
        self.origin, self.is_dual = origin, is_dual
        self.link = genesis(SHA256, origin, policy_digest, former_root)
        if is_dual is not False:
            self.second_link = genesis(SM3, origin, policy_digest, former_root)

    def copy(self) -> "Chain":
        """Returns a chain that goes on apart from this one."""
        other = Chain.__new__(Chain)
        other.__dict__.update(self.__dict__)
        other.trees = {name: tree.copy() for name, tree in self.trees.items()}
        other._pending = []
        return other

    def root(self, suite: Suite = SHA256) -> bytes:
        """Returns the root over the entries so far."""
        return self.trees[suite.name].root()

    def take(self, raw: bytes) -> entries.Entry:
        """Checks the next entry and takes it in; raises `Wrong`, and takes in nothing, when it does not fit."""
        entry = entries.decode(raw)
        if self.origin is None:
            self.origin = entry.origin
        if entry.origin != self.origin:
            raise Wrong("entry-origin", f"the entry is of {entry.origin!r}, the log of {self.origin!r}")
        if entry.position != self.size:
            raise Wrong("entry-position", f"the entry says position {entry.position}")
        if entry.time_ns <= self.time_ns:
            raise Wrong("entry-time", "the entry is not later than the one before it")
        # A mirror does not carry the genesis; there the first link is taken as it stands, and the report says so.
        if self.link is not None and entry.link != self.link:
            raise Wrong("entry-link", "the entry does not contain the hash of the one before it")
        self._check_second_link(entry)
        if entry.position in self.wanted.positions:
            self.wanted.times[entry.position] = entry.time_ns
        self.append(raw, entry.second_link is not None)
        self.time_ns = entry.time_ns
        self._pending.append(entry)
        return entry

    def append(self, raw: bytes, is_dual: bool = False) -> None:
        """Takes in an entry unchecked, by its bytes."""
        self.link = SHA256.leaf(raw)
        self.second_link = SM3.leaf(raw) if is_dual or self.with_sm3 else None
        self._add(SHA256, self.link)
        if self.with_sm3:
            self._add(SM3, self.second_link)

    def take_hash(self, leaf: bytes, second: bytes | None) -> None:
        """Takes in an entry of which only the leaf hashes are known: it links the next one, and its time is not known."""
        self.link, self.second_link = leaf, second
        self._add(SHA256, leaf)
        if self.with_sm3:
            self._add(SM3, second)

    def skip(self, size: int, peaks: list[bytes], link: bytes, second_link: bytes | None, time_ns: int) -> None:
        """Goes on after entries that are not there, from what the next segment says of them.

        The root it gives is held against what others vouch for, like every other. The SM3 tree has no such header.
        """
        tree = Frontier(SHA256)
        tree.size, tree.peaks = size, list(peaks)
        self.trees, self.with_sm3 = {SHA256.name: tree}, False
        self.link, self.second_link, self.time_ns = link, second_link, time_ns
        if size in self.wanted.sizes:
            self.wanted.roots[SHA256.name][size] = tree.root()

    def commit(self) -> None:
        """Hands the entries since the last commit to whoever wants to see them."""
        if self.wanted.observer:
            for entry in self._pending:
                self.wanted.observer(entry)
        self._pending = []

    def _check_second_link(self, entry: entries.Entry) -> None:
        if self.is_dual is None:
            self.is_dual = entry.second_link is not None
        if not self.is_dual:
            if entry.second_link is not None:
                raise Wrong("entry-second-link", "the entry has an SM3 link, in a log whose entries have none")
            return
        if entry.second_link is None:
            raise Wrong("entry-second-link", "the entry has no SM3 link, in a log whose entries have one")
        # Without the genesis the first SM3 link is taken as it stands, like the first link.
        if self.second_link is not None and entry.second_link != self.second_link:
            raise Wrong("entry-second-link", "the entry does not contain the SM3 hash of the one before it")
        self.second_links += 1

    def _add(self, suite: Suite, leaf: bytes) -> None:
        tree = self.trees[suite.name]
        if tree.size in self.wanted.positions:
            self.wanted.leaves[suite.name][tree.size] = leaf
        tree.append(leaf)
        if tree.size in self.wanted.sizes:
            self.wanted.roots[suite.name][tree.size] = tree.root()
