"""Checks an evidence package (docs/evidence-package.md), from that document alone.

Every file against the list, the list against the log, the entries against the checkpoint, messages and results against
the entries, signatures against the keys of the policy. A fault in one part does not keep another from being checked, so
that every file that was changed, removed, added or swapped is named.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
import sys
import tempfile

from . import container, entry as entries, note as notes, package_index as index_of, package_proofs as proofs
from . import package_sealed as sealed
from . import policy as policies, timestamp
from .fault import Wrong
from .hashes import SHA256
from .outcome import Unchecked
from .proof import parse_proof
from .report import EXIT_USAGE, FAILED, NOT_CHECKED, PASSED, Report
from .tree import root_from_inclusion

_SUBMIT, _QUERY_RESULT = 1, 4


class PackageCheck:
    """A check under way."""

    def __init__(self, data: bytes, policy: policies.Policy | None, roots: pathlib.Path | None, report: Report):
        self.report, self.roots = report, roots
        self.own_keys = policy is None
        self.policy = policy
        self.members: dict[str, container.Member] = {}
        self.index: dict = {}
        self.digest = b""
        self.root: bytes | None = None
        self.entries: dict[int, entries.Entry] = {}
        self.proven: set[int] = set()
        self.bad: set[int] = set()
        self.quorum: str | None = None
        try:
            self.members = container.read(data)
        except Wrong as wrong:
            report.add("the package", FAILED, str(wrong))
            return
        self._files()
        if self._read_index():
            self._names()
            self._keys()
            self._checkpoint()
            self._entries()
            for one in self.index["submissions"]:
                self._guarded(f"proofs/{one['position']}.messages", self._submission, one)
            self._adapters()
            self._seal()
            self._receipts()
            self._stamps()
            self._standings()

    def fail(self, file: str, detail: str, position: int | None = None) -> None:
        """Says that a file is wrong."""
        self.report.add(file, FAILED, detail)
        if position is not None:
            self.bad.add(position)

    def contents(self, file: str) -> bytes | None:
        """Returns a file that must be there; says so when it is not."""
        member = self.members.get(file)
        if member is None:
            self.fail(file, "missing: the file is not there")
            return None
        try:
            return member.contents()
        except Wrong as wrong:
            self.fail(file, str(wrong))
            return None

    def _guarded(self, file: str, work, *arguments) -> None:
        try:
            work(*arguments)
        except Wrong as wrong:
            self.fail(file, str(wrong))

    def _files(self) -> None:
        data = self.contents(index_of.MANIFEST)
        if data is None:
            return
        self.digest = hashlib.sha256(data).digest()
        self.report.facts["digest"] = self.digest.hex()
        try:
            listed = index_of.parse_manifest(data)
        except Wrong as wrong:
            return self.fail(index_of.MANIFEST, str(wrong))
        for name in listed:
            if name not in self.members:
                self.fail(name, "missing: the file is not there")
        by_line = {line: name for name, line in listed.items()}
        for name in self.members:
            if name in index_of.UNLISTED:
                continue
            if name not in listed:
                self.fail(name, "added: nothing names the file")
            elif (found := self.contents(name)) is not None:
                line = index_of.line_of(found)
                if line == listed[name]:
                    self.report.count("files")
                elif line in by_line:
                    self.fail(name, f"swapped: it has the contents that the list gives to {by_line[line]}")
                else:
                    self.fail(name, "changed: it does not have the length and digests of the list")

    def _read_index(self) -> bool:
        data = self.contents(index_of.INDEX)
        if data is None:
            return False
        try:
            self.index = index_of.parse_index(data)
        except Wrong as wrong:
            self.fail(index_of.INDEX, str(wrong))
            return False
        for name in ("type", "subject", "origin", "size", "agency", "made_at"):
            self.report.facts[name] = str(self.index[name])
        if self.index["is_masked"]:
            self.report.notes.append("personal data was masked or withheld: what is withheld is there by its digest alone")
        for left in self.index["left_out"]:
            self.report.notes.append(f"not in it: {left['what']}: {left['why']} ({left['why_chinese']})")
        return True

    def _names(self) -> None:
        wanted = index_of.expected(self.index)
        for name in self.members:
            if name not in wanted:
                self.fail(name, "added: nothing names the file")
        for name in sorted(wanted - set(index_of.OPTIONAL)):
            if name not in self.members:
                self.fail(name, "missing: the file is not there")

    def _keys(self) -> None:
        if not self.own_keys:
            return
        data = self.contents(index_of.POLICY)
        try:
            self.policy = policies.parse_policy(data or b"")
            if index_of.KEY_HISTORY in self.members:
                self.policy.history = policies.parse_history(self.contents(index_of.KEY_HISTORY) or b"")
        except Wrong as wrong:
            self.fail(index_of.POLICY, str(wrong))
        self.report.notes.append(
            "the keys came with the package: they show that it agrees with itself, not who made it; give --policy"
        )

    def _signed(self, file: str, note: notes.Note, signer: str) -> policies.Verdict | None:
        """Judges the signatures under a note; returns what they amount to."""
        if self.policy is None:
            self.report.add(file, NOT_CHECKED, "signatures were NOT checked: there is no policy")
            return None
        verdict = policies.judge(self.policy, note, signer, needs_quorum=False)
        self.report.count("signatures", verdict.verified)
        if verdict.status != PASSED:
            self.report.add(f"signatures of {file}", verdict.status, verdict.detail)
        return verdict

    def _checkpoint(self) -> None:
        file = index_of.CHECKPOINT
        data = self.contents(file)
        if data is None:
            return
        try:
            note = notes.parse_note(data)
            checkpoint = notes.parse_checkpoint(note.text)
        except Wrong as wrong:
            return self.fail(file, str(wrong))
        if (checkpoint.origin, checkpoint.size, checkpoint.extension) != (self.index["origin"], self.index["size"], ()):
            return self.fail(file, "it is not the checkpoint that the index names")
        self.root = checkpoint.root
        verdict = self._signed(file, note, checkpoint.origin)
        if verdict is None:
            return
        if verdict.status == PASSED and verdict.has_quorum:
            self.quorum = f"quorum of witnesses ({', '.join(verdict.witnesses)})"
        elif self.policy and self.policy.quorum != b"none" and not self.own_keys:
            self.report.add("quorum", NOT_CHECKED, "the checkpoint was not cosigned by enough witnesses")
        if self.quorum is None:
            self.report.notes.append("the checkpoint is provisional: no quorum of witnesses cosigned it")

    def _entries(self) -> None:
        before = None
        for item in self.index["entries"]:
            position, file = item["position"], f"entries/{item['position']}.cbor"
            raw = self.contents(file)
            found = None
            try:
                found = None if raw is None else entries.decode(raw)
            except Wrong as wrong:
                self.fail(file, str(wrong), position)
            if found is not None and (found.position, found.origin) != (position, self.index["origin"]):
                self.fail(file, "the entry is of another log or another position", position)
                found = None
            if found is not None:
                self.entries[position] = found
                self._neighbour(file, before, found)
                self._rendering(position, found)
            before = found
        if self.index["range"] is not None:
            self._guarded(index_of.RANGE_PROOF, self._range)
        for position in self.entries:
            if not index_of.in_range(self.index, position):
                self._guarded(f"proofs/{position}.proof", self._inclusion, position)

    def _neighbour(self, file: str, before, found) -> None:
        if before is None or before.position + 1 != found.position:
            return
        if found.link != SHA256.leaf(before.raw) or found.time_ns <= before.time_ns:
            self.fail(file, "the entry does not link to the one before it, or is not later", found.position)

    def _rendering(self, position: int, found) -> None:
        file = f"entries/{position}.json"
        stated = self.contents(file)
        if stated is None:
            return
        try:
            value = json.loads(stated)
        except ValueError:
            value = None
        fields = {entries.KEY_NAMES[key]: _plain(value) for key, value in found.fields.items()}
        if value != fields:
            self.fail(file, "the JSON is not the rendering of its entry", position)

    def _prove(self, position: int) -> None:
        self.proven.add(position)
        self.report.count("inclusion proofs")

    def _inclusion(self, position: int) -> None:
        file = f"proofs/{position}.proof"
        data, checkpoint = self.contents(file), self.contents(index_of.CHECKPOINT)
        if data is None or checkpoint is None or self.root is None:
            return
        proof = parse_proof(data + checkpoint)
        if proof.index != position or proof.extra is not None:
            return self.fail(file, "the proof is about something else than the index says", position)
        leaf = SHA256.leaf(self.entries[position].raw)
        if root_from_inclusion(SHA256, position, self.index["size"], leaf, list(proof.hashes)) != self.root:
            self.fail(f"entries/{position}.cbor", "it is not the entry of its proof", position)
            return self.fail(file, "the proof does not lead from the entry to the root", position)
        self._prove(position)

    def _range(self) -> None:
        file, span = index_of.RANGE_PROOF, self.index["range"]
        data = self.contents(file)
        if data is None:
            return
        lines = proofs.Lines(data, "lawgate-range-proof/v1")
        start, size = lines.number("from"), lines.number("size")
        lines.take("left")
        left = lines.hashes("right")
        lines.take("right")
        right = lines.hashes("leaves")
        lines.take("leaves")
        leaves = lines.hashes()
        if (start, size, start + len(leaves)) != (span["from"], self.index["size"], span["to"]):
            return self.fail(file, "the proof is about something else than the index says")
        if proofs.root_of_range(start, leaves, size, left, right) != self.root:
            return self.fail(file, "the proof does not lead from the range to the root")
        for position, leaf in enumerate(leaves, start):
            if position not in self.entries:
                self.report.count("parts by digest alone")
            elif SHA256.leaf(self.entries[position].raw) == leaf:
                self._prove(position)
            else:
                self.fail(f"entries/{position}.cbor", "the range has another entry here", position)

    def _submission(self, one: dict) -> None:
        position, file = one["position"], f"proofs/{one['position']}.messages"
        data = self.contents(file)
        if data is None:
            return
        text = proofs.parse_messages(data)
        bound = self.entries.get(position)
        try:
            fields = bound.fields
            if fields[5] != _SUBMIT or fields[8][2][0] != one["messages"]:
                raise TypeError
            payloads, results = fields[9][0], fields[9][2]
        except (AttributeError, KeyError, IndexError, TypeError):
            return self.fail(f"entries/{position}.cbor", "the entry does not say what the index says", position)
        numbers = [item["number"] for item in one["items"]]
        if text.count != one["messages"] or list(text.payloads) != numbers or list(text.results) != numbers:
            return self.fail(file, "the proof is about something else than the index says", position)
        self._part(file, position, 0, text.count + 1, text.request, results)
        self._bytes(f"results/{position}/request.pb", one["request"], text.request, position, "results")
        for item in one["items"]:
            number = item["number"]
            payload, result = text.payloads[number], text.results[number]
            self._part(file, position, number, text.count, payload, payloads)
            self._part(file, position, number + 1, text.count + 1, result, results)
            self._bytes(f"results/{position}/{number}.pb", item["result"], result, position, "results")
            if item.get("sealed"):
                self._guarded(f"sealed/{position}/{number}.fields", self._sealed, position, item, payload)
                continue
            self._bytes(f"payloads/{position}/{number}.bin", item["payload"], payload, position, "messages")

    def _part(self, file: str, position: int, at: int, size: int, part, root) -> None:
        leaf, path = part
        if root_from_inclusion(SHA256, at, size, leaf, path) != root:
            self.fail(file, "the proof does not lead to the root in the entry", position)

    def _sealed(self, position: int, item: dict, payload) -> None:
        """Holds what is said of sealed values against the stored result, their commitments and the erasures."""
        number = item["number"]
        file, at = f"sealed/{position}/{number}.fields", f"entry {position}, message {number}"
        data = self.contents(file)
        if data is None:
            return
        text = sealed.parse_fields(data)
        result = self.contents(f"results/{position}/{number}.pb")
        if result is None or sealed.commitments(result) != [(one.path, one.commitment) for one in text.fields]:
            self.fail(file, "the sealed values are not those of the result", position)
        self._sealed_payload(file, position, item, payload, text)
        for one in text.fields:
            if one.state == "sealed":
                self.report.count("sealed values")
            elif one.state == "erased":
                if self._erased(file, position, one.erased_by, f"{at}: {one.path}"):
                    self.report.count("erased values")
            elif sealed.commitment(one.path, one.salt, one.value) != one.commitment:
                self.fail(file, f"the value disclosed for {one.path} is not the one that was sealed", position)
            else:
                self.report.count("disclosed values")
                self.report.notes.append(f"disclosed: {at}: {one.path} = {sealed.shown(one.value)}")

    def _sealed_payload(self, file: str, position: int, item: dict, payload, text: sealed.Fields) -> None:
        if text.payload != item["payload"]:
            return self.fail(file, "the index says something else of the message", position)
        if text.payload == "included":
            name = f"payloads/{position}/{item['number']}.bin"
            data = self.contents(name)
            if data is not None and SHA256.leaf(text.salt + data) != payload[0]:
                self.fail(name, f"the bytes are not those that the entry of position {position} binds", position)
            elif data is not None:
                self.report.count("messages")
            return
        self.report.count("parts by digest alone")
        if text.payload == "erased":
            self._erased(file, position, text.erased_by, f"entry {position}, message {item['number']}: the message itself")

    def _erased(self, file: str, position: int, entry: int, what: str) -> bool:
        said = sealed.erasure(self.entries.get(entry), position)
        if said is None:
            self.fail(file, f"the entry of position {entry} does not say that this was erased", position)
            return False
        self.report.notes.append(f"{what}: {said}")
        return True

    def _bytes(self, file: str, presence: str, part, position: int, counted: str) -> None:
        if presence != "included":
            return self.report.count("parts by digest alone")
        data = self.contents(file)
        if data is None:
            return
        if SHA256.leaf(data) != part[0]:
            return self.fail(file, f"the bytes are not those that the entry of position {position} binds", position)
        self.report.count(counted)

    def _adapters(self) -> None:
        named = set()
        for one in self.index["submissions"]:
            found = self.entries.get(one["position"])
            place = found.fields.get(7) if found else None
            if place and len(place) > 5 and all(isinstance(digest, bytes) for digest in place[4:6]):
                named.add((place[3], place[4].hex(), place[5].hex()))
        for adapter in self.index["adapters"]:
            if (adapter["name"], adapter["component"], adapter["configuration"]) not in named:
                self.fail(index_of.INDEX, "no entry names this adapter")
            for what, ending in (("component", "wasm"), ("configuration", "configuration")):
                if adapter[what + "_is"] != "included":
                    continue
                file = f"adapters/{adapter[what]}.{ending}"
                data = self.contents(file)
                if data is not None and hashlib.sha256(data).hexdigest() != adapter[what]:
                    self.fail(file, "the bytes are not those of the digest")
                elif data is not None:
                    self.report.count("adapter files")

    def _seal(self) -> None:
        if index_of.SEAL_ENTRY not in self.members and index_of.SEAL_RECEIPT not in self.members:
            self.report.add("seal", NOT_CHECKED, "there is no seal: nothing binds the list of files to the log")
            return
        raw, data = self.contents(index_of.SEAL_ENTRY), self.contents(index_of.SEAL_RECEIPT)
        if raw is None or data is None:
            return
        try:
            found = entries.decode(raw)
            outcome, digests = found.fields.get(8) or [], found.fields.get(9) or []
            stated = (found.fields[5], found.origin, outcome[1:2], digests[2:3])
            if stated != (_QUERY_RESULT, self.index["origin"], [self.index["query"]], [self.digest]):
                detail = "list and seal do not fit: the list was changed, or the seal is of another package"
                self.fail(index_of.MANIFEST, detail)
                raise Wrong("seal", detail)
        except Wrong as wrong:
            return self.fail(index_of.SEAL_ENTRY, str(wrong))
        self._guarded(index_of.SEAL_RECEIPT, self._receipt, index_of.SEAL_RECEIPT, data, found, False)

    def _receipts(self) -> None:
        for position in self.index["receipts"]:
            file = f"receipts/{position}.tlog-proof"
            data, found = self.contents(file), self.entries.get(position)
            if data is not None and found is not None:
                self._guarded(file, self._receipt, file, data, found, True)

    def _receipt(self, file: str, data: bytes, found, within: bool) -> None:
        proof = parse_proof(data)
        checkpoint, leaf = proof.checkpoint, SHA256.leaf(found.raw)
        facts = proof.facts
        if checkpoint.extension:
            raise Wrong("receipt-form", "the tree head has further lines")
        if facts is None or facts.leaf != leaf or facts.time_ns != found.time_ns or proof.index != found.position:
            if file == index_of.SEAL_RECEIPT:  # Nothing lists the two: either may be the one that was changed.
                self.fail(index_of.SEAL_ENTRY, "it is not the entry of the receipt beside it")
            return self.fail(file, "the receipt is not of this entry")
        if checkpoint.origin != self.index["origin"]:
            return self.fail(file, "the receipt is of another log")
        if root_from_inclusion(SHA256, proof.index, checkpoint.size, leaf, list(proof.hashes)) != checkpoint.root:
            return self.fail(file, "the receipt does not lead to its tree head")
        if within:
            self._older(file, checkpoint)
        verdict = self._signed(file, proof.note, checkpoint.origin + "/receipt")
        if verdict is not None and verdict.status == PASSED:
            self.report.count("receipts")

    def _older(self, file: str, checkpoint) -> None:
        """Checks that the package's checkpoint continues the tree of a smaller one."""
        size = self.index["size"]
        if checkpoint.size == size:
            if checkpoint.root != self.root:
                self.fail(file, "it states another root at the size of the checkpoint")
            return
        proof_file = f"proofs/consistency-{checkpoint.size}.proof"
        data = self.contents(proof_file)
        if data is None:
            return
        lines = proofs.Lines(data, "lawgate-consistency-proof/v1")
        if (lines.number("old"), lines.number("new")) != (checkpoint.size, size):
            return self.fail(proof_file, "the proof is about something else than the index says")
        if not proofs.is_consistent(checkpoint.size, checkpoint.root, size, self.root, lines.hashes()):
            return self.fail(file, "the checkpoint does not continue the tree that this states, or the proof is wrong")
        self.report.count("consistency proofs")

    def _stamps(self) -> None:
        for size in self.index["stamps"]:
            file, note_file = f"stamps/{size}.tsr", f"stamps/{size}.checkpoint"
            token, data = self.contents(file), self.contents(note_file)
            if token is not None and data is not None:
                self._guarded(note_file, self._stamp, size, file, note_file, token, data)

    def _stamp(self, size: int, file: str, note_file: str, token: bytes, data: bytes) -> None:
        note = notes.parse_note(data)
        checkpoint = notes.parse_checkpoint(note.text)
        if (checkpoint.origin, checkpoint.size) != (self.index["origin"], size):
            return self.fail(note_file, "it is not the checkpoint that the index names")
        self._older(note_file, checkpoint)
        self._signed(note_file, note, checkpoint.origin)
        if self.roots is None:
            return
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / "token"
            path.write_bytes(token)
            try:
                stamp = timestamp.check_token(path, [("the checkpoint", note.text.encode())], self.roots)
                self.report.count("time stamps")
                self.report.notes.append(f"{file} is of {stamp.time}")
            except Unchecked as reason:
                self.report.add(file, NOT_CHECKED, str(reason))
            except Wrong as wrong:
                self.fail(file, str(wrong))

    def _standings(self) -> None:
        anchored = None if self.own_keys else self.quorum
        for position in sorted(item["position"] for item in self.index["entries"]):
            if position in self.proven and position not in self.bad:
                self.report.count("entries")
                standing = f"PASS (anchored: {anchored})" if anchored else "PASS (unanchored)"
                self.report.notes.append(f"entry {position}: {standing}")
            elif position not in self.bad:
                self.fail(f"entries/{position}.cbor", "nothing proves the entry", position)
        if self.proven:
            self.report.add("package", PASSED, "every other file is bound by the list, the entries or the seal")


