import json

from layers.geojson import collection, pieces
from tests.support.heard import PLACE, SQUARE, T0, camera, delivery, entry, heard, incident, unit, zone
from tests.support.pair import Pair, grant


def features(pair: Pair, layer: str) -> list[dict]:
    body = json.loads(collection(pair.view, layer))
    assert body["type"] == "FeatureCollection"
    return body["features"]


def test_coordinates_are_longitude_then_latitude() -> None:
    p = Pair(heard(delivery(1, unit(speed_mps=3.0, course_deg=12.3, primary_status="Available"))), "cpd", t=T0 + 4)
    (feature,) = features(p, "units")
    assert feature["geometry"] == {"type": "Point", "coordinates": [-87.63, 41.88]}
    assert feature["id"] == "cpd/u1"
    properties = feature["properties"]
    assert properties["display_status"] == "AVL"
    assert (properties["speed_mps"], properties["course_deg"]) == (3.0, 12.3)
    assert (properties["age_s"], properties["life"]) == (4.0, "fresh")


def test_what_is_not_said_or_not_shared_is_absent() -> None:
    p = Pair(heard(delivery(1, unit(primary_status="Available", call_sign="A"))), "fire",
             grant("cpd", "fire", "unit.position"), t=T0)  # fmt: skip
    (feature,) = features(p, "units")
    assert not {"display_status", "primary_status", "call_sign", "speed_mps"} & set(feature["properties"])


def test_a_thing_without_a_place_has_no_geometry() -> None:
    p = Pair(heard(delivery(1, incident(priority_common=10))), "cpd", t=T0)
    (feature,) = features(p, "incidents")
    assert feature["geometry"] is None
    assert feature["properties"]["priority"] == "P1"


def test_a_clock_that_runs_ahead_and_an_incident_that_is_over_are_told() -> None:
    ahead = delivery(1, unit(at=T0 + 60), received_at=T0)
    over = delivery(2, incident(status_common=("Closed",)), incident("i2", status_common=("Active",)))
    p = Pair(heard(ahead, over), "cpd", t=T0)
    assert features(p, "units")[0]["properties"]["clock_skew"] is True
    assert [f["properties"]["closed"] for f in features(p, "incidents")] == [True, False]


def test_cameras_tell_kind_and_state_in_the_registrys_words() -> None:
    p = Pair(heard(delivery(1, camera(camera_kind="ptz", camera_state="live", range_m=80.0))), "cpd", t=T0)
    properties = features(p, "cameras")[0]["properties"]
    assert (properties["camera_kind"], properties["camera_state"], properties["range_m"]) == ("ptz", "live", 80.0)


def test_pieces_make_the_whole_and_leave_out_what_went_meanwhile() -> None:
    p = Pair(heard(delivery(1, *[unit(f"u{n}") for n in range(25)])), "cpd", t=T0)
    made = pieces(p.view, "units", size=10)
    first = json.loads(b"[" + next(made) + b"]")
    p.view.tables["units"].remove(24, 99)
    rest = [f for piece in made for f in json.loads(b"[" + piece + b"]")]
    assert len(first) == 10
    assert len(rest) == 14


def test_an_empty_layer_is_an_empty_collection() -> None:
    p = Pair(heard(), "cpd", t=T0)
    assert features(p, "units") == []


def test_a_zone_has_its_own_shape_and_says_whether_it_is_planned() -> None:
    said = [zone(valid_from=T0 + 60, name="Inner"), zone("disc", geometry=PLACE, radius_m=80.0)]
    p = Pair(heard(delivery(1, *said)), "cpd", t=T0)
    disc, shape = features(p, "zones")
    assert shape["geometry"] == {"type": "Polygon", "coordinates": [[list(at) for at in SQUARE.coordinates[0]]]}
    assert "geometry" not in shape["properties"]
    assert (shape["properties"]["planned"], disc["properties"]["planned"]) == (True, False)
    assert (disc["geometry"]["type"], disc["properties"]["radius_m"]) == ("Point", 80.0)


def test_log_entries_tell_what_they_say_and_whether_they_are_corrected() -> None:
    said = [entry("e1", text="north"), entry("e2", at=T0 + 1, text="south", supersedes="e1", lat=None)]
    p = Pair(heard(delivery(1, *said)), "cpd", t=T0 + 2)
    one, two = features(p, "log")
    assert (one["properties"]["text"], one["properties"]["corrected"]) == ("north", True)
    assert (two["geometry"], two["properties"]["corrected"]) == (None, False)
