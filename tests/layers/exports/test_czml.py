import json
from datetime import datetime
from typing import Any

import pytest

from layers.exports import czml
from tests.support.exported import NASTY, POINTS, STAMP, T0, point, written


def packets(**more: Any) -> list[dict[str, Any]]:
    return json.loads(written("czml", **more))


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def interval(text: str) -> tuple[float, float]:
    since, until = text.split("/")
    return instant(since) - T0, instant(until) - T0


def test_the_document_comes_first_with_version_clock_and_stamp() -> None:
    document = packets()[0]
    assert (document["id"], document["version"], document["properties"]) == ("document", "1.0", STAMP.said)
    assert interval(document["clock"]["interval"]) == (0, 3600)


def test_a_unit_s_samples_are_its_points_and_it_is_available_where_it_spoke() -> None:
    unit = packets()[1]
    numbers, epoch = unit["position"]["cartographicDegrees"], instant(unit["position"]["epoch"])
    samples = [numbers[i : i + 4] for i in range(0, len(numbers), 4)]
    assert samples == [
        [pytest.approx(p.observed_at - epoch), p.lon, p.lat, p.hae_m or 0.0] for p in POINTS if p.unit_id == "u1"
    ]
    assert [interval(text) for text in unit["availability"]] == [(0, 20), (320, 330)]


def test_a_status_goes_by_intervals_from_where_it_changed_to_the_end() -> None:
    statuses = packets()[1]["properties"]["primary_status"]
    assert [(interval(s["interval"]), s["string"]) for s in statuses] == [
        ((0, 20), "Available"),
        ((20, 330), "NotAvailable"),
    ]


@pytest.mark.parametrize(
    ("heights", "lies"), [((300.0, 310.0), "NONE"), ((300.0, None), "CLAMP_TO_GROUND"), ((None,), "CLAMP_TO_GROUND")]
)
def test_a_unit_that_does_not_always_say_its_height_lies_on_the_ground(heights: tuple[float | None], lies: str) -> None:
    told = packets(points=[point("u1", n, hae_m=height) for n, height in enumerate(heights)])
    assert told[1]["point"]["heightReference"] == lies


def test_occurrences_stand_from_when_they_were_observed_to_the_end_with_or_without_a_place() -> None:
    incident, _, entry = packets()[-3:]
    assert incident["position"] == {"cartographicDegrees": [-87.63, 41.88, 0.0]}
    assert interval(incident["availability"]) == (15, 3600)
    assert entry["name"] == NASTY and "position" not in entry
    assert entry["properties"]["received_at"] == "2026-05-04T19:01:40.000Z"


def test_ids_are_unique_and_a_leg_of_one_point_is_an_instant() -> None:
    told = packets(points=[point("u1", 0), point("u1", 0, agency="cfd")])
    assert len({packet["id"] for packet in told}) == len(told)
    assert interval(told[1]["availability"][0]) == (0, 0)


def test_the_size_of_the_pieces_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = written("czml")
    monkeypatch.setattr(czml, "SAMPLES", 2)
    assert written("czml") == whole
