import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from layers import basemap_fetch
from layers.basemap import BasemapError, build, build_extract, find
from tests.support.tiles import helsinki


def _build_in(folder: str) -> str:
    return build(Path(folder), npm=[]).build


def test_without_npm_the_map_is_helsinki_and_says_so() -> None:
    made = helsinki()
    assert made.name == "helsinki"
    assert "Chicago" in made.notice
    assert "OpenStreetMap" in made.attribution
    assert made.archive.exists()
    assert made.streets.exists()


def test_the_second_call_returns_at_once_what_the_first_built() -> None:
    made = helsinki()
    steps: list[str] = []
    began = time.monotonic()
    assert build(made.archive.parent, lambda step, _: steps.append(step)) == made
    assert time.monotonic() - began < 0.5
    assert steps == []


def test_progress_names_each_step_and_never_goes_back(tmp_path: Path) -> None:
    heard: list[tuple[str, float]] = []
    build(tmp_path, lambda step, done: heard.append((step, done)), npm=[])
    done = [d for _, d in heard]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0.0, 1.0)
    assert list(dict.fromkeys(step for step, _ in heard)) == [
        "fetching map data",
        "reading the extract",
        "joining streets",
        "cutting tiles",
        "ready",
    ]


def test_two_builds_at_the_same_time_give_one_whole_map(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        marks = pool.map(_build_in, [str(tmp_path)] * 2)
    assert len(set(marks)) == 1
    assert find(tmp_path) is not None
    left = {p.name for p in tmp_path.iterdir()}
    assert left == {".lock", "meta.json", "streets.npz", f"helsinki-{marks[0]}.pmtiles"}


def test_what_a_killed_build_left_is_no_map_and_is_swept(tmp_path: Path) -> None:
    (tmp_path / "new-killed").mkdir()
    (tmp_path / "streets.npz").write_bytes(b"half")
    assert find(tmp_path) is None
    assert build(tmp_path, npm=[]).name == "helsinki"
    assert not (tmp_path / "new-killed").exists()


def test_a_map_whose_file_was_cut_short_is_not_found(tmp_path: Path) -> None:
    made = helsinki()
    for path in made.archive.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert find(tmp_path) is not None
    (tmp_path / made.archive.name).write_bytes(b"PMTiles\x03")
    assert find(tmp_path) is None


@pytest.mark.parametrize("meta", [b"", b"{}", b"[]", json.dumps({"format": 0, "archive": "../x"}).encode()])
def test_junk_where_the_map_is_described_is_no_map(tmp_path: Path, meta: bytes) -> None:
    (tmp_path / "meta.json").write_bytes(meta)
    assert find(tmp_path) is None


def test_an_extract_is_built_once_and_again_when_it_changes(tmp_path: Path) -> None:
    extract = tmp_path / "town.osm.pbf"
    extract.write_bytes(basemap_fetch.helsinki().read_bytes())
    first = build_extract(extract, tmp_path)
    assert first.name == "town"
    assert first.notice == ""
    assert build_extract(extract, tmp_path) == first
    os.utime(extract, (0, 0))
    again = build_extract(extract, tmp_path)
    assert again.archive.parent != first.archive.parent
    assert again.build == first.build


def test_a_cache_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BasemapError, match=r"cannot write the map to .*file"):
        build(tmp_path / "file" / "cache", npm=[])


def test_an_extract_that_is_none_is_an_error_that_names_it(tmp_path: Path) -> None:
    junk = tmp_path / "junk.osm.pbf"
    junk.write_bytes(b"\0\0\0\x0dOSMHeader junk")
    with pytest.raises(BasemapError, match=r"junk\.osm\.pbf"):
        build_extract(junk, tmp_path)
    with pytest.raises(BasemapError, match="cannot read"):
        build_extract(tmp_path / "nowhere.osm.pbf", tmp_path)
