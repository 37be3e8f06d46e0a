"""Air quality measurements of one sensor, as the OpenAQ API returns them. See README.md."""

from __future__ import annotations

import re
from typing import Any, Callable, Optional

from lawgate import ConfigurationFaults, Rejection, world
from lawgate.json import JsonFault, Node, read
from lawgate.schema import (
    Action,
    Conversion,
    DataFlag,
    DateTime,
    Envelope,
    Finding,
    Observation,
    Quantity,
    Record,
    Severity,
    Statistic,
    UnitSource,
)
from lawgate.values import date_time, facts, finding, number

#: Factors of HJ 524.
FACTORS = {"pm25": "a34004", "pm10": "a34002", "so2": "a21026", "no2": "a21004", "o3": "a05024", "co": "a21005"}

UNITS = {"mg/m³": "mg/m3", "µg/m³": "ug/m3"}

COMMANDS = {3600: 2061, 86400: 2031}

#: Members of a result that are read, or say nothing about the value.
KNOWN = ("value", "flagInfo", "parameter", "period", "summary", "coverage")

INTERVAL = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})")

Say = Callable[..., None]


def configure(data: bytes) -> str:
    """The device number of the configuration."""
    try:
        root = read(data)
    except JsonFault as error:
        raise ConfigurationFaults([("", f"byte {error.offset}: {error.text}")]) from None
    faults = [(item.name, "unknown; known is mn") for item in root.items if item.name != "mn"]
    mn = root.get("mn")
    if not mn or mn.kind != "text" or not mn.text:
        faults.append(("mn", "the device number is expected"))
    if faults:
        raise ConfigurationFaults(faults)
    return mn.text


def convert(mn: str, message: Any) -> Conversion:
    """Converts one answer of the API."""
    try:
        root = read(bytes(message.payload))
    except JsonFault as error:
        raise Rejection(error.code, error.offset, error.text) from None
    results = root.get("results")
    # An empty list is an answer, and becomes a conversion without records.
    if not results or results.kind != "array":
        start = results.start if results else 0
        raise Rejection("openaq.no-results", start, "a list of results is expected")
    return Conversion(
        records=[record(mn, item) for item in results.items],
        facts=facts(bytes(message.payload), "openaq-v3", content_type(message)),
    )


def content_type(message: Any) -> str:
    """What the sender states about the message; empty when it states nothing."""
    stated = (attribute.value for attribute in message.attributes if attribute.name == "content-type")
    return next(stated, "")


def at(node: Optional[Node], *names: str) -> Optional[Node]:
    """The member at the end of these names."""
    for name in names:
        node = node.get(name) if node else None
    return node


def record(mn: str, item: Node) -> Record:
    """One measurement."""
    quality: list[Finding] = []

    def say(*arguments: Any) -> None:
        quality.append(finding(*arguments))

    seconds = interval(at(item, "period", "interval"), say)
    name = at(item, "parameter", "name")
    name_text = name.text if name else ""
    observation = Observation(
        mn=mn,
        cn=COMMANDS.get(seconds, 2051),
        data_time=time(at(item, "period", "datetimeFrom", "local"), say),
        interval_s=seconds,
        factor=FACTORS.get(name_text, name_text),
        stat=Statistic.AVG,
        value=quantity(item.get("value"), at(item, "parameter", "units"), quality, say),
        flag=flag(at(item, "flagInfo", "hasFlags"), say),
    )
    # Items of objects have names; a result that is no object has nothing more to say.
    for member in item.items if item.kind == "object" else []:
        if member.name not in KNOWN and member.kind != "null":
            text = f"{member.name} has no field in an observation"
            say("openaq.unused", "", member, text, Severity.INFO, Action.DROPPED)
    envelope = Envelope(quality=quality, raw_offset=item.start, raw_length=item.length)
    return Record(envelope=envelope, observation=observation)


def interval(stated: Optional[Node], say: Say) -> int:
    """Seconds of `hh:mm:ss`; 0 when it is none."""
    written = INTERVAL.fullmatch(stated.text) if stated else None
    if written:
        hours, minutes, seconds = (int(part) for part in written.groups())
        return hours * 3600 + minutes * 60 + seconds
    text = "the interval is not hh:mm:ss"
    say("openaq.interval", "observation.interval_s", stated, text, Severity.WARNING, Action.DROPPED)
    return 0


def time(stated: Optional[Node], say: Say) -> Optional[DateTime]:
    """The local time with its offset."""
    taken = date_time(stated.text) if stated else None
    if not taken:
        text = "no local date and time with offset"
        say("openaq.time", "observation.data_time", stated, text, Severity.WARNING, Action.DROPPED)
    return taken


def quantity(
    stated: Optional[Node], unit: Optional[Node], quality: list[Finding], say: Say
) -> Optional[Quantity]:
    """The value with its digits, and the unit where it is known."""
    field = "observation.value.value"
    if not stated or stated.kind not in ("number", "text"):
        say("openaq.value", field, stated, "the value is no number", Severity.WARNING, Action.DROPPED)
        return None
    reading = number(stated.text)
    odd = reading.finding(field, stated)
    if odd:
        quality.append(odd)
    made = reading.value
    if made is None:
        return None
    if made.value.startswith("-"):
        say("openaq.negative", field, stated, "a concentration below zero")
    if unit and unit.text in UNITS:
        made.unit = UNITS[unit.text]
        made.unit_source = UnitSource.PACKET
    else:
        text = "the unit is not known; the value stands without one"
        say("openaq.unit", "observation.value.unit", unit, text, Severity.WARNING, Action.DROPPED)
    return made


def flag(stated: Optional[Node], say: Say) -> DataFlag:
    """Normal, unless OpenAQ flagged the value."""
    if not stated or stated.kind != "true":
        return DataFlag.NORMAL
    say("openaq.flagged", "observation.flag", stated, "OpenAQ flagged the value and does not say why here")
    return DataFlag.OTHER


WitWorld = world(
    id="openaq",
    version="0.1.0",
    feed_kinds=["openaq"],
    schema_version="1.0.0",
    configure=configure,
    convert=convert,
)
