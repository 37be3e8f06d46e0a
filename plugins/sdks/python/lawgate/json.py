"""Reading JSON (RFC 8259) with places.

Unlike the module of the standard library it keeps numbers as their text, so
that no digit is lost, says for every value at which byte of the message it
stands, and keeps repeated names. Depth is bounded; anything else than JSON is
a fault with its byte.
"""

from __future__ import annotations

import re
from typing import NoReturn, Optional

#: Deepest nesting read.
MAX_DEPTH = 64

_SPACE = re.compile(rb"[ \t\n\r]*")
_CHUNK = re.compile(rb'[^"\\\x00-\x1f]*')
_PLAIN = re.compile(rb"[-+.0-9A-Za-z]*")
_NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_HEX = re.compile(rb"[0-9a-fA-F]{4}")
_ESCAPES = {b'"': '"', b"\\": "\\", b"/": "/", b"b": "\b", b"f": "\f", b"n": "\n", b"r": "\r", b"t": "\t"}


class JsonFault(Exception):
    """What is wrong with a text, and at which byte."""

    def __init__(self, offset: int, text: str) -> None:
        super().__init__(text)
        self.offset = offset
        self.text = text


class Node:
    """A value.

    `kind` is object, array, text, number, true, false or null; `start` and `end` are bytes of the message. Objects
    and arrays have `items`; items of objects have `name`. Texts, numbers and words have `text`.
    """

    __slots__ = ("kind", "start", "end", "text", "items", "name")

    def __init__(self, kind: str, start: int) -> None:
        self.kind = kind
        self.start = start
        self.end = start
        self.text = ""
        self.items: list[Node] = []
        self.name = ""

    def get(self, name: str) -> Optional[Node]:
        """The first member of this name."""
        if self.kind != "object":
            return None
        return next((item for item in self.items if item.name == name), None)

    @property
    def length(self) -> int:
        """Length in bytes."""
        return self.end - self.start


def read(data: bytes) -> Node:
    """Reads one JSON text in UTF-8; raises JsonFault."""
    reader = _Reader(data)
    reader.space()
    node = reader.value(0)
    reader.space()
    if reader.at < len(data):
        reader.fault("something follows the value")
    return node


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        # A byte order mark is not part of the text.
        self.at = 3 if data.startswith(b"\xef\xbb\xbf") else 0

    def fault(self, text: str) -> NoReturn:
        raise JsonFault(self.at, text)

    def space(self) -> None:
        self.at = _SPACE.match(self.data, self.at).end()

    def next(self) -> bytes:
        return self.data[self.at : self.at + 1]

    def value(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self.fault(f"nested deeper than {MAX_DEPTH}")
        first = self.next()
        if first == b"{":
            return self.list("object", b"}", depth)
        if first == b"[":
            return self.list("array", b"]", depth)
        if first == b'"':
            return self.string()
        return self.plain()

    def list(self, kind: str, close: bytes, depth: int) -> Node:
        node = Node(kind, self.at)
        self.at += 1
        self.space()
        if self.next() != close:
            while True:
                name = ""
                if kind == "object":
                    if self.next() != b'"':
                        self.fault("a name is expected")
                    name = self.string().text
                    self.space()
                    self.expect(b":")
                    self.space()
                item = self.value(depth + 1)
                item.name = name
                node.items.append(item)
                self.space()
                if self.next() != b",":
                    break
                self.at += 1
                self.space()
        self.expect(close)
        node.end = self.at
        return node

    def expect(self, letter: bytes) -> None:
        if self.next() != letter:
            self.fault(f"{letter.decode()} is expected")
        self.at += 1

    def string(self) -> Node:
        node = Node("text", self.at)
        self.at += 1
        parts = []
        while True:
            start = self.at
            self.at = _CHUNK.match(self.data, start).end()
            try:
                parts.append(self.data[start : self.at].decode())
            except UnicodeDecodeError:
                raise JsonFault(start, "the text is not UTF-8") from None
            if self.next() == b'"':
                break
            if self.next() != b"\\":
                self.fault("the text does not end")
            parts.append(self.escape())
        self.at += 1
        node.text = "".join(parts)
        node.end = self.at
        return node

    def escape(self) -> str:
        letter = self.data[self.at + 1 : self.at + 2]
        if letter != b"u":
            if letter not in _ESCAPES:
                self.fault("an unknown escape")
            self.at += 2
            return _ESCAPES[letter]
        unit = self.unit()
        if 0xDC00 <= unit < 0xE000:
            self.fault("half of a character")
        if not 0xD800 <= unit < 0xDC00:
            return chr(unit)
        if self.data[self.at : self.at + 2] != b"\\u":
            self.fault("half of a character")
        low = self.unit()
        if not 0xDC00 <= low < 0xE000:
            self.fault("half of a character")
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))

    def unit(self) -> int:
        digits = self.data[self.at + 2 : self.at + 6]
        if not _HEX.fullmatch(digits):
            self.fault("four hexadecimal digits are expected")
        self.at += 6
        return int(digits, 16)

    def plain(self) -> Node:
        start = self.at
        end = _PLAIN.match(self.data, start).end()
        text = self.data[start : min(end, start + 1024)]
        is_word = text in (b"true", b"false", b"null")
        if end - start > 1024 or not (is_word or _NUMBER.match(text)):
            self.fault("a value is expected")
        node = Node(text.decode() if is_word else "number", start)
        node.text = text.decode()
        self.at = node.end = end
        return node
