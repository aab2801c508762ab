import asyncio
import contextlib

from feeds.exercise.stream_line import StreamLine
from tests.support.exercise import eventually


async def test_a_line_that_breaks_is_opened_again_and_begins_with_what_has_to_be_said_again() -> None:
    heard: list[bytes] = []
    lines: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(writer)
        writer.write(b"welcome")
        while chunk := await reader.read(100):
            heard.append(chunk)

    waiting = [b"one"]
    back: list[bytes] = []
    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    line = StreamLine(
        "x",
        "127.0.0.1",
        port,
        again=lambda: b"again:",
        more=lambda: waiting.pop() if waiting else b"",
        hear=back.append,
    )
    task = asyncio.create_task(line.run())
    try:
        await eventually(lambda: b"".join(heard) == b"again:one" and back == [b"welcome"])
        waiting.append(b"two")
        line.wake()
        await eventually(lambda: b"".join(heard) == b"again:onetwo")
        lines[0].close()
        await eventually(lambda: len(lines) == 2 and b"".join(heard).endswith(b"again:"))
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        server.close()
        for writer in lines:
            writer.transport.abort()
