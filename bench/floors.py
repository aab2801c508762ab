"""The least CPU that the steps of `bench live` can cost on this machine, on the very messages, batches and frames of
the run. No product code runs here but the vocabulary and `layers.frame`.

The definition: the sum, over the window, of what any correct implementation of this architecture has to do once
    decode   a feed's message, JSON or columns, types and bounds looked at once per message, at the door
    pack     the reports as msgpack, plain (the product deflates as well)  once per batch, at the door
    bus      XADD, PUBLISH and hearing it, over bare sockets               once per batch, Redis included
    unpack   msgpack into reports, nothing validated again                 once per batch, at the hub
    apply    every report kept in a dict by its unit                       once per message, at the hub
    encode   the columns of a frame                                        once per frame and viewer class
    send     `transport.write` of the frame to every viewer                once per frame and viewer
`bus` carries the deflated bytes that the product stores, a sixth of what `pack` makes, though deflating them is in no
floor: the sum is lower than any one way of doing it. Not in it either: reading the feed's WebSocket, answering it,
heartbeats, keyframes of the picture, policy, records, health, the event loop.

Each step is measured twice: at the pace of the run (with its pauses between two messages, batches or frames, in which
caches and processors cool down just as they do in the product), which is the floor that counts, and without a pause,
which shows how much of it is pace.
"""

import asyncio
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import types
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from bench.live_site import cpu_s
from feeds import embedded_redis
from feeds.envelope import Batch, Parcel
from feeds.report import CATEGORIES, AnyReport
from feeds.unit_columns import UnitColumns
from layers.frame import FrameHeader, LayerChange, decode, encode


class Floor(NamedTuple):
    """CPU seconds for one item (message, batch or frame)."""

    paced: float
    hot: float


def _each(items: Sequence[object], work: Callable[[object], object], pause_s: float) -> Floor:
    found = []
    for pause in (pause_s, 0.0):
        used = 0.0
        for item in items:
            began = time.process_time()
            work(item)
            used += time.process_time() - began
            if pause:
                time.sleep(pause)
        found.append(used / len(items))
    return Floor(*found)


def decode_s(parcels: list[Parcel], wire: str, pause_s: float) -> Floor:
    """Return what decoding a message costs, types and bounds looked at, with msgspec and numpy and nothing else."""
    if wire == "json":
        messages = [msgspec.json.encode(parcel.reports) for parcel in parcels]
        return _each(messages, msgspec.json.Decoder(list[AnyReport]).decode, pause_s)  # type: ignore[arg-type]
    decode_columns = msgspec.msgpack.Decoder(UnitColumns).decode
    least, most = -np.inf, np.inf

    def work(message: object) -> None:
        columns = decode_columns(message)  # type: ignore[arg-type]
        planes = np.frombuffer(columns.numbers, np.uint8).reshape(columns.said.bit_count(), 8, -1)
        numbers = planes.transpose(0, 2, 1).copy().view(np.float64)
        assert not ((numbers < least).any() or (numbers > most).any())

    return _each([msgspec.msgpack.encode(parcel.body) for parcel in parcels], work, pause_s)


def pack_s(batches: list[Batch], pause_s: float) -> Floor:
    """Return what encoding a batch as plain msgpack costs."""
    return _each(batches, msgspec.msgpack.Encoder().encode, pause_s)


def unpack_s(batches: list[Batch], pause_s: float) -> Floor:
    """Return what decoding a batch from plain msgpack into reports costs, without validating them again."""
    reports: Any = typing.Union[tuple(map(_unchecked, CATEGORIES))]  # noqa: UP007 - of a list known only here
    heads: dict[str, Any] = {"array_like": True, "gc": False}
    of_parcel = [("source", str), ("run", str), ("received_at", float), ("reports", tuple[reports, ...])]
    parcel: Any = msgspec.defstruct("Parcel", of_parcel, **heads)
    batch = msgspec.defstruct("Batch", [("version", int), ("agency", str), ("parcels", tuple[parcel, ...])], **heads)
    decoder = msgspec.msgpack.Decoder(batch)
    return _each([msgspec.msgpack.encode(b) for b in batches], decoder.decode, pause_s)  # type: ignore[arg-type]


