"""What every map layer promises; a new file in layers/kinds is tested by being there."""

import pytest

from feeds.report import Category
from layers import kinds
from layers.delta import columns
from layers.frame import DTYPES
from layers.kinds import cameras, incidents, log, units, zones
from layers.layer import Layer
from layers.policy import BASE
from tests.support.heard import T0, camera, delivery, entry, heard, incident, unit, zone
from tests.support.pair import Pair, grant

EVERYTHING = delivery(
    1,
    unit(call_sign="A1", primary_status="Available", emergency="manual", capabilities=("FLIR",), crew=2),
    incident(type_common="FIRE", priority_common=9, status_common=("Active",), lat=41.8, lon=-87.6, address="1 Main"),
    camera(camera_state="recording", bearing_deg=359.99, fov_deg=60.0, range_m=80.0, media_ref="rtsp://x"),
    zone(zone_kind="perimeter_inner", name="Inner", valid_from=T0 - 5, valid_to=T0 + 500, incident_id="i1"),
    entry(text="Perimeter set", entry_kind="order", author_position="OperationsSectionChief", refs=("z1",)),
)
TYPES_OF = {
    "units": units.LAYER, "incidents": incidents.LAYER, "cameras": cameras.LAYER, "zones": zones.LAYER,
    "log": log.LAYER,
}  # fmt: skip

each = pytest.mark.parametrize("name", kinds.names())


@each
def test_it_is_found_by_its_file_name(name: str) -> None:
    layer = kinds.load(name)
    assert layer is TYPES_OF.get(name, layer)
    assert isinstance(layer, Layer)
    assert layer.name == name
    assert layer.title
    assert layer.subscribe in ("latest", "batch")


def test_a_name_there_is_not_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        kinds.load("nothing")


@each
def test_its_columns_have_types_of_the_wire_and_flags_that_take_the_life(name: str) -> None:
    layer = kinds.load(name)
    assert {dtype for _, dtype in layer.columns} <= set(DTYPES)
    assert {"lon", "lat", "flags", "age"} <= {column for column, _ in layer.columns}


@each
def test_a_row_and_a_record_come_out_of_what_is_said(name: str) -> None:
    p = Pair(heard(EVERYTHING), "cpd", t=T0 + 1)
    (row,) = p.client.rows[name].values()
    assert row["record"]["agency"] == "cpd"
    assert None not in row["record"].values()
    table = p.view.tables[name]
    for column, dtype, values in columns(table, table.present.nonzero()[0], T0 + 1):
        assert (values <= {"u1": 255, "u2": 65535, "u4": 2**32 - 1, "i4": 2**31 - 1}[dtype]).all(), column
    assert row["flags"] >> 1 & 3 == 0


@each
def test_without_its_base_category_it_shows_nothing(name: str) -> None:
    others = [c.value for i, c in enumerate(Category) if not BASE[name] >> i & 1]
    p = Pair(heard(EVERYTHING), "fire", grant("cpd", "fire", *others), t=T0 + 1)
    assert p.view.counts()[name] == 0


@each
def test_the_same_batch_again_sends_nothing(name: str) -> None:
    p = Pair(heard(EVERYTHING), "cpd", t=T0 + 1)
    p.picture.apply(EVERYTHING)
    assert not p.tick(T0 + 2)


@each
def test_a_late_report_sends_nothing(name: str) -> None:
    p = Pair(heard(EVERYTHING), "cpd", t=T0 + 1)
    late = [unit(at=T0 - 5, lat=1.0), camera(at=T0 - 5, lat=1.0, camera_state="idle")]
    p.picture.apply(delivery(2, *late, received_at=T0 + 1))
    assert not p.tick(T0 + 2)


@each
def test_every_category_alone_changes_only_what_it_names(name: str) -> None:
    """Whoever is granted the base category alone gets nothing of the others' fields."""
    base = next(c.value for i, c in enumerate(Category) if BASE[name] >> i & 1)
    p = Pair(heard(EVERYTHING), "fire", grant("cpd", "fire", base), t=T0 + 1)
    text = b"".join(p.client.frames)
    for secret, owner in ((b"A1", "unit.identity"), (b"FLIR", "unit.capability"), (b"1 Main", "incident.location"),
                          (b"rtsp://x", "camera.live_ref")):  # fmt: skip
        assert secret not in text, owner
