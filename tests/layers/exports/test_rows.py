import pytest

from layers.exports.rows import legs, tracks, utc
from tests.support.exported import POINTS, T0, point


def test_points_stand_by_unit_and_a_silence_parts_a_track() -> None:
    told = [
        (first.unit_id, [[p.observed_at - T0 for p in leg] for leg in legs(t, 60.0)]) for first, t in tracks(POINTS)
    ]
    assert told == [("u1", [[0, 10.5, 20], [320, 330]]), ("u2", [[pytest.approx(5.123456)]])]


def test_a_silence_of_the_gap_itself_parts_nothing_and_a_clock_set_back_does() -> None:
    track = [point("u1", after) for after in (0, 60, 120.1, 30, 40)]
    assert [[round(p.observed_at - T0, 1) for p in leg] for leg in legs(track, 60.0)] == [[0, 60], [120.1], [30, 40]]


def test_units_of_one_id_are_those_of_their_agencies() -> None:
    assert [first.agency for first, _ in tracks([point("u1", 0), point("u1", 0, agency="cfd")])] == ["cpd", "cfd"]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (T0, "2026-05-04T19:00:00.000Z"),
        (T0 + 0.123, "2026-05-04T19:00:00.123Z"),
        (T0 + 59.123456, "2026-05-04T19:00:59.123456Z"),
        (T0 + 59.9999999, "2026-05-04T19:01:00.000Z"),
        (0.0, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_utc_and_as_exact_as_they_were_said(at: float, said: str) -> None:
    assert utc(at) == said
