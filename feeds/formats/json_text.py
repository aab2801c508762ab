"""JSON as it comes from outside: a frame's messages, their times, why one is refused, and files of them.

What the JSON dialects share. What a message means is each dialect's own. Pure.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from feeds.adapter import MESSAGES_MAX, TOO_MANY, Decoded, Message, Refusal
from feeds.errors import DecodeError
from feeds.report import AnyReport

FAILURES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""All that msgspec raises on bytes of the outside."""

loose: Callable[[bytes | Raw], Any] = msgspec.json.Decoder().decode
"""Decode JSON of any shape. Raises FAILURES."""
encode = msgspec.json.Encoder().encode

_decode_items = msgspec.json.Decoder(list[Raw]).decode

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_FIELD = re.compile(r"\.([\w$]+)(?:\[[^\]]*\])*\Z")
_MISSING = re.compile(r"Object missing required field `([\w$]+)`")
_BOUND = re.compile(r"Expected `[^`]*` [<>]=? |Number out of range|Integer value out of range")
_CHOOSES = {"kind": "unsupported kind", "_type": "unsupported type"}
"""Fields that say which kind of message it is."""


def instant(text: str) -> float | None:
    """Return Unix seconds for RFC 3339 text, None when it is none."""
    try:
        at: datetime = msgspec.convert(text, Annotated[datetime, Meta(tz=True)])
        return at.timestamp()
    except (msgspec.ValidationError, ValueError, OverflowError):
        return None


def seconds(value: object) -> float | None:
    """Return Unix seconds for a number of them or RFC 3339 text, None for anything else."""
    if isinstance(value, str):
        return instant(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # JSON knows no largest integer
        return None


def reason(error: Exception) -> tuple[str, str]:
    """Return a short stable reason and the path, without the payload that msgspec's own text may quote."""
    if not isinstance(error, msgspec.ValidationError):
        return "not JSON", ""
    text, _, where = str(error).partition(" - at `")
    path = where.rstrip("`") or "$"
    if missing := _MISSING.match(text):
        return f"{missing[1]} missing", f"{path}.{missing[1]}"
    found = _FIELD.search(path)
    if found is None:
        return "not an object", path
    name = found[1]
    if name in _CHOOSES:
        return _CHOOSES[name], path
    if " of length " in text:
        return f"{name} has a wrong length", path
    if "matching regex" in text:
        return f"{name} outside its grammar", path
    if text.startswith("Invalid enum value"):
        return f"{name} not one of its values", path
    if _BOUND.match(text):
        return f"{name} out of range", path
    if text.startswith("Invalid RFC3339"):
        return f"{name} is not RFC 3339", path
    return f"{name} has a wrong type", path


# ---- a frame's messages


def _broken_array(frame: bytes) -> list[bytes]:
    """Return the items of an array whose JSON is faulty somewhere, cut at its own commas. Raises DecodeError.

    A sender whose encoder writes NaN for one unit shall not lose the other units of the frame.
    """
    found: list[bytes] = []
    depth, start = 0, 0
    for token in _TOKEN.finditer(frame):
        mark = token[0]
        if mark in (b"[", b"{"):
            depth += 1
            if depth == 1:
                start = token.end()
        elif mark in (b"]", b"}"):
            depth -= 1
            if depth == 0:
                found.append(frame[start : token.start()])
                if frame[token.end() :].strip():
                    break
                return [item.strip() for item in found]
            if depth < 0:
                break
        elif mark == b"," and depth == 1:
            found.append(frame[start : token.start()])
            start = token.end()
    raise DecodeError("not JSON")


def items(frame: bytes) -> list[bytes]:
    """Return a frame's messages, each as its own JSON text: an array's items, else the one. Raises DecodeError."""
    if not frame.startswith(b"["):
        return [frame]
    try:
        return [bytes(raw) for raw in _decode_items(frame)]
    except FAILURES:
        return _broken_array(frame)


def each(frame: bytes, one: Callable[[bytes], AnyReport | None]) -> Decoded:
    """Return what `one` makes of each of the frame's messages; for None there is no report and no refusal.

    `one` raises DecodeError or FAILURES. Raises DecodeError when the frame is empty or not JSON at all.
    """
    messages = items(frame.strip())
    if not messages or messages == [b""]:
        raise DecodeError("empty message")
    refused: dict[int, bytes] = {}
    decoded = Decoded([], [], [], messages=refused)
    for index, message in enumerate(messages):
        if index == MESSAGES_MAX:
            decoded.refusals.append(Refusal(index, TOO_MANY))
            break
        try:
            report = one(message)
        except DecodeError as error:
            decoded.refusals.append(Refusal(index, error.reason, error.path))
        except FAILURES as error:
            decoded.refusals.append(Refusal(index, *reason(error)))
        else:
            if report is not None:
                decoded.add(index, report)
            continue
        refused[index] = message
    return decoded


# ---- files of messages


def fields_of(raw: bytes) -> dict[str, Any] | None:
    """Return a message's fields, None when it is no JSON object."""
    try:
        fields = loose(raw)
    except FAILURES:
        return None
    return fields if isinstance(fields, dict) else None


def reader(observed: Callable[[dict[str, Any]], float | None]) -> Callable[[bytes], Message]:
    """Return what reads one message of a file; `observed` says when it was observed, Unix seconds."""

    def read(raw: bytes) -> Message:
        fields = fields_of(raw)
        return Message(raw, None, whole=False) if fields is None else Message(raw, observed(fields))

    return read


def split(data: bytes, read: Callable[[bytes], Message]) -> list[Message]:
    """Return a file's messages: one JSON value (object or array), else JSON lines of objects or arrays."""
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        if text.startswith(b"["):
            return [read(bytes(raw)) for raw in _decode_items(text)]
        if text:
            loose(text)
            return [read(text)]
    except FAILURES:
        pass  # JSON lines, or partly junk
    messages: list[Message] = []
    for line in text.splitlines():
        if line := line.strip():
            try:
                messages += map(read, items(line))
            except DecodeError:
                messages.append(Message(line, None, whole=False))
    return messages


def move_times(fields: dict[str, Any], names: Iterable[str], by_s: float) -> None:
    """Move the times called `names` by `by_s` seconds, in place; what is no time stays, to be refused at the door."""
    for name in names:
        if (at := seconds(fields.get(name))) is not None:
            fields[name] = round(at + by_s, 3)


def join(messages: list[bytes]) -> bytes:
    """Return several messages as one frame."""
    return b"[" + b",".join(messages) + b"]"
