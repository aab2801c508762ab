import pytest
from hypothesis import given, settings

from feeds.bus import BatchId, Delivery
from feeds.recording.sheets import sheets
from feeds.replay.survey import Survey, sort_of
from feeds.report import Category
from layers.policy import BASE
from layers.track import BIT
from tests.feeds.recording.journals import CPD, JOURNALS
from tests.support.heard import T0, camera, delivery, entry, incident, unit, zone


@pytest.mark.parametrize(
    ("layer", "report"),
    [("units", unit()), ("incidents", incident()), ("cameras", camera(event_type="announced")), ("zones", zone()),
     ("log", entry(entry_kind="note", text="x"))],
)  # fmt: skip
def test_a_report_counts_by_the_category_without_which_its_thing_does_not_exist(layer: str, report) -> None:
    assert BIT[sort_of(report)[2]] == BASE[layer]


def test_what_a_camera_saw_counts_by_the_category_that_tells_of_it() -> None:
    assert sort_of(camera(event_type="lpr_hit"))[2] is Category.LPR_HIT


def test_an_emergency_that_goes_on_is_one_mark_and_one_that_comes_again_is_another() -> None:
    survey = Survey(delivery(1, unit()).agency)
    for n, word in enumerate(("panic", "panic", "none", "panic"), start=1):
        survey.hear(delivery(n * 1000, unit(at=T0 + n, emergency=word)))
    first = survey.mark("alarm", 0, 1, truth=False)
    assert first is not None
    assert first.id.ms == 1000
    second = survey.mark("alarm", 1, 1, truth=False)
    assert second is not None
    assert second.id.ms == 4000
    assert survey.mark("alarm", 4, 1, truth=False) is None


def surveys(entries: list[Delivery]) -> tuple[bytes, bytes]:
    """What is found of them in sheets, and one by one."""
    plain, passed = Survey(CPD), Survey(CPD)
    for one in entries:
        plain.hear(one)
    assert [entry for sheet in passed.passing(sheets(CPD, entries)) for entry in sheet.entries] == entries
    return passed.encode(), plain.encode()


@settings(max_examples=60, deadline=None)
@given(JOURNALS)
def test_sheets_are_surveyed_as_their_reports_are(entries: list[Delivery]) -> None:
    passed, plain = surveys(entries)
    assert passed == plain


def test_units_that_are_only_counted_are_counted_by_the_minute_and_late_ones_kept() -> None:
    def said(n: int, *reports: object) -> Delivery:
        made = delivery(0, *reports, received_at=T0 + n * 20)  # type: ignore[arg-type]
        return made._replace(id=BatchId(round(T0 + n * 20) * 1000, 0))

    quiet = [said(n, unit(at=T0 + n * 20), unit("late", at=T0 + n * 20 - 40 * (n % 3))) for n in range(9)]
    alarm = [said(9, unit(at=T0 + 180, emergency="panic")), said(10, unit(at=T0 + 200, emergency="none"))]
    labelled = [said(11, unit(at=T0 + 220, labels=("undercover",))), said(12, unit(at=T0 + 240))]
    passed, plain = surveys([*quiet, said(8)._replace(id=quiet[-1].id._replace(n=1)), *alarm, *labelled])
    assert passed == plain
    assert len(Survey.decode(CPD, plain).late(T0 - 100, T0 + 999)) > 3
