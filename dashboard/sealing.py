"""Seals segments in a process of its own, while whoever made them makes the next. It ends when its pipe does."""

import contextlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

import msgspec
from msgspec import Struct

from dashboard import config_file, site
from dashboard.recorder import deriving
from feeds.bus import BatchId, Delivery
from feeds.envelope import decode_batch, encode_batch
from feeds.errors import JointOpsError
from feeds.names import AgencyId
from feeds.recording.archive import Archive

_HEAD = 8
"""Bytes before each segment: its length, big-endian."""


class _Order(Struct, array_like=True):
    agency: str
    t0: int
    t1: int
    entries: list[tuple[int, int, bytes]]
    lost: tuple[int, int] | None


class SealingFailed(JointOpsError):
    """What was to be recorded could not be sealed."""


class Sealing:
    """Seals into the archive of the site whose file is `config`. Leaving the block waits until all is committed."""

    def __init__(self, config: Path) -> None:
        self._words = [sys.executable, "-m", "dashboard.sealing", str(config)]

    def __enter__(self) -> "Sealing":
        self._process = subprocess.Popen(self._words, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - ours
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End it. Raises SealingFailed."""
        if kind is not None:
            self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._pipe().close()
        if self._process.wait() and kind is None:
            raise SealingFailed("the record could not be sealed; look at the messages above")

    def seal(
        self, agency: AgencyId, t0: int, t1: int, entries: Sequence[Delivery], lost: tuple[int, int] | None
    ) -> None:
        """Have these sealed, as `Archive.seal` does. Raises SealingFailed."""
        packed = [(*entry.id, encode_batch(entry.batch)) for entry in entries]
        order = msgspec.msgpack.encode(_Order(agency, t0, t1, packed, lost))
        try:
            self._pipe().write(len(order).to_bytes(_HEAD, "big") + order)
        except BrokenPipeError:
            raise SealingFailed("the record could not be sealed; look at the messages above") from None

    def _pipe(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin


def main(config: Path, orders: IO[bytes]) -> None:
    """Seal what comes until the end. Raises OSError, ArchiveDamaged, ConfigError."""
    settings = config_file.load(config)
    archive = Archive(site.archive_dir(settings))
    with archive.writing():
        derive = deriving(settings, archive)
        while head := orders.read(_HEAD):
            order = msgspec.msgpack.decode(orders.read(int.from_bytes(head, "big")), type=_Order)
            agency = AgencyId(order.agency)
            entries = [Delivery(agency, BatchId(ms, n), decode_batch(data)) for ms, n, data in order.entries]
            archive.seal(agency, order.t0, order.t1, entries, derive, order.lost)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.stdin.buffer)
    except (JointOpsError, OSError) as failure:
        sys.exit(f"jointops: {failure}")
