"""CoT events as they travel: where one ends in a stream, what its start tag says, and its times moved.

Nothing here parses XML: it is for what comes before the parser (cutting, routing, pings) and for captured files.
Pure.
"""

import re
from typing import NamedTuple

from feeds.adapter import Message
from feeds.formats.xml_text import PROLOG, YEAR_3000, instant, rfc3339, root

UNKNOWN = 9999999.0
"""CoT's number for "not known"."""

_AFTER = frozenset((b" ", b"\t", b"\r", b"\n", b">", b"/"))
"""What ends a start tag's name."""
_END = re.compile(rb"</event[ \t\r\n]*+>")
_HEAD = re.compile(rb"""<event(?:[^>"']|"[^"]*"|'[^']*')*+>""")
_TIMES = re.compile(rb"""(?<=[\s"'])(time|start|stale)(\s*=\s*)("[^"]*"|'[^']*')""")


def last_start(piece: bytes) -> int:
    """Return where the last `<event` start tag begins, -1 when there is none."""
    at = len(piece)
    while (at := piece.rfind(b"<event", 0, at)) >= 0:
        if piece[at + 6 : at + 7] in _AFTER:
            return at
    return -1


def is_one(frame: bytes) -> bool:
    """Say whether the frame is one event, as a stream cuts them; False: `cut` has to look."""
    at = frame.rfind(b"<event")
    if at < 0 or frame[at + 6 : at + 7] not in _AFTER or frame.find(b"</event") != len(frame) - len(b"</event>"):
        return False
    return at == 0 or ((prolog := PROLOG.match(frame)) is not None and prolog.end() >= at)


def cut(buffer: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole events in `buffer`, cut at `</event>`, and what is left.

    What stands before an event and is no XML prolog (junk, an event that never ended) is a frame of its own,
    so that it is refused and the event after it is not.
    """
    frames: list[bytes] = []
    start = 0
    for end in _END.finditer(buffer):
        piece = buffer[start : end.end()]
        start = end.end()
        at = last_start(piece)
        prolog = PROLOG.match(piece)
        if at > 0 and prolog is not None and prolog.end() < at:
            frames += [piece[:at].strip(), piece[at:]]
        else:
            frames.append(piece.strip())
    rest = buffer[start:]
    return frames, rest if rest.strip() else b""


class Stream:
    """Events out of the chunks of one connection. A byte is looked at once, however small the chunks are."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._from = 0
        """No event ends before here: an end tag has no `>` but its last byte, so one begins after the last `>`."""

    def __len__(self) -> int:
        """Return how many bytes of an unfinished event are held; the transport bounds it."""
        return len(self._held)

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that end in `chunk`, cut as by `cut`."""
        if not self._held:
            chunk = chunk.lstrip()
        self._held += chunk
        if b">" not in chunk:
            return []
        frames: list[bytes] = []
        if _END.search(self._held, self._from):
            frames, rest = cut(bytes(self._held))
            self._held = bytearray(rest.lstrip())
        self._from = self._held.rfind(b">") + 1
        return frames

    def drop(self) -> bytes:
        """Return what is held, and hold it no longer."""
        held, self._held, self._from = bytes(self._held), bytearray(), 0
        return held


class Head(NamedTuple):
    """What the start tag says, read without parsing the event; `""` when it does not."""

    uid: str
    type: str


_ATTRIBUTE = re.compile(rb"""[\s"'](uid|type)\s*=\s*("[^"]*"|'[^']*')""")


def head(frame: bytes) -> Head:
    """Return the uid and type in the frame's start tag; for routing what could not be decoded, and for pings."""
    match = _HEAD.match(frame, max(last_start(frame), 0))
    if match is None:
        return Head("", "")
    found = {m[1]: m[2][1:-1].decode("utf-8", "replace") for m in _ATTRIBUTE.finditer(match[0])}
    return Head(found.get(b"uid", ""), found.get(b"type", ""))


def is_ping(frame: bytes) -> bool:
    """Say whether the frame asks whether we are there (ATAK hangs up when nobody answers)."""
    return b"t-x-c-t" in frame and head(frame).type == "t-x-c-t"


def pong(at: float) -> bytes:
    """Return the answer to a ping, dated `at` (Unix seconds)."""
    now, stale = rfc3339(at), rfc3339(at + 20)
    return (
        f'<event version="2.0" uid="takPong" type="t-x-c-t-r" how="h-g-i-g-o" time="{now}" start="{now}" '
        f'stale="{stale}"><point lat="0.0" lon="0.0" hae="0.0" ce="{UNKNOWN}" le="{UNKNOWN}"/><detail/></event>\n'
    ).encode()


def _observed(frame: bytes) -> float | None:
    """Return the observed time in the start tag, None when it cannot be read."""
    match = _HEAD.match(frame, max(last_start(frame), 0))
    found = {m[1]: m[3][1:-1].decode("utf-8", "replace") for m in _TIMES.finditer(match[0])} if match else {}
    text = found.get(b"time") or found.get(b"start")
    return instant(text) if text else None


def split(data: bytes) -> list[Message]:
    """Return a file's events, and what stands between them, in the file's order."""
    frames, rest = cut(data)
    return [Message(f, _observed(f)) for f in [*frames, *([rest.strip()] if rest else [])]]


def move(raw: bytes, by_s: float, seq: int | None) -> bytes:
    """Return the event with `time`, `start` and `stale` moved by `by_s` seconds; `seq` has no place in CoT."""
    match = _HEAD.match(raw, max(last_start(raw), 0))
    if match is None or not by_s:
        return raw

    def moved(found: re.Match[bytes]) -> bytes:
        at = instant(found[3][1:-1].decode("utf-8", "replace"))
        if at is None or not 0 <= at + by_s <= YEAR_3000:
            return found[0]  # refused at the door, in its own words
        quote = found[3][:1]
        return found[1] + found[2] + quote + rfc3339(at + by_s).encode() + quote

    return raw[: match.start()] + _TIMES.sub(moved, match[0]) + raw[match.end() :]


def speaks(data: bytes) -> bool:
    """Say whether a file that begins so is of events."""
    return root(data) == "event"
