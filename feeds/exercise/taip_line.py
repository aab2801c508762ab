"""A car's position as its modem says it in TAIP: RLN, numbered, so that its acknowledgement can be told. Pure."""

from datetime import UTC, datetime
from functools import reduce
from operator import xor

from feeds.report import UnitReport

_MPH = 0.44704
"""Metres a second."""


def line(report: UnitReport, number: int) -> bytes:
    """Return the report as one RLN message. Its place must be known; `number` is 0..65535.

    TAIP says where and how fast. Call signs, statuses and emergencies come from the dispatcher's system.
    """
    assert report.lat is not None and report.lon is not None
    at = datetime.fromtimestamp(report.observed_at, UTC)
    of_day_ms = round((at.hour * 3600 + at.minute * 60 + at.second) * 1000 + at.microsecond / 1000)
    speed = round((report.speed_mps or 0.0) / _MPH * 10)
    course = round((report.course_deg or 0.0) * 10) % 3600
    text = (
        f">RLN{of_day_ms:08d}{round(report.lat * 1e7):+010d}{round(report.lon * 1e7):+011d}+00000000"
        f"{speed:04d}+0000{course:04d}00"
        f"12;ID={report.unit_id};#{number:04X};*"
    )
    return f"{text}{reduce(xor, text.encode()):02X}<".encode()


def acknowledged(reply: bytes) -> int | None:
    """Return the number that an acknowledgement is for; None when it is none."""
    if not reply.startswith(b">ACK;"):
        return None
    for tag in reply.split(b";"):
        if tag.startswith(b"#"):
            try:
                return int(tag[1:5], 16)
            except ValueError:
                return None
    return None
