import io
import json

import geopandas as gpd
import pytest

from layers.exports import geojson
from tests.support.exported import NASTY, OCCURRENCES, POINTS, STAMP, written


def test_a_collection_holds_the_stamp_and_a_feature_for_each_row() -> None:
    told = json.loads(written("geojson"))
    assert told["type"] == "FeatureCollection" and told["stamp"] == STAMP.said
    assert len(told["features"]) == len(POINTS) + len(OCCURRENCES)
    first, last = told["features"][0], told["features"][-1]
    assert first["geometry"] == {"type": "Point", "coordinates": [-87.6403, 41.8786, 147.3]}
    assert first["properties"] == {
        "kind": "unit", "agency": "cpd", "id": "u1", "call_sign": "CALL u1", "observed_at": "2026-05-04T19:00:00.000Z",
        "received_at": "2026-05-04T19:00:00.250Z", "speed_mps": 12.5, "course_deg": 268.5,
        "primary_status": "Available", "source": "cpd-avl", "status": "actual",
    }  # fmt: skip
    assert last["geometry"] is None and last["properties"]["text"] == NASTY


@pytest.mark.parametrize("name", ["geojson", "geojsonseq"])
def test_another_reader_reads_the_same_places_and_times(name: str) -> None:
    told = gpd.read_file(io.BytesIO(written(name)))
    placed = told[~told.geometry.isna()]
    assert len(told) == len(POINTS) + len(OCCURRENCES)
    assert list(placed.geometry.x)[: len(POINTS)] == pytest.approx([p.lon for p in POINTS])
    assert [at.timestamp() for at in told["observed_at"]][: len(POINTS)] == pytest.approx(
        [p.observed_at for p in POINTS], abs=0.001
    )


def test_a_sequence_is_texts_between_a_separator_and_a_line_feed_the_stamp_first() -> None:
    texts = written("geojsonseq").split(b"\x1e")
    assert texts[0] == b"" and all(text.endswith(b"\n") for text in texts[1:])
    stamp, *features = [json.loads(text) for text in texts[1:]]
    assert stamp == {"type": "FeatureCollection", "stamp": STAMP.said, "features": []}
    assert features == json.loads(written("geojson"))["features"]


@pytest.mark.parametrize("name", ["geojson", "geojsonseq"])
def test_the_size_of_the_pieces_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = written(name)
    monkeypatch.setattr(geojson, "FEATURES", 2)
    assert written(name) == whole
