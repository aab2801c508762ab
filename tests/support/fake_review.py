"""A review server with a made-up recording behind it: speaks "Review" of docs/wire.md, needs no archive.

For tests of the browser. It can be told to go wrong: `drop` (cuts every connection), `refuse` (takes none), `deny` (the
caller may not review), `most` (takes no more than that), `slow_s` (each seek takes so long), `pace` (plays no faster
than that), `failing` (asks of the record are answered that it cannot be read).

    python -m tests.support.fake_review --port 8953
"""

import argparse
import asyncio
import contextlib
import json
import math
import time
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from layers.frame import FrameHeader, FrameType, encode
from tests.support.fake_city import AGENCIES
from tests.support.fake_recording import VIEWS, Recording

_TICK_S = 0.1
_EVENTS = 200
_IS = {
    "incident": lambda e: e["kind"] == "incident",
    "camera": lambda e: e["kind"] == "camera_event",
    "log": lambda e: e["kind"] == "log_entry",
}


class FakeReview:
    """The server. `async with FakeReview() as review: review.port`."""

    def __init__(self, recording: Recording | None = None, port: int = 0) -> None:
        hour = math.floor(time.time() / 3600) * 3600
        self.recording = recording or Recording(hour - 4 * 3600)
        self.port = port
        self.refusing = self.denying = self.failing = False
        self.slow_s, self.pace, self.most = 0.0, 1e9, 16
        self.heard: list[dict[str, Any]] = []
        """Everything reviewers said, oldest first."""
        self._connections: set[ServerConnection] = set()
        self._server: Server | None = None

    async def __aenter__(self) -> "FakeReview":
        """Listen."""
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, compression=None, close_timeout=1, process_request=self._door
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, cutting whoever is still there."""
        assert self._server
        self.drop()
        self._server.close()
        await self._server.wait_closed()

    def said(self, kind: str) -> list[dict[str, Any]]:
        """Return what reviewers said of one type."""
        return [message for message in self.heard if message["type"] == kind]

    def drop(self) -> None:
        """Cut every connection without a closing handshake."""
        for connection in self._connections:
            connection.transport.abort()
        self._connections.clear()

    async def _door(self, _: ServerConnection, request: Request) -> Response | None:
        if self.denying or self.refusing:
            words = b'{"error":"Reviews are for who has the role reviewer."}'
            status = 403 if self.denying else 503
            kind = Headers({"Content-Length": str(len(words)), "Content-Type": "application/json"})
            return Response(status, "Refused", kind, words)
        if request.path == "/read/recording":
            body = json.dumps(self.recording.counted()).encode()
            kind = Headers(
                {"Content-Length": str(len(body)), "Content-Type": "application/json", "Connection": "close"}
            )
            return Response(200, "OK", kind, body)
        if request.path.startswith("/read/spans/"):
            return Response(204, "No Content", Headers({"Connection": "close"}), b"")
        return None if request.path == "/stream" else Response(404, "Not Found", Headers({"Content-Length": "0"}), b"")

    async def _serve(self, connection: ServerConnection) -> None:
        if len(self._connections) >= self.most:
            await connection.close(4429, "too many reviews at once")
            return
        seat = _Seat(self, connection)
        self._connections.add(connection)
        playing = None
        try:
            first = json.loads(await asyncio.wait_for(connection.recv(), 5))
            self.heard.append(first)
            seat.say(self._hello())
            playing = asyncio.create_task(seat.run())
            await seat.hear(first)
            async for text in connection:
                said = json.loads(text)
                self.heard.append(said)
                await seat.hear(said)
        except (ConnectionClosed, TimeoutError, json.JSONDecodeError):
            pass
        finally:
            if playing:
                playing.cancel()
            self._connections.discard(connection)

    def _hello(self) -> dict[str, Any]:
        r = self.recording
        return {
            "type": "hello", "at": r.end, "tick_ms": 100,
            "viewer": {"name": "reviewer", "agency": "jocc", "roles": ["reviewer"]},
            "site": {"name": "Joint Command Centre", "timezone": "America/Chicago", "demo": True},
            "agencies": [{"id": a, "name": name, "tag": tag} for a, name, tag, _ in AGENCIES],
            "sees": ["units", "incidents", "cameras", "zones", "log"],
            "replay": {"from": r.begin, "to": r.end, "agencies": [a[0] for a in AGENCIES], "views": list(VIEWS)},
        }  # fmt: skip


class _Seat:
    """One review."""

    def __init__(self, server: FakeReview, connection: ServerConnection) -> None:
        self._server, self._connection, self._of = server, connection, server.recording
        self._at, self._speed, self._view = self._of.end, 0.0, "known"
        self._epoch, self._rev = 0, 0

    def say(self, message: dict[str, Any]) -> None:
        broadcast([self._connection], json.dumps(message))

    async def hear(self, said: dict[str, Any]) -> None:
        """Do what was asked."""
        kind = said["type"]
        if kind in ("open", "seek"):
            await asyncio.sleep(self._server.slow_s)
            self._view, self._speed = said.get("view", self._view), said.get("speed", self._speed)
            self._epoch_at(min(max(said.get("at", self._of.end), self._of.begin), self._of.end))
        elif kind == "view":
            self._view = said["view"]
            self._epoch_at(self._at)
        elif kind in ("play", "pause"):
            self._speed = said.get("speed", 0.0)
            self._clock()
        elif kind == "step":
            self._step(said["to"], said["by"])
        elif kind == "card":
            self.say(self._card(said))
        elif kind == "screens":
            self.say(said | {"screens": []})
        elif kind in ("track", "near", "within", "chronology"):
            error = {"error": "This part of the record cannot be read."}
            self.say(said | (error if self._server.failing else self._asked(said)))

    def _asked(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return what is asked of the record, as far as it was known by then."""
        known_by = math.inf if self._view == "truth" else self._at
        match said["type"]:
            case "track":
                return {"points": self._of.track(said["id"], said["from"], said["to"], known_by)}
            case "near":
                place = (said[k] for k in ("lon", "lat", "metres", "from", "to"))
                return {"units": self._of.near(*place, known_by)}
            case "within":
                area = (said.get("circle"), said.get("box"))
                return self._of.within(*area, said["from"], said["to"], known_by)
            case _:
                answer = self._of.chronology(said["id"], said["metres"], known_by)
                return answer | {"at": None if self._view == "truth" else self._at}

    async def run(self) -> None:
        """Play, and say that one is there."""
        due, told = time.monotonic(), 0.0
        while True:
            due = max(due + _TICK_S, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            mono = time.monotonic()
            if self._speed and self._at >= self._of.end:
                self._speed = 0.0
                self.say({"type": "notice", "text": "This is the end of the recording."})
                self._clock()
            if self._speed:
                before = self._at
                self._at = min(self._at + _TICK_S * min(self._speed, self._server.pace), self._of.end)
                self._send(FrameType.DELTA, [(n, e) for n, e in self._of.events if before < e["at"] <= self._at])
            if mono - told >= (0.25 if self._speed else 1):
                told = mono
                self._clock()

    def _epoch_at(self, at: float) -> None:
        self._at = at
        self._epoch += 1
        self._rev = 0
        self._clock()
        self._send(FrameType.KEYFRAME, [(n, e) for n, e in self._of.events if e["at"] <= at][-_EVENTS:])

    def _send(self, kind: FrameType, events: list[tuple[int, dict[str, Any]]]) -> None:
        self._rev += 1
        whole = kind is FrameType.KEYFRAME
        header = FrameHeader(rev=self._rev, base=0 if whole else self._rev - 1, at=self._at, events=tuple(events))
        broadcast([self._connection], encode(kind, header, self._of.frame(self._at, self._view, whole=whole), 20_000))

    def _clock(self) -> None:
        self.say({
            "type": "clock", "at": self._at, "playing": self._speed > 0, "speed": self._speed,
            "pace": min(self._speed, self._server.pace), "view": self._view, "epoch": f"e{self._epoch}",
            "from": self._of.begin, "to": self._of.end,
        })  # fmt: skip

    def _step(self, to: str, by: int) -> None:
        self._speed = 0.0
        begun = self._of.emergency[0]
        times = [begun] if to == "alarm" else [e["at"] for _, e in self._of.events if _IS[to](e)]
        later = [t for t in times if (t > self._at + 0.01 if by > 0 else t < self._at - 0.01)]
        at = (later[0] if by > 0 else later[-1]) if later else self._at
        found = bool(later)
        events = [e for _, e in self._of.events if found and to != "alarm" and e["at"] == at and _IS[to](e)]
        unit = self._of.unit(0)
        units = [[unit["agency"], unit["id"]]] if found and to == "alarm" else []
        stepped = {"type": "stepped", "to": to, "by": by, "found": found, "at": at, "until": None,
                   "events": events, "units": units}  # fmt: skip
        if not found:
            way, name = "later" if by > 0 else "earlier", {"camera": "camera event", "alarm": "emergency"}.get(to, to)
            self.say({"type": "notice", "text": f"There is no {way} {name} that this view shows."})
        self._at = at
        self._epoch += 1
        self._rev = 0
        self._clock()
        self.say(stepped)
        self._send(FrameType.KEYFRAME, [(n, e) for n, e in self._of.events if e["at"] <= at][-_EVENTS:])

    def _card(self, said: dict[str, Any]) -> dict[str, Any]:
        layer, id_ = said["layer"], said["id"]
        answer = {
            "type": "card",
            "ask": said["ask"],
            "layer": layer,
            "agency": said["agency"],
            "id": id_,
            "found": True,
        }
        if layer == "units" and int(id_[1:]) not in self._of.seen(self._view):
            return answer | {"found": False}
        if layer == "units":
            record: dict[str, Any] = self._of.unit(int(id_[1:]))
        elif layer == "incidents":
            record = self._of.incident(int(id_[1:]), max(self._at, float(self._of.opened[int(id_[1:])])))
        else:
            record = {"name": id_}
        names = {a: name for a, name, _, _ in AGENCIES}
        return answer | {
            "title": record.get("call_sign") or record.get("type") or record.get("name") or id_,
            "subtitle": names.get(said["agency"], ""), "position": None,
            "rows": [[_label(k), v] for k, v in record.items() if isinstance(v, str) and k not in ("id", "agency")],
            "observed_at": self._at - 4, "received_at": self._at - 3.4, "flagged": [],
            "history": [[self._at - 600, "Available"], [self._at - 200, "En route"]],
        }  # fmt: skip


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


async def _main(port: int) -> None:
    async with FakeReview(port=port) as review:
        print(f"ready ws://127.0.0.1:{review.port}/stream", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args().port))
