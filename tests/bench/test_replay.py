"""The ways that `bench replay` compares give the same answers on the same recording."""

import zlib
from pathlib import Path

import numpy as np
import orjson
import pytest

from bench import replay, replay_browser, replay_queries, replay_recording
from bench.motion import BEGAN_S, tens, traffic
from bench.replay_recording import AGENCIES
from feeds.recording.archive import Archive
from layers.span import Span, picture_at

UNITS, SEGMENTS = 6, 2
T = BEGAN_S + 754.25


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("recording")
    for number, agency in enumerate(AGENCIES):
        found = replay_recording.make(agency, made, UNITS, SEGMENTS, number)
        assert found["reports"] > UNITS * SEGMENTS * 600 * 0.95
    return made


@pytest.fixture(scope="module")
def archive(folder: Path) -> Archive:
    return Archive(folder / "archive")


def test_chunk_sqlite_and_log_give_the_same_picture(folder: Path, archive: Archive, tmp_path: Path):
    base = replay_queries.load_sqlite(tmp_path / "positions.db", folder, UNITS, SEGMENTS)
    for agency in AGENCIES:
        mine = picture_at(replay_queries.chunk(archive, agency, T), T)
        assert len(mine["row"]) == UNITS
        assert replay_queries.differing(mine, replay_queries.by_sqlite(base, agency, T)) == 0
        assert replay_queries.differing(mine, replay_queries.by_sqlite(base, agency, T - 300)) > 0
    base.close()
    replay_queries.write_log(tmp_path / "log", folder, SEGMENTS)
    newest = replay_queries.by_log(tmp_path / "log", T * 1000)
    mine = picture_at(replay_queries.chunk(archive, AGENCIES[0], T), T)
    assert [newest[unit]["lat"] for unit in sorted(newest)] == mine["lat"].tolist()


def test_the_histogram_counts_every_row_and_opens_manifests_alone(folder: Path, archive: Archive):
    found = replay_queries.histogram(folder / "archive", 1)
    rows = sum(len(replay_recording.rows_of(folder, a, n)["unit"]) for a in AGENCIES for n in range(SEGMENTS))
    assert (found["counted"], found["minutes"]) == (rows, 10 * SEGMENTS * len(AGENCIES))
    assert (found["manifests_opened"], found["other_files_opened"]) == (SEGMENTS * len(AGENCIES), 0)


def test_the_page_is_given_the_same_minute_as_json_and_as_a_chunk(folder: Path, archive: Archive):
    made, has = replay_browser.answers(archive, folder, BEGAN_S)
    assert has == {"l1": SEGMENTS, "l2": 1, "minute": 10}
    said = orjson.loads(zlib.decompress(made[f"/json/{AGENCIES[0]}"][1]))
    span = Span(made[f"/chunk/{AGENCIES[0]}"][1])
    assert (said["at"], said["units"]) == (span.at, span.ids)
    assert abs(len(said["rows"]) - int(span.count().sum())) <= UNITS  # what is journaled after the minute's end
    assert len(said["stood"]) == UNITS


def test_ten_million_positions_are_asked_of_a_thousand_units():
    units, segments = replay.size(10_000_000)
    assert units == 1000
    assert len(AGENCIES) * units * segments * 600 * 0.99 >= 10_000_000


def test_ten_minutes_of_a_journal_are_all_of_it():
    made = traffic(1200, 5)
    parts = list(tens(made))
    assert [t0 for t0, _ in parts] == [BEGAN_S * 1000, (BEGAN_S + 600) * 1000]
    assert np.concatenate([part.unit for _, part in parts]).tolist() == made.unit.tolist()
    assert all((part.journaled_ms // 600_000 * 600_000 == t0).all() for t0, part in parts)
