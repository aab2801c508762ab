import pytest

from feeds.adapters import load
from feeds.exercise.phone import location
from feeds.report import UnitReport


def test_what_the_phone_posts_is_what_the_door_hears() -> None:
    said = UnitReport(
        observed_at=1_777_921_400.25, status="exercise", unit_id="TPD-T-11", lat=41.88, lon=-87.63,
        course_deg=90.0, speed_mps=5.0, h_err_m=4.0, fix_method="gps",
    )  # fmt: skip
    (heard,) = load("owntracks").open().decode(location(said, "tpd"), said.observed_at).reports
    assert isinstance(heard, UnitReport)
    assert (heard.unit_id, heard.observed_at, heard.lat, heard.lon) == ("TPD-T-11", said.observed_at, 41.88, -87.63)
    assert heard.speed_mps == pytest.approx(5.0, abs=0.01)
    assert (heard.course_deg, heard.h_err_m) == (90.0, 4.0)
    # The dispatcher's system says who it is: a phone that said half of it would clear the other half.
    assert heard.call_sign is None and heard.unit_type is None
