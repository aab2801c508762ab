from itertools import pairwise
from pathlib import Path

import pytest

from dashboard import config_file, demo
from dashboard.recorded_hour import Hour, record_hour
from dashboard.recorder import deriving
from feeds.exercise import city
from feeds.recording.archive import Archive
from feeds.recording.pictures import PICTURES
from feeds.replay.cuts import CutsEntry, encode_cuts
from layers.derived import CHUNKS, L1
from tests.dashboard.test_demo import HASH

UNTIL = 1_790_003_633
SETTINGS = config_file.parse(demo.site_toml({"name": "Demo", "demo": True}, "t" * 32, HASH))


def recorded(folder: Path) -> tuple[Archive, Hour, list[CutsEntry]]:
    archive = Archive(folder)
    derive = deriving(SETTINGS, archive)
    with archive.writing():
        made = record_hour(
            SETTINGS,
            city.grid(),
            lambda agency, t0, t1, entries, lost: archive.seal(agency, t0, t1, entries, derive, lost),
            seed=1,
            units=24,
            until=UNTIL,
            minutes=10,
        )
    assert made is not None
    return archive, *made


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, Hour, list[CutsEntry]]:
    return recorded(tmp_path_factory.mktemp("hour"))


def test_the_same_seed_makes_the_same_hour_byte_for_byte(
    hour: tuple[Archive, Hour, list[CutsEntry]], tmp_path: Path
) -> None:
    archive, first, cuts = hour
    again, second, cuts_again = recorded(tmp_path / "again")
    assert files(again.folder) == files(archive.folder)
    assert (second, list(map(encode_cuts, cuts_again))) == (first, list(map(encode_cuts, cuts)))


def test_segments_follow_one_another_over_the_whole_hour_and_have_every_derived_file(
    hour: tuple[Archive, Hour, list[CutsEntry]],
) -> None:
    archive, made, _ = hour
    assert set(archive.agencies()) == {"cpd", "ccso", "isp", "cfd", "tpd", "ftf"}
    for agency in archive.agencies():
        manifests = [s.manifest for s in archive.segments(agency)]
        assert (manifests[0].t0, manifests[-1].t1) == (made.since * 1000, made.until * 1000)
        assert all(a.t1 == b.t0 for a, b in pairwise(manifests))
        assert all({CHUNKS, L1, PICTURES, "survey.bin"} <= set(m.derived) for m in manifests)


def test_the_faults_are_on_record(hour: tuple[Archive, Hour, list[CutsEntry]]) -> None:
    archive, made, _ = hour
    by = {a: [s.manifest for s in archive.segments(a)] for a in archive.agencies()}
    assert [m.lost for m in by["isp"] if m.lost] == [
        (round((made.since + 420) * 1000), round((made.since + 438) * 1000))
    ]
    assert sum(m.contents.late for m in by["ccso"]) > 20
    assert sum(m.contents.sources["cpd-cad"].gaps for m in by["cpd"]) == 9
    observed = max(m.contents.observed[1] for m in by["cfd"] if m.contents.observed)
    assert made.until + 30 < observed <= made.until + 37


def test_every_batch_on_record_is_in_a_cut_at_or_after_it_was_journaled_and_the_policy_is_told(
    hour: tuple[Archive, Hour, list[CutsEntry]],
) -> None:
    archive, made, cuts = hour
    assert cuts[0].began
    assert cuts[0].policy
    ticks = [cut for entry in cuts for cut in entry.cuts]
    assert [t.at for t in ticks] == sorted({t.at for t in ticks})
    assert len(ticks) == (made.until - made.since) * 10
    assert all(id_.ms <= tick.at * 1000 < id_.ms + 101 for tick in ticks for _, id_ in tick.runs)
    last = {agency: id_ for tick in ticks for agency, id_ in tick.runs}
    for agency in archive.agencies():
        assert str(last[agency]) == archive.segments(agency)[-1].manifest.contents.last


def test_one_who_does_not_want_it_any_more_gets_none() -> None:
    told: list[float] = []

    def wanted(done: float) -> bool:
        told.append(done)
        return done < 0.01

    made = record_hour(
        SETTINGS, city.grid(), lambda *_: None, seed=1, units=10, until=UNTIL, minutes=10, wanted=wanted
    )  # fmt: skip
    assert made is None
    assert told[-1] == pytest.approx(0.01)
