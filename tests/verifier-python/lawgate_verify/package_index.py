"""The list and the index of an evidence package: what is in it, by their own words (docs/evidence-package.md)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from . import sm3
from . import text as form
from .fault import Wrong

MANIFEST, INDEX, CHECKPOINT = "manifest.csv", "package.json", "checkpoint/checkpoint"
SEAL_ENTRY, SEAL_RECEIPT = "seal/entry.cbor", "seal/receipt.tlog-proof"
POLICY, KEY_HISTORY, RANGE_PROOF = "policy/policy", "policy/key-history", "proofs/range.proof"
UNLISTED = (MANIFEST, SEAL_ENTRY, SEAL_RECEIPT)
_ALWAYS = ("statement.html", "verify/lawgate_verify.pyz", "verify/README.txt", MANIFEST, INDEX, CHECKPOINT, POLICY)
OPTIONAL = ("statement.pdf", "transfer.json", KEY_HISTORY, SEAL_ENTRY, SEAL_RECEIPT)
_HEADER = "\ufeffno 序号,file 文件,category 类别,format 文件格式,bytes 字节数,sha256 SHA-256校验值,sm3 SM3校验值"
_KEYS = {
    "format", "type", "subject", "origin", "size", "is_final", "query", "made_at", "software", "agency", "is_masked",
    "entries", "range", "submissions", "adapters", "receipts", "consistency", "stamps", "left_out",
}


@dataclass(frozen=True)
class Line:
    """Length and digests of a file."""

    bytes: int
    sha256: str
    sm3: str


def line_of(data: bytes) -> Line:
    """Computes what the list says of a file."""
    return Line(len(data), hashlib.sha256(data).hexdigest(), sm3.sm3(data).hex())


def parse_manifest(data: bytes) -> dict[str, Line]:
    """Reads the list."""
    lines = form.utf8(data, "the list").split("\n")
    if lines.pop(0) != _HEADER or not lines or lines.pop() != "":
        raise Wrong("list-form", "the first line or the end of the list is another")
    found: dict[str, Line] = {}
    last = ""
    for number, line in enumerate(lines, 1):
        columns = line.split(",")
        if len(columns) != 7 or columns[0] != str(number) or columns[1] <= last:
            raise Wrong("list-form", f"line {number + 1} of the list is not in its one form")
        last = columns[1]
        found[last] = Line(form.decimal(columns[4], "a length of the list"), columns[5], columns[6])
    return found


def parse_index(data: bytes) -> dict:
    """Reads the index; raises `Wrong` unless it has exactly the keys it must have."""
    try:
        index = json.loads(form.utf8(data, "the index"))
    except ValueError:
        raise Wrong("index-form", "the index is not JSON") from None
    if not isinstance(index, dict) or set(index) != _KEYS or index["format"] != "lawgate-evidence/v1":
        raise Wrong("index-form", "the index does not have the keys or the format of a package")
    try:
        ascending = [
            [item["position"] for item in index["entries"]],
            [item["position"] for item in index["submissions"]],
            *([item["number"] for item in one["items"]] for one in index["submissions"]),
            index["receipts"], index["consistency"], index["stamps"],
        ]
        expected(index)
    except (KeyError, TypeError, AttributeError):
        raise Wrong("index-form", "the index does not have the form of a package") from None
    for numbers in ascending:
        is_number = all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers)
        if not is_number or any(a >= b for a, b in zip(numbers, numbers[1:])):
            raise Wrong("index-form", "a list of the index is not ascending")
    return index


def in_range(index: dict, position: int) -> bool:
    """Whether the proof of the range covers the position."""
    span = index["range"]
    return span is not None and span["from"] <= position < span["to"]


def expected(index: dict) -> set[str]:
    """Returns the names of all files that the index asks for or allows."""
    names = {*_ALWAYS, *OPTIONAL}
    for item in index["entries"]:
        position = item["position"]
        names |= {f"entries/{position}.cbor", f"entries/{position}.json"}
        if not in_range(index, position):
            names.add(f"proofs/{position}.proof")
    if index["range"] is not None:
        names.add(RANGE_PROOF)
    for one in index["submissions"]:
        position = one["position"]
        names.add(f"proofs/{position}.messages")
        if one["request"] == "included":
            names.add(f"results/{position}/request.pb")
        for item in one["items"]:
            if item["payload"] == "included":
                names.add(f"payloads/{position}/{item['number']}.bin")
            if item["result"] == "included":
                names.add(f"results/{position}/{item['number']}.pb")
            if item.get("sealed"):
                names.add(f"sealed/{position}/{item['number']}.fields")
            names |= {f"records/{record}.json" for record in item["records"]}
    for adapter in index["adapters"]:
        if adapter["component_is"] == "included":
            names.add(f"adapters/{adapter['component']}.wasm")
        if adapter["configuration_is"] == "included":
            names.add(f"adapters/{adapter['configuration']}.configuration")
    names |= {f"receipts/{position}.tlog-proof" for position in index["receipts"]}
    names |= {f"proofs/consistency-{old}.proof" for old in index["consistency"]}
    for size in index["stamps"]:
        names |= {f"stamps/{size}.tsr", f"stamps/{size}.checkpoint"}
    return names
