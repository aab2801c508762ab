"""The agencies of `bench live`, a process of its own: units that report once a second through the ordinary door.

Messages hold a few reports each and are spread evenly over every second in a shuffled order, so that nothing keeps
step with the hub's tick. Reads the job as one JSON line; says `sending` when all units have reported once, goes on
until told `end`, and then says in one JSON line what was acknowledged and how fast.

A message is made once, as columns or as JSON, and then has its numbers written over (`ColumnForm`, `Form`): two cores
are shared with what is measured, and building each report anew would take most of one of them at 80,000 reports a
second.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

import msgspec
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from feeds.report import UnitReport
from feeds.unit_columns import COLUMNS, NUMBERS, columns_of, encode, shuffled

SEQ_FIRST = 10**9
"""Sequence numbers keep their width from here on."""
# In the order in which FeedClient writes them.
_REPORT = (
    '{"kind":"unit","observed_at":OOOOOOOOOO.MMM,"seq":SSSSSSSSSS,"unit_id":"%s","call_sign":"%s",'
    '"unit_type":"PatrolUnit","lat":41.%04dAA,"lon":-87.%04dBB,"course_deg":1CC.5,"speed_mps":1V.5,"h_err_m":5,'
    '"primary_status":"NotAvailable","secondary_status":["EnRoute"]},'
)
_UNIT_WIDTH = 6
_CHANCE = {"A": 2, "B": 2, "C": 2, "V": 1}
"""Digits of each report that are drawn anew for every message: a unit stays within some ten metres."""


class Form:
    """One message of n units: a report of position and status for each, `n` rows of equally many bytes."""

    def __init__(self, source: str, units: range) -> None:
        names = [f"{unit:0{_UNIT_WIDTH}}" for unit in units]
        text = "".join(
            _REPORT % (f"{source}-{name}", name, unit * 7919 % 10_000, unit * 6101 % 10_000)
            for name, unit in zip(names, units, strict=True)
        )
        self.units = units
        self._bytes = np.frombuffer(bytearray(text.encode()), np.uint8).reshape(len(names), -1)
        self._chance = [slice(text.index(letter * n), text.index(letter * n) + n) for letter, n in _CHANCE.items()]
        self._seq = slice(text.index("SSSSSSSSSS"), text.index("SSSSSSSSSS") + 10)
        self._observed_at = slice(text.index("OOOOOOOOOO"), text.index("OOOOOOOOOO") + 14)

    def write(self, seq: int, now: float, rng: np.random.Generator) -> bytes:
        """Return the message: every unit at a new place at `now`, numbered from `seq`."""
        rows = self._bytes
        numbers = np.arange(seq, seq + len(rows), dtype=np.uint32)
        rows[:, self._seq] = numbers[:, None] // _POWERS % 10 + ord("0")
        rows[:, self._observed_at] = np.frombuffer(b"%.3f" % now, np.uint8)
        for digits in self._chance:
            size = (len(rows), digits.stop - digits.start)
            rows[:, digits] = rng.integers(ord("0"), ord("9"), size, np.uint8, endpoint=True)
        return b"[" + rows.tobytes()[:-1] + b"]"


class ColumnForm:
    """The same reports as columns, as FeedClient sends them."""

    def __init__(self, source: str, units: range) -> None:
        form = Form(source, units)
        reports = _decode(form.write(SEQ_FIRST, 1.8e9, np.random.default_rng(0)))
        columns = columns_of(reports)
        assert columns is not None
        self.units = units
        self._numbers = columns.table().numbers.copy()
        self._at = [NUMBERS.index(name) for name in ("lat", "lon", "course_deg", "speed_mps", "observed_at", "seq")]
        self._least = np.trunc(self._numbers[self._at[:2]] * 1e4) / 1e4
        whole = encode(columns)
        start = whole.index(columns.numbers)
        self._head, self._tail = whole[:start], whole[start + len(columns.numbers) :]

    def write(self, seq: int, now: float, rng: np.random.Generator) -> bytes:
        """Return the message: every unit at a new place at `now`, numbered from `seq`."""
        numbers, n = self._numbers, len(self.units)
        lat, lon, course, speed, observed_at, seq_at = self._at
        chance = rng.integers(0, 99, (3, n), endpoint=True)
        numbers[lat] = self._least[0] + chance[0] / 1e6
        numbers[lon] = self._least[1] - chance[1] / 1e6
        numbers[course] = 100.5 + chance[2]
        numbers[speed] = 10.5 + chance[2] % 10
        numbers[observed_at] = round(now, 3)
        numbers[seq_at] = np.arange(seq, seq + n)
        return self._head + shuffled(numbers) + self._tail


_decode = msgspec.json.Decoder(list[UnitReport]).decode
_POWERS = 10 ** np.arange(9, -1, -1, dtype=np.uint32)


class Feed:
    """One source's connection."""

    def __init__(self, source: str, units: int, job: dict[str, Any], seed: int, end: asyncio.Event) -> None:
        self.source = source
        self.columns = job.get("wire") == "columns"
        form: type[Form] | type[ColumnForm] = ColumnForm if self.columns else Form
        size = job["size"]
        self.forms = [form(source, range(start, min(start + size, units))) for start in range(0, units, size)]
        self.rng = np.random.default_rng(seed)
        random.Random(seed).shuffle(self.forms)
        self.seq = SEQ_FIRST
        self.sent: list[float] = []
        self.ack_ms: list[float] = []
        self.acknowledged = 0
        self.refused = 0
        self.late_ms: list[float] = []
        """By how much messages left after they were due."""
        self.end = end
        self.sent_all = False
        self.first = 0
        """Messages of the burst at the start, which is not what a running feed sees."""

    async def answers(self, socket: ClientConnection) -> None:
        """Read answers; they come in the order of the messages."""
        async for answer in socket:
            self.ack_ms.append((time.perf_counter() - self.sent[len(self.ack_ms)]) * 1000)
            said = json.loads(answer)
            self.acknowledged += len(said.get("ack", ()))
            self.refused += len(said.get("refused", ())) + len(said.get("duplicate", ()))
            if self.sent_all and len(self.ack_ms) == len(self.sent):
                return

    async def send(self, socket: ClientConnection, form: Form | ColumnForm) -> None:
        """Send one message."""
        data = form.write(self.seq, time.time(), self.rng)
        self.seq += len(form.units)
        self.sent.append(time.perf_counter())
        await socket.send(data, text=not self.columns)

    async def run(self, url: str, token: str, run: str, all_in: asyncio.Barrier) -> None:
        """Report every unit once, wait for the others, then once a second each until the end."""
        address = f"{url}/{self.source}?run={run}"
        headers = {"Authorization": f"Bearer {token}"}
        offered = [Subprotocol(COLUMNS)] if self.columns else None
        async with connect(
            address, additional_headers=headers, subprotocols=offered, compression=None, max_size=None
        ) as socket:
            reader = asyncio.create_task(self.answers(socket))
            for form in self.forms:
                await self.send(socket, form)
            while len(self.ack_ms) < len(self.sent):  # noqa: ASYNC110 - before anything is measured
                await asyncio.sleep(0.02)
            await all_in.wait()
            self.first = len(self.sent)
            step = 1.0 / len(self.forms)
            due = time.perf_counter() + float(self.rng.random())
            while not self.end.is_set():
                for form in self.forms:
                    await asyncio.sleep(due - time.perf_counter())
                    self.late_ms.append((time.perf_counter() - due) * 1000)
                    await self.send(socket, form)
                    due += step
            self.sent_all = True
            if len(self.ack_ms) < len(self.sent):
                await asyncio.wait_for(reader, 30)
            reader.cancel()


