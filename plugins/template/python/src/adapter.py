"""Sound levels of noise monitors, one JSON document a message.

An example to change. Nothing here may depend on anything but the configuration
and the message: no clock, no randomness, no state.
"""

from __future__ import annotations

from typing import Any, Optional

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

#: Command code (命令编码 CN) under which HJ 212 sends values of an interval; 2051 for any other.
COMMANDS = {0: 2011, 3600: 2061, 86400: 2031}

#: The schema's name of an index; an unknown one is kept, and the gateway says so.
FACTORS = {"LAeq": "Leq"}

FLAGS = {
    "N": DataFlag.NORMAL,
    "M": DataFlag.MAINTENANCE,
    "D": DataFlag.FAULT,
    "C": DataFlag.CALIBRATION,
    "T": DataFlag.OVER_RANGE,
}


def configure(data: bytes) -> int:
    """Reads configuration.json and returns the interval in seconds; reports every fault at once."""
    try:
        root = read(data)
    except JsonFault as error:
        raise ConfigurationFaults([("", f"byte {error.offset}: {error.text}")]) from None
    if root.kind != "object":
        raise ConfigurationFaults([("", "an object is expected")])
    faults = [
        (item.name, "unknown; known is interval_s") for item in root.items if item.name != "interval_s"
    ]
    stated = root.get("interval_s")
    seconds = int(stated.text) if stated and stated.kind == "number" and stated.text.isdecimal() else -1
    if seconds not in (0, 3600, 86400) and not 60 <= seconds <= 1800:
        faults.append(("interval_s", "0, 60 to 1800, 3600 or 86400 is expected"))
    if faults:
        raise ConfigurationFaults(faults)
    return seconds


def convert(interval_s: int, message: Any) -> Conversion:
    """Converts one message."""
    try:
        root = read(bytes(message.payload))
    except JsonFault as error:
        raise Rejection(error.code, error.offset, error.text) from None
    device, values = root.get("device"), root.get("values")
    if not device or device.kind != "text" or not values or values.kind != "array" or not values.items:
        start = values.start if values else 0
        raise Rejection("my-feed.no-values", start, "a device and at least one value are expected")
    # What an observation has no place for is named, so that nothing is lost without a word.
    findings = [unused(item) for item in root.items if item.name not in ("device", "values")]
    return Conversion(
        records=[record(interval_s, device.text, item) for item in values.items],
        facts=facts(bytes(message.payload), "my-feed", content_type(message)),
        findings=findings,
    )


def content_type(message: Any) -> str:
    """What the sender states about the message; empty when it states nothing."""
    stated = (attribute.value for attribute in message.attributes if attribute.name == "content-type")
    return next(stated, "")


def record(interval_s: int, mn: str, item: Node) -> Record:
    """One value of a device."""
    quality: list[Finding] = []
    index = item.get("index")
    observation = Observation(
        mn=mn,
        cn=COMMANDS.get(interval_s, 2051),
        data_time=time(item, quality),
        interval_s=interval_s,
        factor=FACTORS.get(index.text, index.text) if index else "",
        stat=Statistic.DATA,
        value=quantity(item, quality),
        flag=flag(item, quality),
    )
    known = ("time", "index", "value", "unit", "flag")
    members = item.items if item.kind == "object" else []
    quality.extend(unused(member) for member in members if member.name not in known)
    envelope = Envelope(quality=quality, raw_offset=item.start, raw_length=item.length)
    return Record(envelope=envelope, observation=observation)


def time(item: Node, quality: list[Finding]) -> Optional[DateTime]:
    """The time of a value; none is invented."""
    stated = item.get("time")
    if not stated:
        return None
    taken = date_time(stated.text) if stated.kind == "text" else None
    if not taken:
        text = "no date and time with offset (RFC 3339)"
        quality.append(finding("my-feed.time", "observation.data_time", stated, text, action=Action.DROPPED))
    return taken


def quantity(item: Node, quality: list[Finding]) -> Optional[Quantity]:
    """The value with the unit the sender states; nothing is guessed."""
    stated = item.get("value")
    if not stated:
        return None
    field = "observation.value.value"
    reading = number(stated.text)
    odd = reading.finding(field, stated)
    if odd:
        quality.append(odd)
    result = reading.value
    if result is None:
        return None
    unit = item.get("unit")
    if unit and unit.text == "dB":
        result.unit = "dB"
        result.unit_source = UnitSource.PACKET
    elif unit:
        text = "the unit is not known; the value stands without one"
        quality.append(finding("my-feed.unit", "observation.value.unit", unit, text, action=Action.DROPPED))
    return result


def flag(item: Node, quality: list[Finding]) -> DataFlag:
    """The flag in the letters of HJ 212."""
    stated = item.get("flag")
    if not stated:
        return DataFlag(0)
    if stated.text not in FLAGS:
        quality.append(finding("my-feed.flag", "observation.flag", stated, "the flag is none of N, M, D, C, T"))
        return DataFlag.OTHER
    return FLAGS[stated.text]


def unused(node: Node) -> Finding:
    """What has no field."""
    text = f"{node.name} has no field in an observation"
    return finding("my-feed.unused", "", node, text, Severity.INFO, Action.DROPPED)


# As in adapter.toml.
WitWorld = world(
    id="my-feed",
    version="0.1.0",
    feed_kinds=["my-feed"],
    schema_version="1.0.0",
    configure=configure,
    convert=convert,
)
