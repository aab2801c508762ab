"""OwnTracks."""

import json

import pytest

from feeds.adapter import Decoded, Opening
from feeds.adapters.owntracks import ADAPTER
from feeds.errors import DecodeError
from feeds.file_feed import looks_like
from feeds.report import UnitReport
from tests.support.gateway import shared_samples

FIX = {"_type": "location", "tst": 1000, "lat": 41.9, "lon": -87.6, "tid": "12", "topic": "owntracks/somebody/TPD-T-12"}


def decode(value: object, whom: str = "unit") -> Decoded:
    frame = value if isinstance(value, bytes) else json.dumps(value).encode()
    return ADAPTER.open(Opening(unit=whom)).decode(frame, 2000.0)


def one(value: object, whom: str = "unit") -> UnitReport:
    found = decode(value, whom)
    assert found.refusals == [] and len(found.reports) == 1
    assert isinstance(found.reports[0], UnitReport)
    return found.reports[0]


def reasons(value: object) -> list[tuple[str, str]]:
    return [(r.reason, r.path) for r in decode(value).refusals]


def test_a_location_is_mapped_field_by_field():
    more = {"acc": 8, "vel": 18, "cog": 92, "alt": 181, "vac": 40, "created_at": 1003, "t": "u", "batt": 5}
    assert one(FIX | more) == UnitReport(
        observed_at=1000.0,
        sent_at=1003.0,
        unit_id="TPD-T-12",
        call_sign="12",
        lat=41.9,
        lon=-87.6,
        course_deg=92.0,
        speed_mps=5.0,
        h_err_m=8.0,
    )


def test_the_device_names_the_unit_and_the_user_never_does():
    assert one(FIX).unit_id == "TPD-T-12"
    assert one(FIX | {"topic": "/owntracks/somebody/TPD-T-12"}).unit_id == "TPD-T-12"
    assert "somebody" not in repr(decode(FIX).reports)
    assert one(FIX | {"topic": "owntracks/somebody"}).unit_id == "12"


def test_without_a_topic_the_tracker_id_names_the_unit_and_without_one_the_connection_does():
    assert one({k: v for k, v in FIX.items() if k != "topic"}).unit_id == "12"
    nameless = {k: v for k, v in FIX.items() if k not in ("topic", "tid")}
    assert one(nameless, "TPD-T-9").unit_id == "TPD-T-9" and one(nameless).call_sign is None
    assert one(nameless | {"tid": "", "topic": ""}, "TPD-T-9").unit_id == "TPD-T-9"


def test_what_the_phone_does_not_know_is_not_said():
    unknown = one(FIX | {"acc": -1, "vel": -1, "cog": -1})
    assert (unknown.h_err_m, unknown.speed_mps, unknown.course_deg) == (None, None, None)


def test_a_height_above_who_knows_what_is_not_said():
    high = one(FIX | {"alt": 181, "vac": 3})
    assert (high.hae_m, high.v_err_m) == (None, None)


@pytest.mark.parametrize(
    "kind",
    ["lwt", "status", "transition", "waypoint", "waypoints", "card", "beacon", "steps", "cmd", "configuration", "dump"],
)
def test_what_an_app_that_is_well_says_besides_is_no_report_and_no_refusal(kind: str):
    assert decode({"_type": kind, "tst": 1, "lat": 1, "lon": "x"}) == Decoded([], [], [])


@pytest.mark.parametrize("kind", ["", "person", "Location"])
def test_other_types_are_refused(kind: str):
    assert reasons({"_type": kind, "tst": 1}) == [("unsupported type", "$._type")]


def test_nothing_of_a_card_is_kept():
    card = {"_type": "card", "name": "a person", "face": "iVBORw0KGgo", "tid": "AP"}
    assert "person" not in repr(decode([card, FIX, card]))


def test_an_encrypted_message_says_so():
    assert reasons({"_type": "encrypted", "data": "AAAA"}) == [("encrypted", "")]


def test_an_empty_post_means_nothing():
    assert decode(b"") == decode(b" \r\n") == Decoded([], [], [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lat": 91}, ("lat out of range", "$.lat")),
        ({"lon": "east"}, ("lon has a wrong type", "$.lon")),
        ({"tst": -5}, ("tst out of range", "$.tst")),
        ({"vel": 4000}, ("vel out of range", "$.vel")),
        ({"cog": 361}, ("cog out of range", "$.cog")),
        ({"tid": "x" * 41}, ("tid has a wrong length", "$.tid")),
        ({"topic": "owntracks/somebody/Jäger"}, ("topic outside its grammar", "$.topic")),
        ({"topic": None, "tid": "é"}, ("tid outside its grammar", "$.tid")),
        ({"_type": 5}, ("unsupported type", "$._type")),
    ],
)
def test_a_refusal_says_what_and_where(change: dict[str, object], told: tuple[str, str]):
    assert reasons(FIX | change) == [told]


@pytest.mark.parametrize("field", ["tst", "lat", "lon", "_type"])
def test_a_missing_field_is_named(field: str):
    assert reasons({k: v for k, v in FIX.items() if k != field}) == [(f"{field} missing", f"$.{field}")]


def test_what_is_not_json_is_an_error():
    with pytest.raises(DecodeError, match="not JSON"):
        decode(b'[{"_type"')
    assert reasons(b'{"_type"') == [("not JSON", "")]


def test_both_times_of_a_captured_message_move_and_no_other():
    assert ADAPTER.capture is not None
    moved = json.loads(ADAPTER.capture.move(json.dumps(FIX | {"created_at": 1003, "wtst": 7}).encode(), 100, None))
    assert (moved["tst"], moved["created_at"], moved["wtst"]) == (1100, 1103, 7)


def test_a_file_of_it_is_told_from_our_own_dialect():
    lines = json.dumps(FIX).encode() + b"\n" + json.dumps(FIX).encode()
    found = looks_like(lines)
    assert found is not None and found.name == "owntracks"


def test_every_line_of_the_real_samples_is_taken():
    (path,) = [p for p in shared_samples("avl_devices") if p.name == "owntracks.txt"]
    found = looks_like(path.read_bytes()[:4096])
    assert found is ADAPTER and ADAPTER.capture is not None
    messages = ADAPTER.capture.split(path.read_bytes())
    assert len(messages) == len(path.read_bytes().splitlines())
    units = [one(message.raw) for message in messages]
    assert all(unit.lat is not None and "/" not in unit.unit_id for unit in units)
