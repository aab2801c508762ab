"""The camera webhook."""

import json
from pathlib import Path

import pytest

from feeds import registry
from feeds.adapter import Decoded
from feeds.adapters.camera_webhook import _PLACES, ADAPTER
from feeds.file_feed import looks_like
from feeds.report import CameraReport, unregistered

CAMERA = {"id": "LPR-7", "name": "LPR 7", "kind": "lpr", "state": "live", "lat": 41.9, "lon": -87.6}
EVENT = {"event_id": "e1", "event_type": "lpr_hit", "occurred_at": 1000.5, "camera": CAMERA}
TOKEN = "7d1f2c9ab0e34f5d8c6a1b2e3f405162"


def decode(value: object) -> Decoded:
    frame = value if isinstance(value, bytes) else json.dumps(value).encode()
    return ADAPTER.open().decode(frame, 2000.0)


def one(value: object) -> CameraReport:
    found = decode(value)
    assert found.refusals == [] and len(found.reports) == 1
    assert isinstance(found.reports[0], CameraReport)
    return found.reports[0]


def reasons(value: object) -> list[tuple[str, str]]:
    return [(r.reason, r.path) for r in decode(value).refusals]


def test_every_field_of_a_camera_report_can_be_said():
    event = {
        "event_id": "e1",
        "event_type": "lpr_hit",
        "occurred_at": "1970-01-01T00:16:40.500Z",
        "sent_at": 1001,
        "stale_at": 1010,
        "status": "exercise",
        "labels": ["tactical"],
        "camera": CAMERA | {"carrier_unit_id": "U1", "h_err_m": 2, "bearing_deg": 270, "fov_deg": 22, "range_m": 45},
        "confidence": 0.9,
        "verification": "human_verified",
        "incident_id": "I1",
        "alert_until": 2000,
        "media_ref": "https://vms.example/1",
        "lpr": {"hotlist": "stolen", "reason_code": "wanted", "case_ref": "26-1", "plate_token": TOKEN},
    }
    report = one(event)
    assert report == CameraReport(
        observed_at=1000.5, sent_at=1001.0, stale_at=1010.0, status="exercise", labels=("tactical",),
        camera_id="LPR-7", event_type="lpr_hit", event_id="e1", camera_kind="lpr", name="LPR 7", carrier_unit_id="U1",
        lat=41.9, lon=-87.6, h_err_m=2.0, bearing_deg=270.0, fov_deg=22.0, range_m=45.0, camera_state="live",
        confidence=0.9, verification="human_verified", incident_id="I1", alert_until=2000.0,
        media_ref="https://vms.example/1", hotlist="stolen", reason_code="wanted", case_ref="26-1", plate_token=TOKEN,
    )  # fmt: skip
    others = {"seq", "agency"}  # numbers are the native dialect's; whose it is, the token says
    unsaid = [f for f in report.__struct_fields__ if f not in others and getattr(report, f) in (None, (), "actual")]
    assert unsaid == [], "a field of the vocabulary that the webhook cannot say"


def test_a_plate_in_clear_goes_nowhere():
    lpr = {"plate": "XX 0000", "plate_number": "XX 0000", "driver": "somebody", "hotlist": "stolen"}
    event = EVENT | {"plate": "XX 0000", "lpr": lpr, "camera": CAMERA | {"plate": "XX 0000"}, "raw": {"ocr": "XX 0000"}}
    report = one(event)
    assert report == one(EVENT | {"lpr": {"hotlist": "stolen"}})
    assert "0000" not in repr(decode(event)) and "somebody" not in repr(decode(event))


@pytest.mark.parametrize("token", ["XX0000", "XX 0000", "x" * 21, "x" * 129, "7d1f2c9ab0e34f5d 8c6a1b2e3f405162"])
def test_a_token_that_may_be_the_plate_is_refused(token: str):
    assert reasons(EVENT | {"lpr": {"plate_token": token}}) == [
        ("lpr.plate_token outside its grammar", "$.lpr.plate_token")
    ]


def test_numbers_may_be_text_and_what_is_empty_is_not_said():
    camera = {"id": 114, "lat": "41.9", "lon": "-87.6", "name": "", "kind": None, "carrier_unit_id": ""}
    event = {"event_type": "tamper", "occurred_at": "1000.5", "camera": camera, "lpr": {"hotlist": ""}, "labels": []}
    assert one(event) == CameraReport(observed_at=1000.5, camera_id="114", event_type="tamper", lat=41.9, lon=-87.6)
    assert one(event | {"lpr": "", "confidence": "0.5"}).confidence == 0.5


