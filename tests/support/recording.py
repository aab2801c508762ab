"""Segments for tests: batches by their time, an archive with some sealed."""

from collections.abc import Iterable
from pathlib import Path

from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel
from feeds.names import AgencyId, SourceId
from feeds.recording.archive import Archive
from feeds.recording.manifest import Manifest, SourceCounts, add
from feeds.report import UnitReport

CPD = AgencyId("cpd")
T0 = 1_790_000_400_000
"""Where a ten minutes begins, Unix ms."""
TEN = 600_000


def entries(*ms: int, agency: AgencyId = CPD, each: int = 3, source: str = "cpd-avl") -> list[Delivery]:
    """Return a batch of `each` reports at each of these journal times."""
    return [
        Delivery(
            agency,
            BatchId(at, n),
            Batch(
                WIRE_VERSION,
                agency,
                (
                    Parcel(
                        SourceId(source),
                        "r1",
                        at / 1000,
                        tuple(
                            UnitReport(
                                unit_id=f"u{k}",
                                seq=at * 10 + k,
                                observed_at=at / 1000 - 1,
                                lat=41.8 + at * (k + 1) % 99_991 / 1e6,
                                lon=-87.6,
                            )
                            for k in range(each)
                        ),
                    ),
                ),
            ),
        )
        for n, at in enumerate(ms)
    ]


def sealed(folder: Path, count: int = 3, agency: AgencyId = CPD, each: int = 3) -> Archive:
    """Return an archive of so many segments, each of four batches."""
    archive = Archive(folder)
    for k in range(count):
        t0 = T0 + k * TEN
        batches = entries(*(t0 + at for at in (0, 1000, 61_000, TEN - 1)), agency=agency, each=each)
        archive.seal(agency, t0, t0 + TEN, batches, derive=lambda *_: {"replay.bin": b"made of the others"})
    return archive


def on_record(archive: Archive, agency: AgencyId = CPD) -> list[Delivery]:
    """Return all that the archive has of an agency, oldest first, without what was lawfully deleted."""
    return [one for part in archive.segments(agency) if part.tombstone is None for one in archive.entries(part)]


def total(manifests: Iterable[Manifest]) -> dict[SourceId, SourceCounts]:
    """Return what came of each source over all these segments."""
    sums: dict[SourceId, SourceCounts] = {}
    for manifest in manifests:
        for source, counts in manifest.contents.sources.items():
            sums[source] = add(sums.get(source, SourceCounts()), counts)
    return sums


def flip(path: Path, at: int) -> None:
    """Turn over one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))
