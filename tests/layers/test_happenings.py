from layers.happenings import event_record
from layers.seen import SeenEvent
from tests.support.heard import T0


def seen(layer: str = "cameras", event: str = "lpr_hit", **fields) -> SeenEvent:
    return SeenEvent(
        layer=layer, agency="cpd", id="x1", event=event, at=T0, received_at=T0 + 1, fields=fields, own=False
    )


def test_a_camera_event_is_told_in_one_line() -> None:
    record = event_record(seen(name="Dock 4", verification="unverified", place=(-87.6, 41.8), confidence=0.8))
    assert record["text"] == "Plate hit: Dock 4 (not confirmed)"
    assert record["kind"] == "camera_event"
    assert (record["lon"], record["lat"], record["camera_id"]) == (-87.6, 41.8, "x1")


def test_an_incident_is_told_by_priority_type_and_what_changed() -> None:
    record = event_record(
        seen(
            "incidents",
            "ResourcesOnscene",
            type_common="STRUCTFR",
            priority_common=7,
            status_common=("ResourcesOnscene",),
        )
    )
    assert record["text"] == "P2 Structure fire: units on scene"
    assert (record["kind"], record["priority"], record["incident_id"]) == ("incident", 2, "x1")
    assert "camera_id" not in record


def test_what_is_not_said_is_absent() -> None:
    assert set(event_record(seen())) == {"id", "at", "received_at", "agency", "kind", "event", "text", "camera_id"}


def test_a_log_entry_is_told_in_its_own_words_with_what_it_corrects_and_who_wrote_it() -> None:
    record = event_record(
        seen("log", "order", text="Hold the alley", author_position="Command", incident_id="i1", supersedes="x0")
    )
    assert (record["kind"], record["event"], record["text"]) == ("log_entry", "order", "Hold the alley")
    assert (record["author_position"], record["incident_id"], record["supersedes"]) == ("Command", "i1", "x0")
    assert event_record(seen("log", "handover"))["text"] == "Handover"
