"""The bytes of every golden conversion, as Python encodes them, against those of Rust.

`golden-bytes.txt` has the SHA-256 of each as prost encodes it. Run by `cargo xtask languages`.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent / "python"))

from lawgate import schema  # noqa: E402
from lawgate.encode import encode  # noqa: E402
from lawgate.json import JsonFault, read  # noqa: E402
from lawgate.values import date_time, decimal, facts, local_time, number, shift  # noqa: E402


def snake(name: str) -> str:
    """`unitSource` as `unit_source`, `from` as `from_`."""
    text = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
    return text + "_" if text in ("from", "class", "import", "global") else text


def prefix(class_: str) -> str:
    """What names of an enumeration begin with in JSON."""
    return "".join("_" + letter if letter.isupper() else letter.upper() for letter in class_)[1:] + "_"


def from_json(class_: str, value: dict):
    """Canonical proto3 JSON as the kit's classes."""
    kind_of = {name: (kind, label, inner) for _, name, kind, label, inner in getattr(schema, class_).FIELDS}
    made = {}
    for key, held in value.items():
        name = next(known for known in kind_of if known.replace("_", "") == snake(key).replace("_", ""))
        kind, label, inner = kind_of[name]

        def one(item):
            if kind == "m":
                return from_json(inner, item)
            if kind == "y":
                return base64.b64decode(item)
            if kind == "e":
                short = item.removeprefix(prefix(inner))
                members = getattr(schema, inner).__members__
                return members[short if short in members else "N" + short]
            return int(item) if kind == "U" else item

        made[name] = held if label == "%" else [one(item) for item in held] if label == "*" else one(held)
    return getattr(schema, class_)(**made)


failures = 0


def check(what: str, found, expected) -> None:
    """Counts and prints what is not as expected."""
    global failures
    if found != expected:
        failures += 1
        print(f"{what}: {found}, expected {expected}", file=sys.stderr)


lines = (HERE / "golden-bytes.txt").read_text().splitlines()
for line in lines:
    digest, path = line.split("  ")
    golden = json.loads((ROOT / path).read_text())
    made = encode(from_json("Conversion", golden["converted"]))
    check(path, hashlib.sha256(made).hexdigest(), digest)

shared = json.loads((HERE / "values.json").read_text())
for text, value, rule, severity, action in shared["numbers"]:
    taken = number(text)
    noted = taken.finding("f", None)
    check(f"number {text}", taken.value and taken.value.value, value)
    check(f"number {text}", taken.rule, rule)
    check(f"number {text}", noted and (noted.severity.name, noted.action.name), (severity, action) if rule else None)
for text, expected in shared["decimals"]:
    check(f"decimal {text}", decimal(text), expected)
for text, power, expected in shared["shifts"]:
    check(f"shift {text} {power}", shift(text, power), expected)
for text, expected, precision in shared["times"]:
    taken = date_time(text)
    check(f"time {text}", taken and (taken.text, taken.precision.name, taken.offset_assumed), expected and (expected, precision, False))
for text, offset, *expected in shared["local"]:
    taken = local_time(text, offset)
    found = taken and [taken.text, taken.precision.name, taken.offset, taken.offset_assumed]
    check(f"local {text} {offset}", found, expected[0] and expected)
for text, code, offset in shared["json"]:
    try:
        read(text.encode())
        found = ("", 0)
    except JsonFault as fault:
        found = (fault.code, fault.offset)
    check(f"json {text}", found, (code, offset))
for text, content_type, declared, used in shared["facts"]:
    found = facts(text.encode(), "d", content_type)
    check(f"facts {text} {content_type}", (found.encoding_declared, found.encoding_used.name), (declared, used))

wrong = [
    schema.Conversion(facts=schema.Quantity()),
    schema.Conversion(facts=schema.MessageFacts(dialect=1)),
    schema.Conversion(records=[schema.Record(observation=schema.Observation(cn=-1))]),
]
for message in wrong:
    try:
        encode(message)
        check(repr(message), "accepted", "refused")
    except (TypeError, ValueError):
        pass

if failures or len(lines) < 10:
    sys.exit(1)
print(f"python: {len(lines)} conversions have the bytes of Rust")
