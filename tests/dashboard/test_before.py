"""How things stood when a segment began."""

from pathlib import Path

import pytest

from dashboard.before import Before
from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel
from feeds.errors import ArchiveDamaged, DecodeError
from feeds.names import SourceId
from feeds.recording.archive import Archive
from feeds.recording.catalogue import Segment
from feeds.report import AnyReport
from layers.labels_now import labels_of
from tests.support.heard import ROSTER, incident, unit
from tests.support.recording import CPD, T0, TEN, flip

S = T0 / 1000


def archive(folder: Path, *segments: tuple[AnyReport, ...]) -> Archive:
    found = Archive(folder)
    for k, reports in enumerate(segments):
        at = T0 + k * TEN
        parcel = Parcel(SourceId("cpd-avl"), "r1", at / 1000, reports)
        batch = Delivery(CPD, BatchId(at, 0), Batch(WIRE_VERSION, CPD, (parcel,)))
        found.seal(CPD, at, at + TEN, [batch])
    return found


def refuse(one: Segment, error: ArchiveDamaged | DecodeError) -> None:
    raise error


def test_without_a_kept_picture_all_is_read_that_may_matter_later(tmp_path: Path) -> None:
    said = archive(
        tmp_path,
        (unit("u1", S, call_sign="A", labels=("undercover",)), unit("u2", S), incident("i1", S, type_common="FIRE")),
        (unit("u1", S + 600), unit("u2", S + 600)),
        (unit("u1", S + 1200, call_sign="A"), incident("i1", S + 1200, status_common=("Active",))),
    )
    before = Before(said, said.segments(CPD), ROSTER, refuse)
    hidden = {("units", CPD, "u1"): frozenset({"undercover"})}
    for upto, labels in ((0, {}), (1, hidden), (2, hidden), (3, {})):
        picture, begins = before.stands(upto)
        assert (labels_of(picture), begins) == (labels, 0)
    assert picture.shelves["incidents"].find("cpd", "i1").value("type_common") == "FIRE"
    assert picture.shelves["units"].find("cpd", "u2") is None, "never labelled: it says anew what it has to say"
    assert before.stands(3, units=False)[0].counts()["units"] == 0


def test_of_a_damaged_segment_the_caller_decides(tmp_path: Path) -> None:
    said = archive(tmp_path, (unit("u1", S, labels=("undercover",)),), (unit("u1", S + 600),))
    flip(said.segments(CPD)[0].folder / "reports.parquet", 300)
    with pytest.raises(ArchiveDamaged):
        Before(said, said.segments(CPD), ROSTER, refuse).stands(1)
    told: list[str] = []
    Before(said, said.segments(CPD), ROSTER, lambda one, _: told.append(one.name)).stands(1)
    assert told == ["2026-09-21/1420"]