def _unchecked(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Return the same struct without bounds, patterns and closed sets."""
    hints = typing.get_type_hints(kind, include_extras=True)
    fields: list[Any] = [
        (f.name, _bare(hints[f.name])) if f.required else (f.name, _bare(hints[f.name]), f.default)
        for f in msgspec.structs.fields(kind)
    ]
    tag = kind.__struct_config__.tag
    return msgspec.defstruct(kind.__name__, fields, tag=tag, tag_field="kind", frozen=True, kw_only=True, gc=False)


def _bare(hint: Any) -> Any:
    if hasattr(hint, "__metadata__"):
        return _bare(hint.__origin__)
    args = typing.get_args(hint)
    match typing.get_origin(hint):
        case types.UnionType | typing.Union:
            return typing.Union[tuple(map(_bare, args))]  # noqa: UP007 - of a list known only here
        case typing.Literal:
            return str
        case origin if origin is tuple:
            return tuple[tuple(_bare(a) if a is not ... else a for a in args)]  # type: ignore[misc]
    return hint


def apply_s(parcels: list[Parcel], pause_s: float) -> Floor:
    """Return what keeping every decoded report of a message in a dict by its unit costs."""
    latest: dict[str, object] = {}

    def work(reports: object) -> None:
        for report in reports:  # type: ignore[attr-defined]
            latest[report.unit_id] = report

    return _each([parcel.reports for parcel in parcels], work, pause_s)


def encode_s(frames: list[bytes], pause_s: float) -> Floor:
    """Return what encoding the columns of a frame's units again costs."""
    changes = []
    for data in frames:
        frame = decode(data)
        columns = frame.columns.get("units")
        if columns is None:
            continue
        dtypes = {c.name: c.dtype for layer in frame.header.layers if layer.name == "units" for c in layer.columns}
        change = LayerChange("units", tuple((name, dtypes[name], values) for name, values in columns.items()))
        changes.append((frame.type, FrameHeader(frame.header.rev, frame.header.at), (change,)))
    return _each(changes, lambda change: encode(*change), pause_s)  # type: ignore[misc]


def bus_s(batches: list[bytes], pause_s: float) -> Floor:
    """Return what appending, publishing and hearing a batch costs over bare sockets, the server's CPU included."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        server = embedded_redis.start(Path(folder))
        try:
            for pause in (pause_s, 0.0):
                with _connected(server.url) as writer, _connected(server.url) as reader:
                    reader.sendall(_command(b"SUBSCRIBE", b"live"))
                    reader.recv(4096)
                    used, before = 0.0, cpu_s(server.pid)
                    for data in batches:
                        began = time.process_time()
                        xadd = _command(b"XADD", b"journal", b"*", b"d", data)
                        writer.sendall(xadd + _command(b"PUBLISH", b"live", data))
                        _read(writer, 2)
                        _receive(reader, len(data))
                        used += time.process_time() - began
                        if pause:
                            time.sleep(pause)
                    found.append((used + cpu_s(server.pid) - before) / len(batches))
        finally:
            server.stop()
    return Floor(*found)


def _connected(url: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.connect(url.removeprefix("unix://"))
    return made


def _command(*parts: bytes) -> bytes:
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def _read(connection: socket.socket, replies: int) -> None:
    """Read an id (bulk string: two lines) and a count (one line)."""
    got = b""
    while got.count(b"\r\n") < replies + 1:
        got += connection.recv(65536)


def _receive(connection: socket.socket, size: int) -> None:
    left = len(_command(b"message", b"live", b"")) - len(b"0") + len(str(size)) + size
    while left > 0:
        left -= len(connection.recv(65536))


def send_s(frames: list[bytes], viewers: int, pause_s: float) -> Floor:
    """Return what writing a frame to the transports of all viewers costs, who only read."""
    return asyncio.run(_send(frames, viewers, pause_s))


_DRAIN = """
import asyncio, sys
class Drain(asyncio.BufferedProtocol):
    buffer = memoryview(bytearray(1 << 20))
    def get_buffer(self, hint): return self.buffer
    def buffer_updated(self, count): pass
async def main(port, count):
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(Drain, "127.0.0.1", port) for _ in range(count)]
    await loop.run_in_executor(None, sys.stdin.read)
asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
"""


async def _send(frames: list[bytes], viewers: int, pause_s: float) -> Floor:
    loop = asyncio.get_running_loop()
    transports: list[asyncio.WriteTransport] = []
    seated = asyncio.Event()

    class Seat(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.WriteTransport)
            transports.append(transport)
            if len(transports) == viewers:
                seated.set()

    server = await loop.create_server(Seat, "127.0.0.1", 0)
    words = [sys.executable, "-c", _DRAIN, str(server.sockets[0].getsockname()[1]), str(viewers)]
    drain = subprocess.Popen(words, stdin=subprocess.PIPE)  # noqa: ASYNC220 - before anything is measured
    assert drain.stdin
    found = []
    try:
        await asyncio.wait_for(seated.wait(), 10)
        for pause in (pause_s, 0.002):
            used = 0.0
            for frame in frames:
                began = time.process_time()
                for transport in transports:
                    transport.write(frame)
                used += time.process_time() - began
                await asyncio.sleep(pause)
            found.append(used / len(frames))
    finally:
        server.close()
        for transport in transports:
            transport.abort()
        await asyncio.sleep(0)
        drain.stdin.close()
        drain.wait(5)
    return Floor(*found)


def machine(load_1min: float) -> dict[str, object]:
    """Return what runs it; `load_1min` as it was before anything was started."""
    return {
        "cpus": os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_1min_before": round(load_1min, 2),
        "load_1min_after": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    """Return the processor's name (Linux), else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
