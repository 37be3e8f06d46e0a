"""The small forms that the texts of C2SP are made of: base64 and decimal numbers, each in its only form."""

from __future__ import annotations

import base64
import binascii
import re

from .fault import Wrong

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}", re.ASCII)


def base64_bytes(text: str, what: str) -> bytes:
    """Decodes standard base64; refuses other alphabets, missing padding and unused bits that are not zero."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise Wrong("text-form", f"{what} is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Wrong("text-form", f"{what} is not base64 in its only form")
    return data


def hash_bytes(text: str, what: str) -> bytes:
    """Decodes a hash of 32 bytes in base64."""
    data = base64_bytes(text, what)
    if len(data) != 32:
        raise Wrong("text-form", f"{what} has {len(data)} bytes and not 32")
    return data


def decimal(text: str, what: str) -> int:
    """Reads a decimal number below 2^64 without leading zeros."""
    if not _DECIMAL.fullmatch(text) or int(text) >= 1 << 64:
        raise Wrong("text-form", f"{what} is not a decimal number")
    return int(text)


def utf8(data: bytes, what: str) -> str:
    """Decodes UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Wrong("text-form", f"{what} is not UTF-8") from None
