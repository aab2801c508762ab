import pytest

from feeds.replay.survey import Survey, sort_of
from feeds.report import Category
from layers.policy import BASE
from layers.track import BIT
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
