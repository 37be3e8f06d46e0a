"""Times: what entries state, against what witnesses and authorities state, and how old all of it is.

An entry's time is the gateway's claim. A cosignature and a time stamp say when somebody else saw the tree: no entry of it
can be later. An entry behind a stamped checkpoint cannot be much earlier than the stamp, where stamps are known to be
made soon after their checkpoints. It knows no files; roots were compared before.
"""

from __future__ import annotations

import calendar
import time
from dataclasses import dataclass

from .fault import Fault
from .hashes import SHA256
from .report import FAILED, NOT_CHECKED, PASSED, Report

NANOS = 1_000_000_000

# How far the clock of a log may be ahead, in seconds, unless told otherwise.
TOLERANCE_S = 60


@dataclass(frozen=True)
class Questions:
    """What is asked of times, in seconds; none where it is not asked."""

    now_s: int | None = None
    max_age_s: int | None = None
    tolerance_s: int = TOLERANCE_S
    stamp_delay_s: int | None = None


def stamp_time_s(text: str) -> int | None:
    """Reads the time of a token as OpenSSL prints it; fractions of a second are left out."""
    parts = text.replace(" GMT", "").split(" ")
    words = [word.split(".")[0] if ":" in word else word for word in parts if word]
    try:
        return calendar.timegm(time.strptime(" ".join(words), "%b %d %H:%M:%S %Y"))
    except ValueError:
        return None


def positions(held) -> list[int]:
    """Returns the positions whose times are needed: the last entry of each size, and the one behind it."""
    return [position for each in held for position in (each.size - 1, each.size) if position >= 0]


def check(report: Report, held, times: dict[int, int], questions: Questions, has_witnesses: bool, size: int) -> Fault | None:
    """Holds times against each other; returns what is wrong at the lowest position."""
    agreeing = [each for each in held if each.agrees and each.suite is SHA256]
    found = [fault for each in agreeing for fault in (_late(report, each, times, questions), _early(report, each, times, questions)) if fault]
    if questions.stamp_delay_s is not None and not any(fault.kind == "time-before" for fault in found):
        report.add("clock set back", PASSED, "no entry behind a stamped checkpoint states a time well before the stamp")
    found += filter(None, [_fresh(report, agreeing, questions, has_witnesses, size)])
    return min(found, key=lambda fault: fault.position, default=None)


def _late(report: Report, held, times: dict[int, int], questions: Questions) -> Fault | None:
    """The last entry of a tree that states a time after the tree was seen."""
    stated = times.get(held.size - 1)
    if stated is None:
        return None
    for seen_s, by in ((held.quorum_time_s, "its quorum cosigned it"), (held.stamp_time_s, "it was stamped")):
        # A stamp is exact to a second, so the second counts whole.
        if seen_s is not None and stated > (seen_s + 1 + questions.tolerance_s) * NANOS:
            ahead = (stated - seen_s * NANOS) // NANOS
            report.add(f"times of {held.what}", FAILED, f"the entry before size {held.size} says {ahead} s after {by}")
            return Fault(held.size - 1, "time-after", f"the entry states a time {ahead} s after {by}")
    return None


def _early(report: Report, held, times: dict[int, int], questions: Questions) -> Fault | None:
    """An entry behind a stamped checkpoint that states a time well before the stamp: the clock was set back."""
    stated = times.get(held.size)
    if questions.stamp_delay_s is None or held.stamp_time_s is None or stated is None:
        return None
    earliest = (held.stamp_time_s - 1 - questions.stamp_delay_s) * NANOS
    if stated >= earliest:
        return None
    by = (earliest - stated) // NANOS
    report.add(f"times of {held.what}", FAILED, f"the entry behind size {held.size} says {by} s before it can be")
    return Fault(held.size, "time-before", f"the entry states a time {by} s before its stamped checkpoint allows")


def _fresh(report: Report, agreeing, questions: Questions, has_witnesses: bool, size: int) -> Fault | None:
    """How old the newest statement of others is; with witnesses in the policy only theirs count."""
    if questions.max_age_s is None:
        return None
    times = [each.quorum_time_s if has_witnesses else each.stamp_time_s for each in agreeing]
    newest = max((each for each in times if each is not None), default=None)
    if newest is None:
        report.add("freshness", NOT_CHECKED, "no checkpoint or time stamp states a time")
        return None
    if newest > questions.now_s + questions.tolerance_s:
        report.add("freshness", NOT_CHECKED, "the clock of the examination is behind")
        return None
    age = max(0, questions.now_s - newest)
    if age > questions.max_age_s:
        report.add("freshness", FAILED, f"the newest statement of others is {age} s old")
        return Fault(size, "stale", f"nobody else has said anything of this log for {age} s")
    report.add("freshness", PASSED, f"others saw it {age} s ago")
    return None