async def main(job: dict[str, Any]) -> None:
    """Run all sources."""
    tokens: dict[str, str] = job["tokens"]
    end = asyncio.Event()
    feeds = [
        Feed(source, job["units"] // len(tokens) + (i < job["units"] % len(tokens)), job, i, end)
        for i, source in enumerate(tokens)
    ]
    all_in = asyncio.Barrier(len(feeds) + 1)
    async with asyncio.TaskGroup() as group:
        for feed in feeds:
            group.create_task(feed.run(job["urls"][feed.source], tokens[feed.source], job.get("run", "bench"), all_in))
        await all_in.wait()
        print("sending", flush=True)
        word = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        assert word.strip() in ("end", "")
        end.set()
    ack_ms = sorted(ms for feed in feeds for ms in feed.ack_ms[feed.first :])
    late_ms = sorted(ms for feed in feeds for ms in feed.late_ms)
    print(
        json.dumps(
            {
                "sent": sum(feed.seq - SEQ_FIRST for feed in feeds),
                "acknowledged": sum(feed.acknowledged for feed in feeds),
                "refused": sum(feed.refused for feed in feeds),
                "ack_p50_ms": ack_ms[len(ack_ms) // 2],
                "ack_p95_ms": ack_ms[len(ack_ms) * 95 // 100],
                "ack_p99_ms": ack_ms[len(ack_ms) * 99 // 100],
                "late_p99_ms": late_ms[len(late_ms) * 99 // 100],
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
