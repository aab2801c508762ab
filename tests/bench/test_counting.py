"""A viewer that only counts counts what was sent, however it is cut."""

import asyncio

from websockets.asyncio.server import ServerConnection, serve

from bench import counting

SIZES = [0, 1, 125, 126, 65_535, 65_536, 700_000, 3]


async def test_binary_frames_of_every_length_are_counted_and_text_is_not():
    asked = asyncio.get_running_loop().create_future()

    async def connected(connection: ServerConnection) -> None:
        await connection.send("hello")
        asked.set_result(await connection.recv())
        for size in SIZES:
            await connection.send(b"x" * size)
            await connection.send("between " * size if size < 100 else "text")
        await connection.wait_closed()

    counts = asyncio.Event()
    counts.set()
    async with serve(connected, "127.0.0.1", 0, compression=None, max_size=None) as server:
        viewer = await counting.connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/stream", "token", counts)
        assert await asyncio.wait_for(asked, 5) == '{"type":"resume"}'
        async with asyncio.timeout(5):
            while viewer.frames < len(SIZES):  # noqa: ASYNC110 - it counts and tells nobody
                await asyncio.sleep(0.01)
        assert (viewer.frames, viewer.bytes) == (len(SIZES), sum(SIZES))
        viewer.transport.close()
