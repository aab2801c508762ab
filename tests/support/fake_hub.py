"""A stream server with a made-up city behind it: speaks docs/wire.md, needs neither bus nor feeds.

For tests of the browser and for `jointops bench browser`. It can be told to go wrong: `stall` (says nothing more,
as a stopped process), `drop` (cuts every connection), `restart` (another epoch), `freeze` (nothing changes any
more, heartbeats go on), `refuse` (takes no connections). Deterministic for a seed, but for the wall clock.

    python -m tests.support.fake_hub --units 300 --port 8951
"""

import argparse
import asyncio
import collections
import contextlib
import json
import time
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from layers.frame import FrameHeader, FrameType, encode
from tests.support.fake_city import AGENCIES, City

_RING = 50
"""Deltas kept for resuming; older ones are forgotten, and a keyframe is sent instead."""
_EVENTS = 500


class FakeHub:
    """The server. `async with FakeHub(units=300) as hub: hub.port`."""

    def __init__(
        self,
        units: int = 300,
        incidents: int = 40,
        cameras: int = 60,
        *,
        tick_ms: int = 100,
        moved: float = 0.1,
        seed: int = 1,
        demo: bool = True,
        deflate_from: int = 0,
        port: int = 0,
        events_every_s: float = 2.0,
        zones: int = 0,
        notes: int = 0,
        roles: tuple[str, ...] = ("wall",),
    ) -> None:
        """`moved`: share of the units that report in each tick. `events_every_s`: 0 makes none."""
        self.city = City(units, incidents, cameras, seed, zones, notes)
        self.tick_ms, self.moved, self.demo = tick_ms, moved, demo
        self.deflate_from = deflate_from
        self.roles = roles
        self.port = port
        self.events_every_s = events_every_s
        self.epoch = "epoch-1"
        self.rev = 1
        self.frozen = self.stalled = self.refusing = False
        self.bus, self.bus_since = "", 0.0
        self.journal = ""
        """Why the journal takes nothing, as health says it."""
        self.recorder = "recording"
        self.heard: list[dict[str, Any]] = []
        """Everything viewers said, oldest first."""
        self.resumed = 0
        """Connections that went on with deltas instead of a keyframe."""
        self._ring: collections.deque[tuple[int, bytes]] = collections.deque(maxlen=_RING)
        self._events: collections.deque[tuple[int, dict[str, Any]]] = collections.deque(maxlen=_EVENTS)
        self._event_number = 0
        self._connections: set[ServerConnection] = set()
        self._server: Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "FakeHub":
        """Listen and start ticking."""
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, compression=None, close_timeout=1, process_request=self._door
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, cutting whoever is still there."""
        assert self._task and self._server
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.drop()
        self._server.close()
        await self._server.wait_closed()

    @property
    def viewers(self) -> int:
        """How many are connected."""
        return len(self._connections)

    def drop(self) -> None:
        """Cut every connection without a closing handshake."""
        for connection in self._connections:
            connection.transport.abort()
        self._connections.clear()

    def restart(self) -> None:
        """Be another hub: new epoch, revisions and event numbers from the start, nobody connected."""
        self.epoch = f"epoch-{int(self.epoch.split('-')[1]) + 1}"
        self.rev, self._event_number = 1, 0
        self._ring.clear()
        self._events.clear()
        self.drop()

    def lose_bus(self) -> None:
        """Say that the bus is lost, from the next frame on."""
        self.bus, self.bus_since = "lost", time.time()

    def find_bus(self) -> None:
        """Say no more that the bus is lost."""
        self.bus, self.bus_since = "", 0.0

    def announce(self, event: dict[str, Any]) -> None:
        """Put an event in the next frame; fields as in docs/wire.md."""
        self._event_number += 1
        self._events.append((self._event_number, event))
        self.city.pending_events.append((self._event_number, event))

    async def _door(self, _: ServerConnection, request: Request) -> Response | None:
        if self.refusing:
            return Response(503, "Service Unavailable", Headers({"Content-Length": "0"}), b"")
        if request.path != "/stream":
            return Response(404, "Not Found", Headers({"Content-Length": "0"}), b"")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        try:
            first = json.loads(await asyncio.wait_for(connection.recv(), 5))
            self.heard.append(first)
            if self.stalled:
                await connection.wait_closed()
                return
            broadcast([connection], json.dumps(self._hello()))
            for frame in self._catch_up(first):
                broadcast([connection], frame)
            self._connections.add(connection)
            async for text in connection:
                said = json.loads(text)
                self.heard.append(said)
                if said.get("type") == "card" and not self.stalled:
                    broadcast([connection], json.dumps(self.city.card(said, time.time())))
        except (ConnectionClosed, TimeoutError, json.JSONDecodeError):
            pass
        finally:
            self._connections.discard(connection)

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "epoch": self.epoch,
            "at": time.time(),
            "tick_ms": self.tick_ms,
            "viewer": {"name": "wall", "agency": "jocc", "roles": list(self.roles)},
            "site": {"name": "Joint Command Centre", "timezone": "America/Chicago", "demo": self.demo},
            "agencies": [{"id": a, "name": name, "tag": tag} for a, name, tag, _ in AGENCIES],
            "sees": ["units", "incidents", "cameras", "zones", "log"],
        }

    def _catch_up(self, first: dict[str, Any]) -> list[bytes]:
        rev, seen = first.get("rev", 0), first.get("events", 0)
        same = first.get("epoch") == self.epoch
        later = [frame for base, frame in self._ring if base >= rev]
        if same and (rev == self.rev or (self._ring and self._ring[0][0] <= rev < self.rev)):
            self.resumed += 1
            return later
        now = time.time()
        events = tuple((n, e) for n, e in self._events if not same or n > seen)
        header = FrameHeader(rev=self.rev, at=now, events=events, bus=self.bus, bus_since=self.bus_since)
        return [encode(FrameType.KEYFRAME, header, self.city.keyframe(now), self.deflate_from)]

    async def _run(self) -> None:
        due = time.monotonic()
        sent = health = event = due
        while True:
            due = max(due + self.tick_ms / 1000, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            if self.stalled:
                continue
            now, mono = time.time(), time.monotonic()
            if self.events_every_s and not self.frozen and mono - event > self.events_every_s:
                event = mono
                self.announce(self.city.happening(now))
            if self._tick(now):
                sent = mono
            elif mono - sent >= 1:
                sent = mono
                beat = FrameHeader(rev=self.rev, base=self.rev, at=now, bus=self.bus, bus_since=self.bus_since)
                broadcast(self._connections, encode(FrameType.HEARTBEAT, beat))
            if mono - health >= 1:
                health = mono
                broadcast(self._connections, json.dumps(self._health(now)))

    def _tick(self, now: float) -> bool:
        changes = () if self.frozen else self.city.step(now, self.moved)
        events, self.city.pending_events = tuple(self.city.pending_events), []
        if not changes and not events:
            return False
        header = FrameHeader(
            rev=self.rev + 1,
            base=self.rev,
            at=now,
            lag_ms=self.city.lag_ms if changes else 0.0,
            events=events,
            bus=self.bus,
            bus_since=self.bus_since,
        )
        frame = encode(FrameType.DELTA, header, changes, self.deflate_from)
        self._ring.append((self.rev, frame))
        self.rev += 1
        broadcast(self._connections, frame)
        return True

    def _health(self, now: float) -> dict[str, Any]:
        return {
            "type": "health",
            "at": now,
            "bus": "lost" if self.bus else "live",
            "bus_since": self.bus_since,
            "journal": self.journal,
            "recorder": {"state": self.recorder, "since": now, "sealed_to": now},
            "feeds": self.city.feeds(now),
        }


async def _main(args: argparse.Namespace) -> None:
    options = {k: v for k, v in vars(args).items() if v is not None}
    async with FakeHub(**options) as hub:
        print(f"ready ws://127.0.0.1:{hub.port}/stream", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (("units", int), ("incidents", int), ("cameras", int), ("tick_ms", int), ("seed", int)):
        parser.add_argument("--" + name.replace("_", "-"), dest=name, type=kind)
    parser.add_argument("--moved", type=float)
    parser.add_argument("--events-every-s", dest="events_every_s", type=float)
    parser.add_argument("--deflate-from", dest="deflate_from", type=int)
    parser.add_argument("--port", type=int)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args()))
