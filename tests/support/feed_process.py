"""A FeedClient as a process that a test kills: `python -m tests.support.feed_process URL SPOOL FIRST COUNT`.

It says each number once `send` has returned for it, and never ends by itself.
"""

import asyncio
import sys
from pathlib import Path

from feeds.client import FeedClient
from tests.support.gateway import unit


async def main(url: str, spool: Path, first: int, count: int) -> None:
    """Send units called by their number, one by one."""
    async with FeedClient(url, "avl", "token-avl", spool) as feed:
        for n in range(first, first + count):
            await feed.send(unit(None, f"U{n}"))
            print(n, flush=True)
            await asyncio.sleep(0.001 if n % 10 == 0 else 0)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
