"""Reading JSON (RFC 8259) with places.

Unlike the module of the standard library it keeps numbers as their text, so
that no digit is lost, says for every value at which byte of the message it
stands, and keeps repeated names. Depth is bounded; anything else than JSON is
a fault with its byte and the code that the toolkit of Rust has for it.
"""

from __future__ import annotations

import re
from typing import NoReturn, Optional

#: Deepest nesting of objects and arrays that is read.
MAX_DEPTH = 32

_SPACE = re.compile(rb"[ \t\n\r]*")
_CHUNK = re.compile(rb'[^"\\\x00-\x1f]*')
_DIGITS = re.compile(rb"[0-9]*")
_WORDS = (b"true", b"false", b"null")
_HEX = re.compile(rb"[0-9a-fA-F]{4}")
_ESCAPES = {b'"': '"', b"\\": "\\", b"/": "/", b"b": "\b", b"f": "\f", b"n": "\n", b"r": "\r", b"t": "\t"}


class JsonFault(Exception):
    """What is wrong with a text: a code for the rejection (`document.unclosed`), the byte, a sentence."""

    def __init__(self, code: str, offset: int, text: str) -> None:
        super().__init__(text)
        self.code = code
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
    if reader.at == len(data):
        raise JsonFault("document.empty", 0, "the message has no content")
    if reader.next() not in (b"{", b"[", b'"'):
        raise JsonFault("document.format", reader.at, "the message does not begin as JSON does")
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
        if self.at >= len(self.data):
            raise JsonFault("document.unclosed", len(self.data), "the message ends inside the document")
        raise JsonFault("document.malformed", self.at, text)

    def space(self) -> None:
        self.at = _SPACE.match(self.data, self.at).end()

    def next(self) -> bytes:
        return self.data[self.at : self.at + 1]

    def value(self, depth: int) -> Node:
        first = self.next()
        if first in (b"{", b"["):
            if depth >= MAX_DEPTH:
                raise JsonFault("document.depth", self.at, f"nested deeper than {MAX_DEPTH} levels")
            return self.list("object" if first == b"{" else "array", b"}" if first == b"{" else b"]", depth)
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
            except UnicodeDecodeError as error:
                raise JsonFault("document.encoding", start + error.start, "the text is not UTF-8") from None
            if self.next() == b'"':
                break
            if self.next() != b"\\":
                self.fault("a control character inside a text")
            parts.append(self.escape())
        self.at += 1
        node.text = "".join(parts)
        node.end = self.at
        return node

    def escape(self) -> str:
        start = self.at
        letter = self.data[start + 1 : start + 2]
        if letter != b"u":
            if letter not in _ESCAPES:
                self.bad_escape(start)
            self.at += 2
            return _ESCAPES[letter]
        unit = self.unit(start)
        if not 0xD800 <= unit < 0xE000:
            return chr(unit)
        # A character beyond the basic plane is written as a pair of escapes.
        if unit >= 0xDC00 or self.data[self.at : self.at + 2] != b"\\u":
            self.bad_escape(start)
        low = self.unit(start)
        if not 0xDC00 <= low < 0xE000:
            self.bad_escape(start)
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))

    def unit(self, start: int) -> int:
        digits = self.data[self.at + 2 : self.at + 6]
        if not _HEX.fullmatch(digits):
            self.bad_escape(start)
        self.at += 6
        return int(digits, 16)

    def bad_escape(self, start: int) -> NoReturn:
        """The fault at an escape, unless the text does not even end."""
        self.at = start
        while self.next() != b'"':
            if self.next() < b" ":
                self.fault("a control character inside a text")
            self.at += 2 if self.next() == b"\\" else 1
        self.at = start
        self.fault("an unknown escape")

    def plain(self) -> Node:
        start = self.at
        for word in _WORDS:
            if self.data.startswith(word, start):
                self.at += len(word)
                return self.leaf(word.decode(), start)
        self.take(b"-")
        if not self.take(b"0"):
            self.digits(start)
        if self.take(b"."):
            self.digits(start)
        if self.take(b"eE"):
            self.take(b"+-")
            self.digits(start)
        return self.leaf("number", start)

    def leaf(self, kind: str, start: int) -> Node:
        node = Node(kind, start)
        node.text = self.data[start : self.at].decode()
        node.end = self.at
        return node

    def take(self, letters: bytes) -> bool:
        found = self.next() != b"" and self.next() in letters
        self.at += found
        return found

    def digits(self, start: int) -> None:
        end = _DIGITS.match(self.data, self.at).end()
        if end == self.at:
            self.fault("a value is expected" if self.at == start else "a digit is expected")
        self.at = end
