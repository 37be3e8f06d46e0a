"""Values that many feeds share, by the rules of the common schema.

What is read here becomes what the toolkit of Rust (`gateway/schema`) makes of
it, and an oddity has the same code, severity and action in every feed: one
table of cases holds all kits and the toolkit to it. The kits read fewer forms
than the toolkit; the handbook says which.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Any, Optional

from .schema import Action, DateTime, Encoding, Finding, MessageFacts, Precision, Quantity, Severity

_NUMBER = re.compile(r"([+-]?)([0-9]*)(\.?)([0-9]*)(?:[eE]([+-]?[0-9]{1,4}))?", re.ASCII)
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})", re.ASCII)

#: Every instant is written in Chinese time, so that one instant has one text.
CHINA = "+08:00"

#: Longest text read as a number, in bytes.
_MAX_NUMBER = 64

_PLACEHOLDERS = frozenset(
    ("null", "none", "nil", "n/a", "na", "undefined", "无", "暂无", "空", "不详", "未知", "未填", "缺失", "无数据")
)
_FILLERS = frozenset("-—–―－_/\\.*`'\"?、 \t\r\n")
_SENTINELS = frozenset(
    ("65535", "32767", "-32768", "-9999", "-999", "-99999", "99999", "4294967295", "2147483647")
)
_SENTENCES = {
    "number.nan": "The device sent NaN, which is no value.",
    "number.decimal-comma": "A comma may be a decimal point here; the number was not guessed.",
    "number.sentinel": "Devices send this number when they have no value.",
}

#: Labels of encodings that senders state.
_LABELS = {
    "utf-8": Encoding.UTF_8,
    "utf8": Encoding.UTF_8,
    "gb18030": Encoding.GB18030,
    "gb-18030": Encoding.GB18030,
    "gbk": Encoding.GBK,
    "cp936": Encoding.GBK,
    "windows-936": Encoding.GBK,
    "gb2312": Encoding.GBK,
    "gb_2312-80": Encoding.GBK,
    "us-ascii": Encoding.ASCII,
    "ascii": Encoding.ASCII,
}


@dataclass(frozen=True)
class Reading:
    """What reading one text yields: the value, if there is one, and what a rule says about the text, if anything."""

    value: Optional[Quantity] = None
    #: Code of the rule: `number.nan`; empty where the text was in order.
    rule: str = ""
    severity: Severity = Severity.UNSPECIFIED
    action: Action = Action.UNSPECIFIED
    #: What the text may have been meant to be. Never applied; a person accepts it.
    proposal: str = ""

    def finding(self, field: str, place: Any) -> Optional[Finding]:
        """The finding about the node `place`; None where the text was in order."""
        if not self.rule:
            return None
        what = self.rule.partition(".")[2]
        said = {
            Action.NORMALISED: f"The value was written in its canonical form ({what}).",
            Action.DROPPED: f"The value could not be read ({what}).",
        }.get(self.action, "")
        if self.rule == "number.missing":
            said = "The sender gave no value."
        text = _SENTENCES.get(self.rule, said)
        made = finding(self.rule, field, place, text, self.severity, self.action)
        made.proposal = self.proposal
        return made


def _refused(rule: str, proposal: str = "") -> Reading:
    return Reading(None, rule, Severity.ERROR, Action.DROPPED, proposal)


def number(text: str) -> Reading:
    """Reads a number; its digits are kept, and an exponent is written out.

    Detection limits, units within the value, grouped thousands and full-width digits are not read: they are
    `number.syntax`, and an adapter whose format has them reads them before.
    """
    bare = text.lower()
    if len(bare.encode()) <= 9 and bare in _PLACEHOLDERS or all(letter in _FILLERS for letter in text):
        return Reading(None, "number.missing", Severity.INFO, Action.DROPPED)
    if len(text.encode()) > _MAX_NUMBER:
        return _refused("number.length")
    unsigned = bare.lstrip("+-")
    if unsigned == "nan" or text.lstrip("+-").startswith(("1.#QNAN", "1.#IND")):
        return _refused("number.nan")
    if unsigned in ("inf", "infinity", "∞") or text.lstrip("+-").startswith("1.#INF"):
        return _refused("number.infinite")
    parts = _NUMBER.fullmatch(text)
    if not parts or not (parts[2] or parts[4]) or abs(int(parts[5] or 0)) > 40:
        meant = text.replace(",", ".", 1)
        is_comma = "," in text and re.fullmatch(r"-?[0-9]+\.[0-9]+", meant, re.ASCII)
        return _refused("number.decimal-comma", meant) if is_comma else _refused("number.syntax")
    sign, whole, point, fraction, exponent = parts.groups(default="")
    value = ("-" if sign == "-" else "") + (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")
    rule = "number.sign" if sign == "+" else ""
    if not whole or (point and not fraction):
        rule = rule or "number.form"
    if exponent:
        rule, value = "number.exponent", shift(value, int(exponent)) or value
    severity, action = (Severity.INFO, Action.NORMALISED) if rule else (Severity.UNSPECIFIED, Action.UNSPECIFIED)
    before, _, after = value.partition(".")
    if before in _SENTINELS and not after.strip("0"):
        rule, severity, action = "number.sentinel", Severity.WARNING, Action.KEPT
    made = Quantity(value=value)
    if value != text:
        made.raw = text
    return Reading(made, rule, severity, action)


def decimal(text: str) -> Optional[str]:
    """A number as JSON writes it, as exact decimal text; None when it is none, or has more than 40 places of exponent.

    `number` says besides what was odd.
    """
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text, re.ASCII):
        return None
    read = number(text).value
    return read.value if read else None


def shift(text: str, power: int) -> Optional[str]:
    """Moves the decimal point `power` places to the right (to the left if negative) and keeps every digit.

    `shift("101325", -3)` is `101.325`: Pa to kPa. None for text that is no decimal number and for more than 64 places.
    """
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text, re.ASCII) or abs(power) > 64:
        return None
    whole, _, fraction = text.lstrip("-").partition(".")
    if power >= 0:
        whole, fraction = whole + fraction[:power].ljust(power, "0"), fraction[power:]
    else:
        padded = "0" * -power + whole
        whole, fraction = padded[:power], padded[power:] + fraction
    return ("-" if text.startswith("-") else "") + (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")


def date_time(text: str) -> Optional[DateTime]:
    """A point in time of RFC 3339 that states its offset, in Chinese time; None when it is none."""
    return _time(text, None)


def local_time(text: str, offset: str) -> Optional[DateTime]:
    """A date or time that states no offset, at the offset which the format documents (`+08:00`).

    The result is in Chinese time and marked as assumed; a text that does state an offset is read by its own. A date
    stays a date: no time of day is invented, and its offset is the documented one. None when it is no time.
    """
    return _time(text, offset)


def _minutes(offset: str) -> Optional[int]:
    """Minutes of `+08:00`; at most 14 hours."""
    parts = _OFFSET.fullmatch(offset)
    if not parts or int(parts[2]) > 14 or int(parts[3]) > 59:
        return None
    return (-1 if parts[1] == "-" else 1) * (int(parts[2]) * 60 + int(parts[3]))


def _time(text: str, assumed: Optional[str]) -> Optional[DateTime]:
    parts = _TIME.fullmatch(text)
    if not parts:
        return None
    year, month, day, hour, minute, second, fraction, zone = parts.groups()
    offset = "+00:00" if zone in ("Z", "z") else zone or assumed
    minutes = _minutes(offset) if offset else None
    # What stands for an open end is no time.
    if minutes is None or (year, month, day) == ("9999", "12", "31"):
        return None
    try:
        read = datetime.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        moved = read + datetime.timedelta(minutes=480 - minutes)
    except (ValueError, OverflowError):
        return None
    if hour is None:
        return DateTime(text=text, precision=Precision.DAY, offset=offset, offset_assumed=True)
    # `.0` is how Java prints whole seconds, not a measured tenth.
    if second is None:
        precision, digits = Precision.MINUTE, ""
    elif not fraction or fraction == "0":
        precision, digits = Precision.SECOND, ""
    elif len(fraction) <= 3:
        precision, digits = Precision.MILLISECOND, "." + fraction.ljust(3, "0")
    else:
        precision, digits = Precision.NANOSECOND, "." + fraction.ljust(9, "0")
    written = moved.isoformat(timespec="seconds") + digits + CHINA
    return DateTime(text=written, precision=precision, offset=CHINA, offset_assumed=zone is None)


def facts(payload: bytes, dialect: str, content_type: str = "") -> MessageFacts:
    """Facts of a message that the kit read as UTF-8: the encoding declared in `content_type`, and the one found."""
    declared = ""
    for parameter in content_type.split(";")[1:]:
        name, equals, value = parameter.partition("=")
        if equals and name.strip().lower() == "charset":
            declared = value.strip().strip("\"'")
            break
    has_mark = payload.startswith(b"\xef\xbb\xbf")
    used = Encoding.UTF_8
    if payload[3 if has_mark else 0 :].isascii() and not has_mark:
        used = _LABELS.get(declared.lower(), Encoding.ASCII)
    return MessageFacts(encoding_declared=declared, encoding_used=used, dialect=dialect)


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
