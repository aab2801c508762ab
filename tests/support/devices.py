"""Devices that speak CoT to a TCP port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


def event(uid: str, kind: str = "a-f-G-U-C", detail: str = "") -> bytes:
    when = 'time="2026-05-04T19:00:00Z" start="2026-05-04T19:00:00Z" stale="2026-05-04T19:00:30Z" how="m-g"'
    point = '<point lat="41.5" lon="-87.5" hae="9999999.0" ce="9" le="9999999.0"/>'
    return f'<event version="2.0" uid="{uid}" type="{kind}" {when}>{point}<detail>{detail}</detail></event>'.encode()


@contextlib.asynccontextmanager
async def device(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
