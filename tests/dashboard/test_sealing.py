from pathlib import Path

import pytest

from dashboard import config_file, demo
from dashboard.recorder import deriving
from dashboard.sealing import Sealing, SealingFailed
from feeds.recording.archive import Archive
from tests.dashboard.test_demo import HASH
from tests.support.recording import CPD, T0, TEN, entries

SEGMENTS = [(T0 + k * TEN, entries(*(T0 + k * TEN + at for at in (0, 1000, TEN - 1)))) for k in range(2)]
LOST = (T0 - 5000, T0)


def site_at(folder: Path) -> Path:
    path = folder / "site.toml"
    path.write_text(demo.site_toml({"name": "Demo", "demo": True, "data_dir": str(folder)}, "t" * 32, HASH))
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_what_another_process_seals_is_byte_for_byte_what_one_seals_oneself(tmp_path: Path) -> None:
    path = site_at(tmp_path)
    with Sealing(path) as sealing:
        for t0, batches in SEGMENTS:
            sealing.seal(CPD, t0, t0 + TEN, batches, LOST)
    own = Archive(tmp_path / "own")
    derive = deriving(config_file.load(path), own)
    with own.writing():
        for t0, batches in SEGMENTS:
            own.seal(CPD, t0, t0 + TEN, batches, derive, LOST)
    assert files(tmp_path / "archive") == files(tmp_path / "own")
    assert len(own.segments(CPD)) == 2


def test_what_cannot_be_sealed_is_said_with_its_reason(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = site_at(tmp_path)
    with Archive(tmp_path / "archive").writing(), pytest.raises(SealingFailed), Sealing(path) as sealing:
        sealing.seal(CPD, T0, T0 + TEN, SEGMENTS[0][1], None)
    assert "another recorder writes" in capfd.readouterr().err
