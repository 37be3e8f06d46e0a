"""What was found, for people and for programs.

Every thing that was asked for ends as passed, failed or not checked. The verdict is PASS only when all of them passed
and something was really computed; having checked nothing is a failure.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from .fault import Fault

PASSED, FAILED, NOT_CHECKED = "passed", "failed", "not checked"
EXIT_PASS, EXIT_FAIL, EXIT_USAGE, EXIT_NOT_CHECKED = 0, 1, 2, 3
_MARKS = {PASSED: "passed      ", FAILED: "FAILED      ", NOT_CHECKED: "NOT CHECKED "}
_VERDICTS = {
    EXIT_PASS: "PASS 通过",
    EXIT_FAIL: "FAIL 不通过",
    EXIT_NOT_CHECKED: "NOT EVERYTHING WAS CHECKED 未全部核验",
}


@dataclass
class Check:
    """One thing that was asked for."""

    what: str
    status: str
    detail: str


@dataclass
class Range:
    """Entries `start` to `end` - 1 and what is said of them; a failure reaches to an end that is not known."""

    start: int
    end: int | None
    verdict: str
    detail: str

    def __str__(self) -> str:
        place = f"from {self.start} on" if self.end is None else f"{self.start} to {self.end - 1}"
        detail = self.detail if self.detail.startswith(self.verdict) else f"{self.verdict} {self.detail}"
        return f"entries {place}: {detail}"


@dataclass
class Report:
    """All that was found."""

    subject: str
    facts: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fault: Fault | None = None

    def add(self, what: str, status: str, detail: str) -> None:
        """Adds one thing that was asked for."""
        self.checks.append(Check(what, status, detail))

    def count(self, what: str, by: int = 1) -> None:
        """Counts things that were really checked."""
        self.counts[what] = self.counts.get(what, 0) + by

    def exit_code(self) -> int:
        """Returns 0 only when everything asked for was checked and passed, and there was something."""
        status = [check.status for check in self.checks]
        if FAILED in status or not status:
            return EXIT_FAIL
        if NOT_CHECKED in status:
            return EXIT_NOT_CHECKED
        return EXIT_PASS if any(self.counts.values()) else EXIT_FAIL

    def verdict(self) -> str:
        """Returns the verdict in words."""
        return _VERDICTS[self.exit_code()]

    def to_text(self) -> str:
        """Renders the report for people."""
        lines = [self.subject]
        lines += [f"  {name:<14}{value}" for name, value in self.facts.items()]
        counted = ", ".join(f"{number} {what}" for what, number in self.counts.items()) or "nothing"
        lines.append(f"  {'really checked':<14}: {counted}")
        lines += [f"{_MARKS[check.status]}{check.what}: {check.detail}" for check in self.checks]
        lines += [f"note        {note}" for note in self.notes]
        lines += [str(each) for each in self.ranges]
        if not any(self.counts.values()):
            lines.append("verified 0 things")
        lines.append(f"RESULT 结论: {self.verdict()}")
        return "\n".join(lines)

    def to_json(self) -> str:
        """Renders the report for programs; every text of `to_text` is in it."""
        whole = asdict(self)
        whole["verdict"] = {EXIT_PASS: "pass", EXIT_FAIL: "fail", EXIT_NOT_CHECKED: "not-checked"}[self.exit_code()]
        return json.dumps(whole, ensure_ascii=False, indent=2)


def ranges(size: int, anchors: list[tuple[int, str]], fault: Fault | None) -> list[Range]:
    """Says for every entry what is known of it: anchored, unanchored, failed.

    `anchors` are sizes at which somebody else vouches for the root, and who; a size stands for all entries below it.
    """
    sound = size if fault is None else min(size, fault.position)
    held = [(at, who) for at, who in anchors if 0 < at <= sound]
    reach = max((at for at, _ in held), default=0)
    found = []
    if reach:
        who = "; ".join(dict.fromkeys(who for at, who in held if at == reach))
        found.append(Range(0, reach, "PASS", f"(anchored: {who})"))
    if reach < sound:
        found.append(Range(reach, sound, "PASS", f"(unanchored since size {reach})"))
    if fault:
        found.append(Range(fault.position, None, "FAIL", str(fault)))
    return found
