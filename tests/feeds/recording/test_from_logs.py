"""Logs by their own times as segments."""

from pathlib import Path

import pytest

from feeds.errors import ConfigError
from feeds.names import AgencyId
from feeds.recording import from_logs
from feeds.recording.archive import Archive
from feeds.recording.from_logs import NO_TIME
from tests.support.recording import on_record

ISP = AgencyId("isp")
LINES = (
    '{"kind":"unit","seq":1,"observed_at":1790000400.5,"unit_id":"2","lat":41.9,"lon":-87.6}\n'
    '{"kind":"unit","seq":2,"observed_at":1790000400.5,"unit_id":"1","lat":41.9,"lon":-87.6}\n'
    '{"kind":"unit","seq":3,"unit_id":"1","lat":41.9,"lon":-87.6}\n'
    '{"kind":"unit","seq":4,"observed_at":1790001300,"unit_id":"1","lat":91,"lon":-87.6}\n'
    '{"kind":"unit","seq":5,"observed_at":1790001300,"agency":"cpd","unit_id":"1","lat":41.9,"lon":-87.6}\n'
    '{"kind":"unit","seq":6,"observed_at":1790001300,"unit_id":"1","lat":41.9,"lon":-87.6}\n'
)


def test_a_log_is_sealed_by_its_own_times_and_what_is_left_out_is_counted(tmp_path: Path):
    path = tmp_path / "day.ndjson"
    path.write_text(LINES)
    log = from_logs.read(path, ISP, "unit")
    assert (log.dialect, log.source, [r.seq for r in log.reports]) == ("native", "native", [1, 2, 6])
    assert log.refused[NO_TIME] == 1 and log.refused["wrong agency"] == 1 and log.refused.total() == 3
    archive = Archive(tmp_path / "archive")
    assert [s.name[-4:] for s in from_logs.seal(archive, ISP, [log])] == ["1420", "1430"]
    (first, second) = on_record(archive, ISP)
    assert (first.id.ms, second.id.ms) == (1790000400500, 1790001300000)
    assert [p.received_at for p in first.batch.parcels] == [1790000400.5]
    assert archive.segments(ISP)[0].manifest.imported == {"day.ndjson": log.sha256}


def test_files_that_say_nothing_with_a_time_write_nothing(tmp_path: Path):
    path = tmp_path / "day.ndjson"
    path.write_text(LINES.splitlines()[2] + "\n")
    with pytest.raises(ConfigError, match="nothing is written"):
        from_logs.seal(Archive(tmp_path / "archive"), ISP, [from_logs.read(path, ISP, "unit")])
    assert not (tmp_path / "archive").exists()
    with pytest.raises(ConfigError, match="cannot read"):
        from_logs.read(tmp_path / "none", ISP, "unit")
