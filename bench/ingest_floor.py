"""The floor of `bench ingest`, a process of its own: a WebSocket server that puts every frame into Redis as it is.

What it does: takes a frame, appends and publishes its bytes in one MULTI (XADD, PUBLISH), and when Redis has
answered, acknowledges it with a few bytes. One append is in flight; meanwhile frames wait in the socket.
What it does not do: look into the frame, check who sends, number, tell duplicates, deflate, count, or survive a fault.
Reads the job as one JSON line, says its port, serves until its input ends.
"""

import asyncio
import json
import sys
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from feeds.redis_line import Line, accepted


async def main(job: dict[str, Any]) -> None:
    """Serve."""

    async def connected(connection: ServerConnection) -> None:
        line = Line(job["redis_url"])
        frames = 0
        try:
            async for frame in connection:
                append = (
                    (b"MULTI",),
                    (b"XADD", b"floor", b"*", b"d", frame),
                    (b"PUBLISH", b"floor", frame),
                    (b"EXEC",),
                )
                accepted(await line.ask(*append, within=5.0))
                frames += 1
                await connection.send(b'{"ack":[%d]}' % frames, text=True)
        finally:
            line.close()

    async with serve(connected, "127.0.0.1", 0, compression=None, max_size=None, max_queue=4) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
