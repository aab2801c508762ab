import asyncio
import sys
import time
from pathlib import Path

from feeds.client import FeedClient


async def main(url: str, source: str, token: str) -> None:
    async with FeedClient(url, source, token, spool=Path("spool")) as feed:
        while line := await asyncio.to_thread(sys.stdin.readline):  # "3A12 41.88 -87.63"
            unit_id, lat, lon = line.split()
            unit = {"kind": "unit", "unit_id": unit_id, "lat": float(lat), "lon": float(lon)}
            await feed.send(unit | {"observed_at": time.time()})
        await feed.flush()


asyncio.run(main(*sys.argv[1:]))
