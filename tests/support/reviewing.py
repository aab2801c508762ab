"""A review on real sockets, and reviewers of it."""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from dashboard.config import Settings
from dashboard.config_file import parse
from dashboard.overviews import Overviews
from dashboard.review import Review
from dashboard.viewer import Gate
from feeds.clock import Clock, SystemClock
from feeds.recording.audit import FILE, Audit
from feeds.replay.recording import Recording
from tests.support.live import SITE, LogIns, Watcher, wait_for

REVIEW_SITE = (
    re.sub(r'(token = "(?:jcc|fire|fbi)-token")', r'\1\nroles = ["reviewer"]', SITE)
    + """
[[api_token]]
name = "live-only"
agency = "jcc"
token = "live-only-token"
[[api_token]]
name = "cpd"
agency = "cpd"
token = "cpd-token"
roles = ["reviewer"]
[[account]]
name = "reviewer"
agency = "jcc"
roles = ["reviewer"]
password_hash = "$argon2id$v=19$m=1024,t=1,p=1$YtqztJNkfrKbgIp3M7k9BA$vZTiaOoqJ4wlbFg1bSVsoEJCWUfYR+WVT3jujqb7qKc"
"""
)


def review_site() -> Settings:
    return parse(REVIEW_SITE)


@asynccontextmanager
async def review_on(
    recording: Recording,
    settings: Settings | None = None,
    clock: Clock | None = None,
    log_ins: LogIns | None = None,
    today: bytes | None = None,
    audit: Audit | None = None,
    overviews: Overviews | None = None,
) -> AsyncIterator[Review]:
    """A review with its door open; closed in time or the test fails. `today`: the picture that the hub keeps."""
    settings = settings or review_site()
    gate = Gate(settings, log_ins or LogIns())

    async def load() -> bytes | None:
        return today

    with tempfile.TemporaryDirectory(prefix="audit-") as aside:
        audit = audit or Audit(Path(aside) / FILE)
        review = Review(recording, load, settings, clock or SystemClock(), gate, "127.0.0.1", 0, audit, overviews)
        async with _open(review):
            yield review


@asynccontextmanager
async def _open(review: Review) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(review.run(stop))
    opened = asyncio.create_task(review.opened.wait())
    await asyncio.wait({running, opened}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, 5)


class Reviewer(Watcher):
    """A viewer of a review: what it has is that of the newest epoch."""

    def __init__(self, socket: Any) -> None:
        super().__init__(socket)
        self.epochs: list[tuple[dict[str, Any], list[bytes]]] = []
        """The clock that began each epoch, and its frames."""

    async def read(self) -> None:
        async for message in self.socket:
            if isinstance(message, bytes):
                self.client.take(message)
                self.epochs[-1][1].append(message)
                continue
            text = json.loads(message)
            self.texts.append(text)
            if text["type"] == "clock" and (not self.epochs or text["epoch"] != self.epochs[-1][0]["epoch"]):
                self.epochs.append((text, []))
                self.client.__init__()  # type: ignore[misc]

    async def say(self, type_: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": type_, **fields}))

    async def answer(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Say it and return the first answer of that type."""
        before = len(self.said(type_))
        await self.say(type_, **fields)
        await wait_for(lambda: len(self.said(type_)) > before)
        return self.said(type_)[before]

    async def answer_refused(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Say what is refused; return the refusal."""
        before = len(self.said("refused"))
        await self.say(type_, **fields)
        await wait_for(lambda: len(self.said("refused")) > before)
        return self.said("refused")[before]

    async def epoch(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Say what begins a new epoch; return its clock when its first frame is there."""
        before = len(self.epochs)
        await self.say(type_, **fields)
        await wait_for(lambda: len(self.epochs) > before and self.epochs[-1][1])
        return self.epochs[-1][0]

    async def stepped(self, to: str, by: int = 1) -> dict[str, Any]:
        """Step; return the answer when the frame is there."""
        before = len(self.said("stepped"))
        await self.epoch("step", to=to, by=by)
        await wait_for(lambda: len(self.said("stepped")) > before)
        return self.said("stepped")[-1]

    def ids(self, layer: str = "units") -> set[str]:
        return {id_ for _, id_ in self.client.by_id(layer)}

    @property
    def clock(self) -> dict[str, Any]:
        return self.said("clock")[-1]


@asynccontextmanager
async def reviewing(review: Review, token: str = "jcc-token", **begin: Any) -> AsyncIterator[Reviewer]:
    """A reviewer who opens at `begin` and has the first frame."""
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(
        f"ws://127.0.0.1:{review.port}/stream", additional_headers=headers, compression=None, max_size=None
    ) as socket:
        reviewer = Reviewer(socket)
        reviewer.hello = json.loads(await asyncio.wait_for(socket.recv(), 5))
        reviewer.reading = asyncio.create_task(reviewer.read())
        try:
            await reviewer.epoch("open", **begin)
            yield reviewer
        finally:
            reviewer.reading.cancel()
            await asyncio.gather(reviewer.reading, return_exceptions=True)
