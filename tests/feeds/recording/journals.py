"""Batches as a journal gives them back, generated: all kinds of reports, several sources, runs and parcels."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel, decode_batch, encode_batch
from feeds.names import AgencyId, SourceId
from feeds.report import (
    AnyReport,
    CameraReport,
    IncidentReport,
    LineString,
    LogReport,
    Point,
    Polygon,
    UnitReport,
    ZoneReport,
)

CPD = AgencyId("cpd")
T0 = 1_764_000_000
FIRST = BatchId(T0 * 1000, 0)


def number(low: float, high: float, decimals: int) -> st.SearchStrategy[float]:
    """Return numbers as feeds give them, as programs compute them, and the odd ones."""
    told = st.integers(int(low * 10**decimals), int(high * 10**decimals)).map(lambda n: n / 10**decimals)
    odd = st.sampled_from([v for v in (0.0, -0.0, 0.1 + 0.2, 5e-324, low, high) if low <= v <= high])
    return told | st.floats(low, high) | odd


def texts(most: int) -> st.SearchStrategy[str]:
    return st.sampled_from(["", "actual", "EnRoute", "Zug 4 ☂ Ümläut", "none", "\x00"][most == 64 :]) | st.text(
        min_size=most == 64, max_size=most
    )


CODE, LINE = texts(64), texts(200)
CODES = st.lists(CODE, max_size=4).map(tuple)
ID = st.sampled_from(["A-1", "A-2", "B 17", "~"])
AT = st.integers(T0 * 1000, (T0 + 600) * 1000).map(lambda ms: ms / 1000) | number(0, 32503680000, 3)
LAT, LON = number(-90, 90, 7), number(-180, 180, 7)
RING = st.just(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)))
ENVELOPE: dict[str, Any] = {
    "observed_at": AT,
    "seq": st.none() | st.integers(0, 2**53),
    "sent_at": st.none() | AT,
    "stale_at": st.none() | AT,
    "status": st.sampled_from(["actual", "actual", "exercise", "system", "test", "draft"]),
    "labels": st.just(()) | CODES,
}
UNITS = st.builds(
    UnitReport,
    **ENVELOPE,
    unit_id=ID | st.text(min_size=1, max_size=128),
    call_sign=st.none() | texts(40),
    unit_type=st.none() | CODE,
    capabilities=st.none() | CODES,
    crew=st.none() | st.integers(0, 999),
    lat=st.none() | LAT,
    lon=st.none() | LON,
    course_deg=st.none() | number(0, 360, 1),
    speed_mps=st.none() | number(0, 1000, 2),
    hae_m=st.none() | number(-12000, 100000, 2),
    h_err_m=st.none() | number(0, 1e6, 1),
    v_err_m=st.none() | number(0, 1e6, 1),
    fix_method=st.none() | CODE,
    primary_status=st.none() | CODE,
    secondary_status=st.none() | CODES,
    status_internal=st.none() | LINE,
    incident_id=st.none() | ID,
    emergency=st.none() | CODE,
)
INCIDENTS = st.builds(
    IncidentReport, **ENVELOPE, incident_id=ID, lat=st.none() | LAT, lon=st.none() | LON, narrative=st.none() | LINE,
    status_common=st.none() | CODES, suspects_outstanding=st.none() | st.booleans(),
)  # fmt: skip
CAMERAS = st.builds(
    CameraReport, **ENVELOPE, camera_id=ID, event_type=st.just("announced") | CODE, lat=st.none() | LAT,
    confidence=st.none() | number(0, 1, 2), bearing_deg=st.none() | number(0, 360, 1), h_err_m=st.none() | st.just(5.0),
)  # fmt: skip
ZONES = st.builds(
    ZoneReport, **ENVELOPE, zone_id=ID, zone_kind=st.none() | CODE, geometry=st.none()
    | st.builds(Point, st.tuples(LON, LAT))
    | st.just(LineString(((0.0, -0.0), (1.5, 2.5))))
    | st.builds(Polygon, st.tuples(RING)),
)  # fmt: skip
LINES = st.builds(
    LogReport, **ENVELOPE, entry_id=ID, entry_kind=st.just("note") | CODE, text=st.none() | LINE, refs=st.none()
    | st.lists(ID, max_size=3).map(tuple),
)  # fmt: skip
REPORTS = UNITS | UNITS | INCIDENTS | CAMERAS | ZONES | LINES


@st.composite
def parcels(draw: st.DrawFn) -> Parcel:
    """Return a parcel whose reports are numbered one after the other, or not."""
    reports = draw(st.lists(REPORTS, max_size=6))
    if draw(st.booleans()):
        first = draw(st.integers(0, 1000))
        reports = [with_seq(report, first + n) for n, report in enumerate(reports)]
    source = draw(st.sampled_from(["one", "two", "three"]))
    return Parcel(SourceId(source), draw(st.sampled_from(["", "r1"]) | st.text(max_size=64)), draw(AT), tuple(reports))


def with_seq(report: AnyReport, seq: int | None) -> AnyReport:
    fields = {name: getattr(report, name) for name in report.__struct_fields__}
    return type(report)(**{**fields, "seq": seq})


def journaled(said: Sequence[Sequence[Parcel]], first: BatchId = FIRST) -> list[Delivery]:
    """Return these batches as a journal gives them back, a millisecond apart or with one."""
    ids = [BatchId(first.ms + n // 2 * 7, first.n + n % 2) for n in range(len(said))]
    batches = [decode_batch(encode_batch(Batch(WIRE_VERSION, CPD, tuple(of)))) for of in said]
    return [Delivery(CPD, id_, batch) for id_, batch in zip(ids, batches, strict=True)]


JOURNALS = st.lists(st.lists(parcels(), max_size=4), max_size=6).map(journaled)


def entries_of(*reports: AnyReport, received_at: float = T0 + 1.0, source: str = "one") -> list[Delivery]:
    """Return one batch of one parcel."""
    return journaled([[Parcel(SourceId(source), "r", received_at, reports)]])
