"""A hub on real sockets, and viewers of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from dashboard.config import Settings
from dashboard.config_file import parse
from dashboard.hub import Hub
from dashboard.viewer import COOKIE, Gate, Viewer
from feeds.bus import BatchId, Bus
from feeds.clock import Clock, SystemClock
from feeds.errors import BusDown
from feeds.names import AgencyId
from feeds.recording import word as words
from feeds.recording.word import Word
from tests.support.pair import Client

SITE = """
[site]
name = "Test site"
tick_ms = 20
[[agency]]
id = "cpd"
name = "City Police"
tag = "CPD"
[[agency]]
id = "fire"
name = "Fire"
tag = "FD"
family = "fire"
[[agency]]
id = "fbi"
name = "Task force"
tag = "TF"
[[agency]]
id = "jcc"
name = "Command centre"
tag = "JCC"
[[source]]
id = "cpd-avl"
agency = "cpd"
token = "t1"
[[source]]
id = "fire-avl"
agency = "fire"
token = "t2"
[[share]]
from = "*"
to = ["jcc"]
categories = ["feed.health", "unit.position", "unit.status", "unit.identity", "unit.emergency", "incident.summary",
  "incident.location", "camera.location", "camera.state", "acoustic.alert"]
[[share]]
from = "cpd"
to = ["fire"]
categories = ["unit.position"]
[[account]]
name = "wall"
agency = "jcc"
password_hash = "$argon2id$v=19$m=1024,t=1,p=1$YtqztJNkfrKbgIp3M7k9BA$vZTiaOoqJ4wlbFg1bSVsoEJCWUfYR+WVT3jujqb7qKc"
[[api_token]]
name = "jcc"
agency = "jcc"
token = "jcc-token"
[[api_token]]
name = "fire"
agency = "fire"
token = "fire-token"
[[api_token]]
name = "fbi"
agency = "fbi"
token = "fbi-token"
"""


def site() -> Settings:
    return parse(SITE)


class LogIns:
    """Cookies of people; `down` says that nobody can be looked up."""

    def __init__(self) -> None:
        self.people: dict[str, Viewer] = {
            "wall-cookie": Viewer(name="wall", agency=AgencyId("jcc"), roles=("wall",), kind="wall")
        }
        self.down = False

    async def find(self, cookie: str) -> Viewer | None:
        if self.down:
            raise BusDown("sessions cannot be read")
        return self.people.get(cookie)


@asynccontextmanager
async def hub_on(
    bus: Bus, log_ins: LogIns | None = None, settings: Settings | None = None, clock: Clock | None = None
) -> AsyncIterator[Hub]:
    """A hub with its door open; closed in time or the test fails."""
    settings = settings or site()
    hub = Hub(bus, settings, clock or SystemClock(), Gate(settings, log_ins or LogIns()), "127.0.0.1", 0)
    stop = asyncio.Event()
    running = asyncio.create_task(hub.run(stop))
    opened = asyncio.create_task(hub.opened.wait())
    await asyncio.wait({running, opened}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    assert hub.opened.is_set()
    try:
        yield hub
    finally:
        stop.set()
        await asyncio.wait_for(running, 5)


class Watcher:
    """A viewer on a real WebSocket: frames into a `Client`, text messages by type."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.client = Client()
        self.hello: dict[str, Any] = {}
        self.texts: list[dict[str, Any]] = []
        self.reading: asyncio.Task[None] | None = None

    async def read(self) -> None:
        async for message in self.socket:
            if isinstance(message, bytes):
                self.client.take(message)
            else:
                self.texts.append(json.loads(message))

    def said(self, type_: str) -> list[dict[str, Any]]:
        return [text for text in self.texts if text["type"] == type_]

    async def card(self, layer: str, entity_id: str, agency: str = "cpd") -> dict[str, Any]:
        asked = len(self.texts) + 1000
        ask = {"type": "card", "ask": asked, "layer": layer, "agency": agency, "id": entity_id}
        await self.socket.send(json.dumps(ask))
        await wait_for(lambda: any(card["ask"] == asked for card in self.said("card")))
        return next(card for card in self.said("card") if card["ask"] == asked)


@asynccontextmanager
async def watching(
    hub: Hub, token: str = "jcc-token", resume: dict[str, Any] | None = None, client: Client | None = None, **how: Any
) -> AsyncIterator[Watcher]:
    """A viewer who says `resume` and reads on until the end of the block."""
    headers = how.pop("headers", {"Authorization": f"Bearer {token}"})
    async with connect(
        f"ws://127.0.0.1:{hub.port}/stream", additional_headers=headers, compression=None, max_size=None, **how
    ) as socket:
        watcher = Watcher(socket)
        watcher.client = client or watcher.client
        watcher.hello = json.loads(await asyncio.wait_for(socket.recv(), 5))
        await socket.send(json.dumps({"type": "resume", **(resume or {})}))
        watcher.reading = asyncio.create_task(watcher.read())
        try:
            yield watcher
        finally:
            watcher.reading.cancel()
            await asyncio.gather(watcher.reading, return_exceptions=True)


async def record_to(bus: Bus, mark: BatchId, agency: str = "cpd", **more: Any) -> None:
    """Say as the recorder does that an agency's journal is recorded up to `mark`."""
    said = {"at": SystemClock().now(), "state": "recording", "since": 5.0, "sealed_to": 6.0} | more
    await bus.save_recorder(words.encode(Word(**said, marks={AgencyId(agency): mark})))


async def wait_for(true: Callable[[], Any], timeout_s: float = 8.0) -> None:
    """Wait until `true()`; fails after `timeout_s`."""
    async with asyncio.timeout(timeout_s):
        while not true():  # noqa: ASYNC110 - bounded above
            await asyncio.sleep(0.01)


def cookie_headers(port: int, cookie: str = "wall-cookie") -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={cookie}"}
