"""Times of entries against those of witnesses and authorities, and how old all of it is."""

import unittest

from lawgate_verify import clocks
from lawgate_verify.clocks import NANOS, Questions
from lawgate_verify.evidence import Held
from lawgate_verify.report import Report


def held(size: int, quorum=None, stamp=None) -> Held:
    """A checkpoint that agrees with the log."""
    return Held(f"checkpoint {size}", "log", size, bytes(32), agrees=True, quorum_time_s=quorum, stamp_time_s=stamp)


class Clocks(unittest.TestCase):
    """Entries at 1,000 s, 1,010 s and so on."""

    times = {position: (1000 + 10 * position) * NANOS for position in range(10)}

    def check(self, *checkpoints: Held, witnesses: bool = True, **questions):
        """Returns the kind of what is wrong, and the report."""
        report = Report("test")
        fault = clocks.check(report, checkpoints, self.times, Questions(**questions), witnesses, 10)
        return (fault and (fault.kind, fault.position)), report

    def test_times_that_fit_are_no_fault(self):
        wrong, report = self.check(held(5, quorum=1041, stamp=1042), stamp_delay_s=60, max_age_s=120, now_s=1100)
        self.assertIsNone(wrong)
        self.assertEqual({each.status for each in report.checks}, {"passed"})

    def test_an_entry_later_than_others_saw_it_is_named(self):
        for seen in ({"quorum": 900}, {"stamp": 900}):
            self.assertEqual(self.check(held(5, **seen))[0], ("time-after", 4))
            self.assertIsNone(self.check(held(5, **seen), tolerance_s=200)[0])

    def test_an_entry_well_before_the_stamp_before_it_is_named(self):
        late = held(5, stamp=1050 + 100)
        self.assertIsNone(self.check(late)[0], "it is not asked")
        self.assertEqual(self.check(late, stamp_delay_s=60)[0], ("time-before", 5))
        self.assertIsNone(self.check(late, stamp_delay_s=120)[0])

    def test_what_is_too_old_is_stale_and_with_witnesses_only_theirs_counts(self):
        checkpoint = held(5, quorum=1041, stamp=1500)
        question = {"max_age_s": 120, "now_s": 1550}
        self.assertEqual(self.check(checkpoint, **question)[0], ("stale", 10))
        self.assertIsNone(self.check(checkpoint, witnesses=False, **question)[0])
        _, report = self.check(held(5), **question)
        self.assertEqual([each.status for each in report.checks], ["not checked"])
        _, report = self.check(checkpoint, max_age_s=120, now_s=900)
        self.assertEqual([each.status for each in report.checks], ["not checked"])

    def test_what_does_not_agree_says_nothing(self):
        other = held(5, quorum=1)
        other.agrees = False
        self.assertIsNone(self.check(other)[0])

    def test_times_of_openssl_are_read(self):
        for text, expected in (
            ("Nov 27 03:54:50 2026 GMT", 1795751690), ("Jan  2 00:00:01.25 1970 GMT", 86401), ("unknown", None),
        ):
            self.assertEqual(clocks.stamp_time_s(text), expected)
