"""What can be wrong with a log, and where.

Two exceptions: `Wrong` says what is wrong with bytes, `Fault` adds where they stand. Neither speaks of this program's
own failures.
"""

from __future__ import annotations

from dataclasses import dataclass


class Wrong(Exception):
    """Bytes are not what they must be. `kind` is one of a fixed set of words, `detail` is for people."""

    def __init__(self, kind: str, detail: str = ""):
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True)
class Fault:
    """The first thing wrong with a log. Everything before `position` is sound; nothing is said of what comes after."""

    position: int
    kind: str
    detail: str = ""
    file: str = ""
    offset: int = 0

    def __str__(self) -> str:
        place = f" (byte {self.offset} of {self.file})" if self.file else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"FAIL at {self.position}: {self.kind}{detail}{place}"