def _plain(value):
    """What the JSON rendering of an entry gives for a value."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def check(data: bytes, subject: str, policy: policies.Policy | None, roots: pathlib.Path | None = None) -> Report:
    """Checks a package; without a policy, under the keys that are in it."""
    report = Report(f"evidence package {subject}")
    PackageCheck(data, policy, roots, report)
    return report


def run(options) -> Report:
    """Checks the package named on the command line."""
    try:
        data = pathlib.Path(options.package).read_bytes()
        policy = pathlib.Path(options.policy).read_bytes() if options.policy else None
        parsed = None if policy is None else policies.parse_policy(policy)
        if options.key_history and parsed is not None:
            parsed.history = policies.parse_history(pathlib.Path(options.key_history).read_bytes())
    except OSError as error:
        raise SystemExit(f"{error.filename}: {error.strerror}") from None
    except Wrong as wrong:
        raise SystemExit(f"policy or key history: {wrong}") from None
    roots = pathlib.Path(options.token_roots) if options.token_roots else None
    return check(data, options.package, parsed, roots)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of checking a package."""
    parser.add_argument("package", help="the .evp file")
    parser.add_argument("--policy", help="whom to trust (c2sp.org/tlog-policy); not from the package")
    parser.add_argument("--key-history", help="up to which size each key counts")
    parser.add_argument("--token-roots", help="trusted roots of time stamps, PEM")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def main(given: list[str]) -> int:
    """Runs the check by itself, as the copy in a package does; returns the exit code."""
    parser = argparse.ArgumentParser(prog="lawgate_verify", description=__doc__.split("\n\n")[0])
    arguments(parser)
    options = parser.parse_args(given)
    try:
        report = run(options)
    except SystemExit as problem:
        print(problem.code, file=sys.stderr)
        return EXIT_USAGE
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    print(report.to_json() if options.json else report.to_text())
    return report.exit_code()
