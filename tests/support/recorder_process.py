"""A recorder as a process of its own, with segments of seconds, which ends where it is told to.

`python -m tests.support.recorder_process REDIS_URL FOLDER LENGTH_S POINT AGENCY...`: it kills itself at POINT.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from dashboard.recorder import logs_of
from feeds.clock import SystemClock
from feeds.names import AgencyId
from feeds.recording.archive import Archive
from feeds.recording.recorder import Recorder
from feeds.redis_bus import RedisBus

QUIET_S = 0.5
"""After this an agency that says nothing more has its segment closed, seconds."""


async def main(url: str, folder: Path, length_s: float, point: str, agencies: list[AgencyId]) -> None:
    """Record until killed."""

    def at(where: str) -> None:
        if where == point:
            os.kill(os.getpid(), signal.SIGKILL)

    clock = SystemClock()
    bus = RedisBus(url, clock)
    archive = Archive(folder, at)
    with archive.writing():
        recorder = Recorder(
            bus, archive, agencies, clock, length_s=length_s, quiet_s=QUIET_S, at=at, logs=logs_of(bus),
            derive=lambda agency, t0, coming: {
                "replay.bin": f"{agency} {t0} {sum(len(sheet.entries) for sheet in coming)}".encode()
            },
        )  # fmt: skip
        await recorder.run(asyncio.Event())


async def start(
    url: str, folder: Path, *agencies: AgencyId, length_s: float = 1.0, point: str = "-"
) -> "asyncio.subprocess.Process":
    """Start one."""
    words = (url, str(folder), str(length_s), point, *agencies)
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.support.recorder_process", *words)


if __name__ == "__main__":
    asyncio.run(
        main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4], [AgencyId(a) for a in sys.argv[5:]])
    )
