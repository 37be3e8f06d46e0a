"""Values that many feeds share, by the rules of the common schema.

The rules and their codes are those of the Rust toolkit (`gateway/schema`), so
that the same oddity has the same name in every feed.
"""

from __future__ import annotations

import re
from typing import Any, Optional

from .schema import Action, DateTime, Finding, Precision, Severity

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?", re.ASCII)
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def decimal(text: str) -> Optional[str]:
    """A number as JSON or a form writes it, as exact decimal text; None when it is none.

    Exponents are written out; no digit is lost or invented.
    """
    parts = _NUMBER.fullmatch(text)
    if not parts:
        return None
    sign, whole, fraction, exponent = parts.groups(default="")
    digits = whole + fraction
    point = len(whole) + int(exponent or "0")
    if point <= 0:
        digits = "0" * (1 - point) + digits
        point = 1
    digits += "0" * (point - len(digits))
    left = digits[:point].lstrip("0") or "0"
    right = digits[point:]
    return ("-" if sign == "-" else "") + left + (f".{right}" if right else "")


def date_time(text: str) -> Optional[DateTime]:
    """A point in time of RFC 3339 with offset, as the schema writes it; None when it is none."""
    parts = _TIME.fullmatch(text)
    if not parts:
        return None
    year, month, day, hour, minute, second, fraction, zone = parts.groups(default="")
    y, m, d = int(year), int(month), int(day)
    leap = (y % 4 == 0 and y % 100 != 0) or y % 400 == 0
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    offset = "+00:00" if zone in "Zz" else zone
    fits = (
        1 <= m <= 12
        and 1 <= d <= days[m - 1]
        and int(hour) <= 23
        and int(minute) <= 59
        and int(second) <= 59
        and int(offset[1:3]) <= 23
        and int(offset[4:]) <= 59
    )
    if not fits:
        return None
    if not fraction:
        precision = Precision.SECOND
    else:
        precision = Precision.MILLISECOND if len(fraction) <= 4 else Precision.NANOSECOND
    written = f"{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}{offset}"
    return DateTime(text=written, precision=precision, offset=offset)


def finding(
    rule: str,
    field: str,
    place: Any,
    text: str,
    severity: Severity = Severity.WARNING,
    action: Action = Action.KEPT,
) -> Finding:
    """A finding (数据质量问题) about the node `place`: a statement about odd input, which changes nothing of it."""
    return Finding(
        severity=severity,
        rule=rule,
        field=field,
        raw=place.text if place else "",
        action=action,
        offset=place.start if place else 0,
        length=place.length if place else 0,
        text=text,
    )
