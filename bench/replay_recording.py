"""Makes the recording of `bench replay`: real sealed segments, each agency's in a process of its own.

Run as `python -m bench.replay_recording`: gets its job as a line of JSON, answers with one when all is sealed. Beside
the archive it leaves the rows of each ten minutes as numpy columns, for those that are measured against it.
"""

import gc
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bench.motion import Traffic, deliveries, tens, traffic
from bench.recorded import flat, written
from dashboard.archive_past import ArchivePast
from feeds.names import AgencyId
from feeds.recording.archive import Archive, Derive
from feeds.recording.sheets import Sheet
from feeds.recording.summary import SEGMENT_MS
from feeds.replay.sealed import survey_file
from layers.derived import Deriver
from layers.roster import AgencyInfo, Roster

AGENCIES = (AgencyId("cpd"), AgencyId("isp"))
COLUMNS = ("unit", "observed_ms", "received_ms", "lat", "lon", "course", "speed", "status")
"""Of the rows that are left beside the archive, in order of arrival: units as in `bench.motion.Traffic`."""


def deriver(archive: Archive) -> Derive:
    """Return what makes all derived files, as the site's recorder has them made."""
    pictures = Deriver(
        Roster([AgencyInfo(a, a.upper(), a.upper(), "police") for a in AGENCIES], []), ArchivePast(archive)
    )

    def derive(agency: AgencyId, t0: int, coming: Iterable[Sheet]) -> dict[str, bytes]:
        return survey_file(agency, t0, coming, pictures)

    return derive


def columns(made: Traffic) -> dict[str, np.ndarray]:
    """Return the rows as COLUMNS: received in whole milliseconds, rounded up as chunks do."""
    received_ms = -(-made.received_us // 1000)
    own = (made.unit, made.observed_ms, received_ms, made.lat, made.lon, made.course, made.speed, made.status)
    return dict(zip(COLUMNS, own, strict=True))


def rows_of(folder: Path, agency: AgencyId, number: int) -> dict[str, np.ndarray]:
    """Return the rows of an agency's segment `number`, counted from 0, as COLUMNS."""
    with np.load(folder / f"{agency}-{number}.npz") as file:
        return {name: file[name] for name in COLUMNS}


def make(agency: AgencyId, folder: Path, units: int, segments: int, seed: int) -> dict[str, Any]:
    """Seal the agency's segments; return rows and bytes, and what pyarrow makes of the same rows."""
    archive = Archive(folder / "archive")
    derive = deriver(archive)
    plain = reports = 0
    for number, (t0, made) in enumerate(tens(traffic(segments * SEGMENT_MS // 1000, units, seed))):
        archive.seal(agency, t0, t0 + SEGMENT_MS, list(deliveries(made, agency)), derive)
        plain += written(flat(made))
        reports += len(made.unit)
        np.savez(folder / f"{agency}-{number}.npz", **columns(made))
    manifests = [sealed.manifest for sealed in archive.segments(agency)]
    sizes: dict[str, int] = {}
    for manifest in manifests:
        for name, entry in {**manifest.files, **manifest.derived}.items():
            sizes[name] = sizes.get(name, 0) + entry.bytes
    return {"reports": reports, "bytes": sizes, "parquet": plain}


def main() -> int:
    """Do the job."""
    job = json.loads(sys.stdin.readline())
    gc.disable()  # nothing of it goes round in circles, and millions of reports are looked through else
    found = make(AgencyId(job["agency"]), Path(job["folder"]), job["units"], job["segments"], job["seed"])
    print(json.dumps(found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
