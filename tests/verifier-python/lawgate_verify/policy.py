"""Whom to trust: the policy file of c2sp.org/tlog-policy, and whether a checkpoint satisfies it.

The file must come from somebody else than the operator of the log, or it proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import note as notes
from . import signatures
from . import text as form
from .fault import Wrong


@dataclass
class Policy:
    """Logs, witnesses and the quorum."""

    logs: list[notes.Key] = field(default_factory=list)
    witnesses: dict[bytes, notes.Key] = field(default_factory=dict)
    groups: dict[bytes, tuple[int, list[bytes]]] = field(default_factory=dict)
    quorum: bytes | None = None
    # Keys and the last size at which their signatures count, from a history of keys.
    history: dict[notes.Key, int | None] = field(default_factory=dict)

    def keys(self) -> list[notes.Key]:
        """Returns all keys, each once."""
        return list(dict.fromkeys([*self.logs, *self.witnesses.values(), *self.history]))

    def is_met(self, name: bytes, signed: set[bytes]) -> bool:
        """Whether the witness or group `name` has witnessed what the witnesses in `signed` cosigned."""
        if name == b"none":
            return True
        if name in self.witnesses:
            return name in signed
        threshold, members = self.groups[name]
        return sum(self.is_met(member, signed) for member in members) >= threshold


def parse_policy(data: bytes) -> Policy:
    """Reads a policy file."""
    if any(byte < 0x20 and byte not in (9, 10) or byte == 0x7F for byte in data):
        raise Wrong("policy-form", "the policy has a control character")
    policy = Policy()
    members: set[bytes] = set()
    for number, line in enumerate(data.split(b"\n"), 1):
        words = line.replace(b"\t", b" ").split()
        if not words or words[0].startswith(b"#"):
            continue
        try:
            _line(policy, words, members)
        except Wrong as wrong:
            raise Wrong("policy-form", f"line {number}: {wrong.detail}") from None
    if policy.quorum is None:
        raise Wrong("policy-form", "there is no quorum line")
    return policy


def _line(policy: Policy, words: list[bytes], members: set[bytes]) -> None:
    keyword, rest = words[0], words[1:]
    if keyword == b"log" and len(rest) in (1, 2):
        _no_duplicate(policy.logs, key := _key(rest[0], (notes.ED25519, notes.ML_DSA, notes.SM2)))
        policy.logs.append(key)
    elif keyword == b"witness" and len(rest) in (2, 3):
        key = _key(rest[1], (notes.COSIGNATURE, notes.ML_DSA))
        _no_duplicate(policy.witnesses.values(), key)
        _new_name(policy, rest[0])
        policy.witnesses[rest[0]] = key
    elif keyword == b"group" and len(rest) >= 3:
        _group(policy, rest, members)
    elif keyword == b"quorum" and len(rest) == 1:
        if policy.quorum is not None:
            raise Wrong("", "there is a second quorum line")
        if rest[0] != b"none" and rest[0] not in policy.witnesses and rest[0] not in policy.groups:
            raise Wrong("", "the quorum is not defined on a line before")
        policy.quorum = rest[0]
    else:
        raise Wrong("", "the line is none of log, witness, group and quorum")


def _group(policy: Policy, rest: list[bytes], members: set[bytes]) -> None:
    name, rule, listed = rest[0], rest[1], rest[2:]
    for member in listed:
        if member not in policy.witnesses and member not in policy.groups:
            raise Wrong("", "a member is not defined on a line before")
        if member in members:
            raise Wrong("", "a member is listed twice")
        members.add(member)
    _new_name(policy, name)
    if rule in (b"all", b"any"):
        threshold = len(listed) if rule == b"all" else 1
    elif rule.isdigit() and rule[:1] != b"0" and len(rule) < 10:
        threshold = int(rule)
    else:
        raise Wrong("", "a group needs all, any or a number")
    if not 1 <= threshold <= len(listed):
        raise Wrong("", "the number of a group is above that of its members")
    policy.groups[name] = (threshold, listed)


def _new_name(policy: Policy, name: bytes) -> None:
    if name == b"none" or name in policy.witnesses or name in policy.groups:
        raise Wrong("", "the name is taken")


def _key(vkey: bytes, kinds: tuple[str, ...]) -> notes.Key:
    try:
        key = notes.parse_key(vkey.decode("utf-8"))
    except UnicodeDecodeError:
        raise Wrong("", "the key is not UTF-8") from None
    if key.kind not in kinds:
        raise Wrong("", f"a key of kind {key.kind} cannot stand here")
    return key


def _no_duplicate(keys, key: notes.Key) -> None:
    if any(other.public == key.public for other in keys):
        raise Wrong("", "the same key is listed twice")


def parse_history(data: bytes) -> dict[notes.Key, int | None]:
    """Reads a history of keys: lines `key VKEY`, `key VKEY rotated SIZE`, `key VKEY compromised SIZE`."""
    found: dict[notes.Key, int | None] = {}
    lines = form.utf8(data, "the history of keys").split("\n")
    if lines.pop() != "":
        raise Wrong("history-form", "the last line does not end")
    for number, line in enumerate(lines, 1):
        words = line.split(" ")
        if words[0] != "key" or len(words) not in (2, 4) or words[2:3] not in ([], ["rotated"], ["compromised"]):
            raise Wrong("history-form", f"line {number} is not `key VKEY [rotated|compromised SIZE]`")
        key = notes.parse_key(words[1])
        if key in found:
            raise Wrong("history-form", f"the key on line {number} stands in an earlier line")
        found[key] = form.decimal(words[3], f"the size on line {number}") if len(words) == 4 else None
    return found


@dataclass
class Verdict:
    """What the signatures under a checkpoint amount to."""

    status: str  # "passed", "failed" or "not checked"
    detail: str
    lines: list[signatures.Line]
    witnesses: list[str]
    has_quorum: bool

    @property
    def verified(self) -> int:
        """How many signatures were really found good."""
        return sum(line.status == signatures.VERIFIED for line in self.lines)


def judge(policy: Policy, note: notes.Note, signer: str, needs_quorum: bool = True) -> Verdict:
    """Judges the signatures under a checkpoint that a key named `signer` must have signed.

    Where the quorum is not needed, `has_quorum` says whether it is met: a receipt is given before witnesses can have
    cosigned, and a log keeps its checkpoints as they were before.
    """
    lines = signatures.check_note(note, policy.keys())
    status = {signatures.VERIFIED: set(), signatures.NOT_CHECKED: set(), signatures.INVALID: set()}
    for line in lines:
        if line.key:
            status[line.status].add(line.key)
    good, open_ = status[signatures.VERIFIED], status[signatures.NOT_CHECKED]
    log_keys = {key for key in policy.logs if key.name == signer}
    # The name a witness has in the policy, by its key.
    named = {key: name for name, key in policy.witnesses.items()}
    signed = {named[key] for key in good if key in named}
    perhaps = signed | {named[key] for key in open_ if key in named}
    witnesses = sorted(name.decode("utf-8", "replace") for name in signed)

    def verdict(result: str, detail: str) -> Verdict:
        # A policy without witnesses lets the log vouch for itself, which anchors nothing.
        has_quorum = policy.quorum != b"none" and policy.is_met(policy.quorum, signed)
        return Verdict(result, detail, lines, witnesses, has_quorum)

    invalid = next((line for line in lines if line.status == signatures.INVALID), None)
    if invalid:
        return verdict("failed", f"the signature of {invalid.key} is not good: {invalid.detail}")
    retired = _retired(policy, good, note)
    if retired:
        return verdict("failed", retired)
    if not log_keys:
        return verdict("not checked", f"the policy has no key named {signer}")
    if not log_keys & (good | open_):
        return verdict("failed", f"no key named {signer} signed")
    if needs_quorum and not policy.is_met(policy.quorum, perhaps):
        return verdict("failed", f"the quorum is not met; witnesses that cosigned: {', '.join(witnesses) or 'none'}")
    if open_:
        line = next(line for line in lines if line.status == signatures.NOT_CHECKED)
        return verdict("not checked", f"the signature of {line.key} was NOT checked: {line.detail}")
    return verdict("passed", f"signed by the log; witnesses: {', '.join(witnesses) or 'none'}")


def quorum_time_s(policy: Policy, verdict: Verdict) -> int | None:
    """Returns when the quorum was reached: the earliest time by which enough witnesses had cosigned."""
    named = {key: name for name, key in policy.witnesses.items()}
    times = sorted((line.time_s, named[line.key]) for line in verdict.lines
                   if line.key in named and line.status == signatures.VERIFIED and line.time_s)
    signed: set[bytes] = set()
    for time_s, name in times:
        signed.add(name)
        if policy.is_met(policy.quorum, signed):
            return time_s
    return None


def _retired(policy: Policy, good: set[notes.Key], note: notes.Note) -> str | None:
    """Says which key signed a size past its end; one such signature spoils the checkpoint beside any other."""
    size = notes.parse_checkpoint(note.text).size
    for key in sorted(good, key=str):
        last = policy.history.get(key)
        if last is not None and size > last:
            return f"the key {key} was retired at size {last} and signed size {size}"
    return None