def test_a_state_by_cadence_is_an_announcement():
    report = one(EVENT | {"event_type": "announced"})
    assert (report.event_type, report.camera_state) == ("announced", "live")


def test_an_event_type_nobody_knows_is_kept_and_flagged():
    report = one(EVENT | {"event_type": "loitering"})
    assert report.event_type == "loitering" and unregistered(report) == ("event_type",)


def test_a_webhook_sent_again_is_the_same_report():
    assert one(EVENT) == one(json.dumps(EVENT, indent=2).encode())
    assert hash(one(EVENT)) == hash(one(EVENT)) != hash(one(EVENT | {"occurred_at": 1001}))


def test_one_bad_event_never_costs_the_good_ones_beside_it():
    found = decode([EVENT, EVENT | {"confidence": 2}, 7, EVENT | {"event_id": "e2"}])
    assert found.indexes == [0, 3]
    assert [(r.index, r.reason) for r in found.refusals] == [(1, "confidence out of range"), (2, "not an object")]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"camera": None}, ("camera.id missing", "$.camera.id")),
        ({"camera": 5}, ("camera has a wrong type", "$.camera")),
        ({"lpr": [1]}, ("lpr has a wrong type", "$.lpr")),
        ({"event_type": ""}, ("event_type missing", "$.event_type")),
        ({"occurred_at": None}, ("occurred_at missing", "$.occurred_at")),
        ({"occurred_at": "noon"}, ("occurred_at is not RFC 3339", "$.occurred_at")),
        ({"occurred_at": 1777921388000}, ("occurred_at out of range", "$.occurred_at")),
        ({"occurred_at": True}, ("occurred_at has a wrong type", "$.occurred_at")),
        ({"alert_until": "later"}, ("alert_until is not RFC 3339", "$.alert_until")),
        ({"camera": CAMERA | {"lat": "north"}}, ("camera.lat has a wrong type", "$.camera.lat")),
        ({"camera": CAMERA | {"lat": "NaN"}}, ("camera.lat out of range", "$.camera.lat")),
        ({"camera": CAMERA | {"bearing_deg": -1}}, ("camera.bearing_deg out of range", "$.camera.bearing_deg")),
        ({"camera": CAMERA | {"id": "é"}}, ("camera.id outside its grammar", "$.camera.id")),
        ({"camera": CAMERA | {"id": 1.5}}, ("camera.id has a wrong type", "$.camera.id")),
        ({"camera": CAMERA | {"state": "x" * 65}}, ("camera.state has a wrong length", "$.camera.state")),
        ({"verification": "sure"}, ("verification not one of its values", "$.verification")),
        ({"status": "secret"}, ("status not one of its values", "$.status")),
        ({"labels": ["a", 5]}, ("labels has a wrong type", "$.labels[1]")),
    ],
)
def test_a_refusal_says_what_and_where_in_the_webhooks_own_words(change: dict[str, object], told: tuple[str, str]):
    assert reasons(EVENT | change) == [told]


def test_all_four_times_of_a_captured_event_move():
    assert ADAPTER.capture is not None
    event = EVENT | {"occurred_at": "10", "sent_at": 11, "stale_at": "1970-01-01T00:00:20Z", "alert_until": 30}
    moved = json.loads(ADAPTER.capture.move(json.dumps(event).encode(), 100, None))
    assert moved == event | {"occurred_at": 110, "sent_at": 111, "stale_at": 120, "alert_until": 130}


def test_a_file_of_it_is_told_from_our_own_dialect():
    for data in (json.dumps(EVENT), json.dumps([EVENT], indent=1), f"{json.dumps(EVENT)}\n{json.dumps(EVENT)}"):
        found = looks_like(data.encode())
        assert found is ADAPTER
    native = b'{"kind":"camera_event","camera_id":"C","event_type":"tamper","observed_at":1,"seq":1}'
    assert (found := looks_like(native)) is not None and found.name == "native"


def test_the_page_for_senders_shows_every_field_and_an_example_that_is_taken():
    page = (Path(__file__).resolve().parents[3] / "docs" / "feeds.md").read_text(encoding="utf-8")
    section = page.partition("## Camera webhook")[2].partition("\n## ")[0]
    for place in _PLACES.values():
        assert f"`{place}`" in section, f"docs/feeds.md does not name {place}"
    for word in registry.CAMERA_EVENT | registry.CAMERA_KIND | registry.CAMERA_STATE:
        assert f"`{word}`" in section, f"docs/feeds.md does not name {word}"
    example = section.partition("```json\n")[2].partition("```")[0]
    assert one(example.encode()).event_id == "lpr-7-000412"
