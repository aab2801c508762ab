import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.adapters import load
from feeds.exercise.taip_line import acknowledged, line
from feeds.report import UnitReport

NOW = 1_777_921_400.0
TAIP = load("taip")


def car(at: float = NOW, **more: float) -> UnitReport:
    fields = {"lat": 41.882051, "lon": -87.627812, "course_deg": 271.5, "speed_mps": 9.4} | more
    return UnitReport(observed_at=at, unit_id="CPD-1213R", **fields)


@given(
    st.floats(-86_000, 0),
    st.floats(1, 90),
    st.floats(-180, 180),
    st.floats(0, 359.9),
    st.floats(0, 60),
    st.integers(0, 65535),
)
def test_what_the_modem_says_is_what_the_door_hears(ago, lat, lon, course, speed, number):
    said = car(round(NOW + ago / 2, 3), lat=lat, lon=lon, course_deg=course, speed_mps=speed)
    found = TAIP.open().decode(line(said, number), NOW)
    assert found.refusals == []
    (heard,) = found.reports
    assert isinstance(heard, UnitReport)
    assert heard.unit_id == said.unit_id and heard.observed_at == pytest.approx(said.observed_at, abs=0.0011)
    assert heard.lat == pytest.approx(lat, abs=1e-7) and heard.lon == pytest.approx(lon, abs=1e-7)
    assert heard.speed_mps == pytest.approx(speed, abs=0.03)
    assert abs((heard.course_deg or 0) - course) % 360 <= 0.06 or abs((heard.course_deg or 0) - course) >= 359.9
    assert heard.call_sign is None and heard.primary_status is None


def test_the_doors_acknowledgement_names_the_message():
    assert TAIP.reply is not None
    reply = TAIP.reply(line(car(), 0xAB12), NOW)
    assert acknowledged(reply) == 0xAB12
    assert acknowledged(line(car(), 7)) is None and acknowledged(b">ACK;ID=1;#zzzz<") is None
    assert acknowledged(b">ACK;ID=1<") is None
