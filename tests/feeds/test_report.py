import msgspec
import pytest

from feeds import report
from feeds.report import (
    CATEGORIES,
    INCIDENT_GROUPS,
    UNIT_GROUPS,
    AnyReport,
    CameraReport,
    Category,
    IncidentReport,
    UnitReport,
    category_of,
)

UNIT = {"kind": "unit", "observed_at": 1.0, "unit_id": "U1"}


def decode(**fields: object) -> AnyReport:
    return msgspec.convert({**UNIT, **fields}, AnyReport)


@pytest.mark.parametrize("kind", CATEGORIES, ids=lambda kind: kind.__name__)
def test_every_field_of_every_kind_has_a_category(kind: type):
    fields = {field.name for field in msgspec.structs.fields(kind)}
    assert fields == set(CATEGORIES[kind])
    assert all(isinstance(category_of(kind, field), Category) for field in fields)


def test_a_field_nobody_knows_has_no_category():
    with pytest.raises(KeyError):
        category_of(UnitReport, "driver_name")


@pytest.mark.parametrize("groups", [UNIT_GROUPS, INCIDENT_GROUPS, report.CAMERA_GROUPS])
def test_no_field_is_in_two_groups(groups: dict[Category, tuple[str, ...]]):
    fields = [field for group in groups.values() for field in group]
    assert len(fields) == len(set(fields))


def test_what_shows_that_a_unit_is_in_danger_is_a_category_of_its_own():
    assert category_of(UnitReport, "emergency") is Category.UNIT_EMERGENCY
    assert category_of(UnitReport, "lat") is Category.UNIT_POSITION
    assert category_of(IncidentReport, "narrative") is Category.INCIDENT_NARRATIVE
    assert category_of(CameraReport, "media_ref") is Category.CAMERA_LIVE_REF
    assert category_of(CameraReport, "plate_token") is Category.LPR_HIT


@pytest.mark.parametrize(
    ("event", "category"),
    [
        ("lpr_hit", Category.LPR_HIT),
        ("gunshot_detected", Category.ACOUSTIC_ALERT),
        ("recording_started", Category.CAMERA_STATE),
        ("of our own making", Category.CAMERA_STATE),
    ],
)
def test_that_an_event_happened_is_shared_by_its_type(event: str, category: Category):
    assert report.event_category(event) is category


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"lat": 91.0}, "$.lat"),
        ({"lon": "12"}, "$.lon"),
        ({"lon": float("nan")}, "$.lon"),
        ({"observed_at": -1.0}, "$.observed_at"),
        ({"unit_id": "x" * 129}, "$.unit_id"),
        ({"seq": -1}, "$.seq"),
        ({"seq": 2**53 + 1}, "$.seq"),
        ({"course_deg": 361.0}, "$.course_deg"),
        ({"speed_mps": float("inf")}, "$.speed_mps"),
        ({"status": "practice"}, "$.status"),
        ({"kind": "person"}, "$.kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_out_of_range_is_refused_by_its_path(fields: dict[str, object], path: str):
    with pytest.raises(msgspec.ValidationError) as refused:
        decode(**fields)
    assert path in str(refused.value)


def test_a_name_of_a_person_is_dropped_when_decoded():
    assert b"Doe" not in msgspec.json.encode(decode(driver="Doe", officer_name="Doe"))


def test_a_word_outside_its_registry_is_kept_and_flagged():
    said = decode(unit_type="Hovercraft", primary_status="Available", secondary_status=("EnRoute", "Lunch"))
    assert isinstance(said, UnitReport)
    assert said.unit_type == "Hovercraft"
    assert report.unregistered(said) == ("unit_type", "secondary_status")
    assert report.unregistered(decode()) == ()


@pytest.mark.parametrize(("common", "local"), [(10, 1), (9, 1), (8, 2), (6, 2), (5, 3), (3, 3), (2, 4), (0, 4)])
def test_the_scale_of_priorities_is_turned_round(common: int, local: int):
    assert report.local_priority(common) == local


def test_what_was_not_said_is_not_sent():
    assert msgspec.json.decode(msgspec.json.encode(decode())) == UNIT
