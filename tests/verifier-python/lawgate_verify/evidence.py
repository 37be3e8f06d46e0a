"""What is held against a log: checkpoints, receipts, heads noted elsewhere, time stamps.

Files of whoever checks. Each is read here, its signatures are judged by the policy, and afterwards its root is compared
with the one that the log's own entries give.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, field

from . import clocks
from . import note as notes
from . import policy as policies
from . import timestamp
from .fault import Fault, Wrong
from .hashes import SHA256, SM3, Suite
from .outcome import Unchecked
from .proof import Proof, parse_proof
from .report import FAILED, NOT_CHECKED, PASSED, Report
from .tree import root_from_inclusion


@dataclass
class Held:
    """One root that somebody holds: of which log, at which size, and who vouches for it."""

    what: str
    origin: str | None
    size: int
    root: bytes
    anchors: list[str] = field(default_factory=list)
    proof: Proof | None = None
    # What a time stamp of it is over.
    text: bytes | None = None
    quorum: str | None = None
    stamp: str | None = None
    # When the quorum was reached, and when it was stamped, in seconds since 1970.
    quorum_time_s: int | None = None
    stamp_time_s: int | None = None
    agrees: bool = False

    @property
    def suite(self) -> Suite:
        """The tree it is about."""
        return SM3 if self.origin and self.origin.endswith("/sm3") else SHA256


class Evidence:
    """All that is held against one log."""

    def __init__(self, report: Report, policy: policies.Policy | None, skip_signatures: bool):
        self.report = report
        self.policy = policy
        self.skip_signatures = skip_signatures
        self.held: list[Held] = []
        self.needs_stamp = False
        # What is wrong with a receipt by itself, and hence with the entry that it names.
        self.faults: list[Fault] = []

    def add_known(self, given: str) -> None:
        """Takes `SIZE:ROOT`, a head noted elsewhere."""
        size, _, root = given.partition(":")
        try:
            self.held.append(Held(f"known head {size}", None, int(size), bytes.fromhex(root), ["a head you noted"]))
            if len(self.held[-1].root) != 32:
                raise ValueError
        except ValueError:
            raise SystemExit(f"--known {given}: not SIZE:ROOT, the root in 64 hexadecimal digits") from None

    def add_checkpoint(self, what: str, data: bytes, needs_quorum: bool = False) -> Held | None:
        """Takes a signed checkpoint; returns it unless it is none or a signature under it is wrong."""
        try:
            note = notes.parse_note(data)
            checkpoint = notes.parse_checkpoint(note.text)
            if checkpoint.extension:
                raise Wrong("checkpoint-form", "the checkpoint has further lines, which those of lawgate never have")
        except Wrong as wrong:
            self.report.add(what, FAILED, str(wrong))
            return None
        held = Held(what, checkpoint.origin, checkpoint.size, checkpoint.root, text=note.text.encode())
        if not self.signatures(held, note, held.origin, needs_quorum):
            return None
        self.held.append(held)
        return held

    def add_receipt(self, what: str, data: bytes) -> None:
        """Takes a receipt, or a proof of others in the same form; that one needs the log's key and the quorum."""
        try:
            proof = parse_proof(data)
        except Wrong as wrong:
            self.report.add(what, FAILED, str(wrong))
            return
        checkpoint = proof.checkpoint
        held = Held(what, checkpoint.origin, checkpoint.size, checkpoint.root, proof=proof)
        held.text = proof.note.text.encode()
        is_receipt = proof.facts is not None
        signer = held.origin + "/receipt" if is_receipt else held.origin
        problem = None
        if not self.signatures(held, proof.note, signer, needs_quorum=not is_receipt):
            problem = f"the signatures of {what} do not hold"
        elif is_receipt and (problem := _inclusion_problem(held, proof.facts.leaf, None)):
            self.report.add(what, FAILED, problem)
        if problem is None:
            self.held.append(held)
        elif is_receipt and self.policy and any(key.name == signer for key in self.policy.keys()):
            # Only of the log that is checked does a receipt name an entry.
            self.faults.append(Fault(proof.index, "receipt", problem))

    def signatures(self, held: Held, note: notes.Note, signer: str, needs_quorum: bool) -> bool:
        """Judges the signatures under what is held; returns whether it may be held at all: wrong ones say nothing."""
        """Judges the signatures under a checkpoint."""
        what = f"signatures of {held.what}"
        if self.skip_signatures:
            self.report.notes.append(f"{what} were NOT checked, as you asked")
            return True
        if self.policy is None:
            self.report.add(what, NOT_CHECKED, "signatures were NOT checked: no policy was given")
            return True
        verdict = policies.judge(self.policy, note, signer, needs_quorum)
        self.report.count("signatures", verdict.verified)
        self.report.add(what, verdict.status, verdict.detail)
        for line in verdict.lines:
            if line.time_s:
                self.report.notes.append(f"{line.name} cosigned {held.what} at {line.time_s} s since 1970")
        unknown = sum(line.key is None for line in verdict.lines)
        if unknown:
            self.report.notes.append(f"{held.what} has {unknown} signatures of keys that the policy does not know")
        if verdict.status != PASSED:
            return verdict.status != FAILED
        if verdict.has_quorum:
            held.quorum = f"quorum of witnesses ({', '.join(verdict.witnesses)})"
            held.quorum_time_s = policies.quorum_time_s(self.policy, verdict)
        if held.proof and held.proof.facts:
            held.anchors.append("a receipt that you hold")
        return True

    def add_token(self, path: pathlib.Path, over: list[Held], roots: pathlib.Path | None, untrusted, at_s) -> None:
        """Takes a time stamp over the text of one of the checkpoints in `over`."""
        what = f"time stamp {path}"
        if roots is None:
            self.report.add(what, NOT_CHECKED, "the time stamp was NOT checked: no --token-roots were given")
            return
        problem = "no checkpoint was given that it could be over"
        for held in over:
            if held.text is None:
                continue
            try:
                stamp = timestamp.check_token(path, [("the text of the checkpoint", held.text)], roots, untrusted, at_s)
            except Unchecked as reason:
                self.report.add(what, NOT_CHECKED, f"the time stamp was NOT checked: {reason}")
                return
            except Wrong as wrong:
                problem = wrong.detail
                continue
            held.stamp = f"time stamp of {stamp.time}"
            held.stamp_time_s = clocks.stamp_time_s(stamp.time)
            self.report.count("time stamps")
            self.report.add(what, PASSED, f"of {stamp.time}, over {stamp.over} of size {held.size}")
            return
        self.report.add(what, FAILED, problem)

    def compare(self, origin: str | None, size: int, wanted, fault: Fault | None) -> Fault | None:
        """Holds everything against the entries; returns what does not agree at the lowest position."""
        found = [fault] if fault else []
        found += [*self.faults, *filter(None, [self._roots(origin, size, wanted, fault)])]
        found += filter(None, (self._inclusion(held, wanted) for held in self.held))
        self._quorum()
        return min(found, key=lambda each: each.position, default=None)

    def _quorum(self) -> None:
        """Says when the policy has witnesses and none of the checkpoints that agree has enough of them."""
        if self.policy is None or self.policy.quorum == b"none" or self.skip_signatures:
            return
        checkpoints = [held for held in self.held if held.agrees and held.proof is None and held.text is not None]
        if checkpoints and not any(held.quorum for held in self.held if held.agrees):
            self.report.add("quorum", NOT_CHECKED, "no checkpoint that agrees was cosigned by enough witnesses")

    def _roots(self, origin: str | None, size: int, wanted, fault: Fault | None) -> Fault | None:
        differing: list = []
        for held in sorted(self.held, key=lambda held: held.size):
            what = f"root of {held.what}"
            if held.origin is not None and origin is not None and held.origin not in (origin, origin + "/sm3"):
                self.report.add(what, FAILED, f"it is of the log {held.origin} and not of {origin}")
                continue
            root = wanted.roots[held.suite.name].get(held.size)
            if held.size == 0:
                root = held.suite.empty_root
            if root is None or held.size > size:
                self._beyond(what, held, size, fault, differing)
            elif root != held.root:
                self.report.add(what, FAILED, f"the entries give another root at size {held.size}")
                detail = f"the log differs from {held.what} somewhere before position {held.size}"
                differing.append((held.size, "differs-from-known", detail))
            else:
                self.report.add(what, PASSED, f"the entries give this root at size {held.size}")
                self.report.count("roots")
                held.agrees = True
        if not differing:
            return None
        at, kind, detail = min(differing)
        # Two heads that disagree with each other may both be below one that agrees with neither.
        below = max((held.size for held in self.held if held.agrees and held.size < at), default=0)
        position = size if kind == "shorter-than-known" else below
        return Fault(position, kind, detail)

    def _beyond(self, what: str, held: Held, size: int, fault: Fault | None, differing: list) -> None:
        if fault and fault.position < held.size:
            self.report.add(what, NOT_CHECKED, f"the log fails at {fault.position}, before the size {held.size}")
        elif size < held.size:
            self.report.add(what, FAILED, f"the log has {size} entries and this says {held.size}")
            differing.append((held.size, "shorter-than-known", f"{held.what} says {held.size} entries"))
        else:
            self.report.add(what, NOT_CHECKED, "the entries give no root of this tree")

    def _inclusion(self, held: Held, wanted) -> Fault | None:
        """Holds a receipt against the entry at its place; returns what is wrong with that entry."""
        if held.proof is None:
            return None
        leaf = wanted.leaves[held.suite.name].get(held.proof.index)
        what = f"inclusion in {held.what}"
        if leaf is None and held.agrees:
            self.report.add(what, FAILED, f"its position {held.proof.index} is not below its size {held.size}")
        if leaf is None:
            return None  # The log ends, or fails, before it; its root says so.
        problem = check_inclusion(self.report, what, held, leaf, wanted.times.get(held.proof.index))
        return Fault(held.proof.index, "receipt", problem) if problem else None

    def anchors(self) -> list[tuple[int, str]]:
        """Returns the sizes that somebody vouches for, where the log agrees.

        Where witnesses and time stamps are both asked for, both have to reach a size. What you hold yourself counts
        for you alone, and each by itself.
        """
        agreeing = [held for held in self.held if held.agrees]
        found = [(held.size, who) for held in agreeing for who in held.anchors]
        has_witnesses = self.policy is not None and self.policy.quorum != b"none"
        needed = [held_by for is_needed, held_by in (
            (has_witnesses, [(held.size, held.quorum) for held in agreeing if held.quorum]),
            (self.needs_stamp, [(held.size, held.stamp) for held in agreeing if held.stamp]),
        ) if is_needed]
        if needed and all(needed):
            newest = [max(each) for each in needed]
            found.append((min(size for size, _ in newest), "; ".join(who for _, who in newest)))
        return found


def check_inclusion(report: Report, what: str, held: Held, leaf: bytes, time_ns: int | None) -> str | None:
    """Checks the inclusion proof of a receipt for a leaf hash, and its time where the entry has been seen.

    Returns what is wrong.
    """
    problem = _inclusion_problem(held, leaf, time_ns)
    if problem:
        report.add(what, FAILED, problem)
        return problem
    report.count("inclusion proofs")
    report.add(what, PASSED, f"the entry stands at position {held.proof.index} of {held.size}")
    return None


def _inclusion_problem(held: Held, leaf: bytes, time_ns: int | None) -> str | None:
    proof = held.proof
    if proof.facts and proof.facts.leaf != leaf:
        return "the entry is another one than that of the receipt"
    if proof.facts and time_ns is not None and proof.facts.time_ns != time_ns:
        return f"the receipt says the time {proof.facts.time_ns} ns and the entry {time_ns} ns"
    try:
        root = root_from_inclusion(held.suite, proof.index, held.size, leaf, list(proof.hashes))
    except Wrong as wrong:
        return wrong.detail
    return None if root == held.root else f"the proof does not lead from the entry at {proof.index} to the root"
