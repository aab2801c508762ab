"""Public alerts."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.adapter import Decoded
from feeds.adapters.cap import ADAPTER, KNOWN_MAX, priority
from feeds.errors import DecodeError
from feeds.report import IncidentReport, Point, Polygon, ZoneReport
from tests.feeds.adapters.test_contract import check
from tests.support.gateway import shared_samples

SENT = 1777921200.0
SPOT, SQUARE = (
    "<circle>41.85,-87.64 0</circle>",
    "<polygon>41.88,-87.64 41.88,-87.63 41.87,-87.63 41.88,-87.64</polygon>",
)
INFO = (
    "<info><category>{category}</category><event>Gas Leak</event><urgency>Expected</urgency><severity>Severe</severity>"
    "<certainty>Likely</certainty><effective>2026-05-04T13:00:00-05:00</effective>"
    "<expires>2026-05-04T15:00:00-05:00</expires><senderName>Some One</senderName><headline>Leak at 18th</headline>"
    "<description>Long</description><contact>+1 312</contact>{area}</info>"
)


def area(inside: str) -> str:
    return f"<area><areaDesc>Near  South</areaDesc>{inside}</area>"


def alert(inside: str = "", kind: str = "Alert", name: str = "A-1", ends: str = "", more: str = "") -> bytes:
    references = "".join(f"<references>x,{e},2026-05-04T14:00:00-05:00</references>" for e in [ends] if ends)
    return (
        f'<?xml version="1.0"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{name}</identifier>'
        f"<sender>x</sender><sent>2026-05-04T14:00:00-05:00</sent><status>Actual</status><msgType>{kind}</msgType>"
        f"<scope>Public</scope>{references}{more}{inside}</alert>"
    ).encode()


def info(inside: str = "", category: str = "Fire") -> str:
    return INFO.format(area=inside, category=category)


def decode(*frames: bytes) -> Decoded:
    decoder = ADAPTER.open()
    return [decoder.decode(frame, 0.0) for frame in frames][-1]


def test_an_alert_with_an_area_is_a_zone():
    found = decode(alert(info(area(SQUARE)), more="<incidents>I-7 I-8</incidents>"))
    assert found.refusals == [] and found.reports == [
        ZoneReport(
            observed_at=SENT,
            zone_id="A-1",
            zone_kind="warning",
            name="Gas Leak: Near South",
            geometry=Polygon(coordinates=(((-87.64, 41.88), (-87.63, 41.88), (-87.63, 41.87), (-87.64, 41.88)),)),
            valid_from=SENT - 3600,
            valid_to=SENT + 3600,
            incident_id="I-7",
        )
    ]


def test_an_area_that_is_only_named_is_listed_and_not_drawn():
    (zone,) = decode(alert(info(area("<geocode/>")))).reports
    assert isinstance(zone, ZoneReport) and zone.geometry is None and zone.name == "Gas Leak: Near South"


def test_an_alert_of_a_spot_is_an_incident():
    assert decode(alert(info(area(SPOT)))).reports == [
        IncidentReport(
            observed_at=SENT,
            stale_at=SENT + 3600,
            incident_id="A-1",
            type_common="FIRE",
            type_internal="Gas Leak",
            status_common=("Active",),
            priority_common=7,
            lat=41.85,
            lon=-87.64,
            address="Near South",
            narrative="Leak at 18th",
        )
    ]


def test_an_alert_without_any_place_is_not_lost():
    (incident,) = decode(alert(info(category="Met"))).reports
    assert isinstance(incident, IncidentReport)
    assert (incident.lat, incident.type_common, incident.type_internal) == (None, None, "Gas Leak")


def test_onset_goes_before_effective_and_sent_stands_in():
    onset = info(area(SQUARE)).replace("<effective>", "<onset>2026-05-04T14:30:00-05:00</onset><effective>")
    assert decode(alert(onset)).reports[0].valid_from == SENT + 1800
    bare = info(area(SQUARE)).replace("effective>", "web>").replace("expires>", "web>")
    (zone,) = decode(alert(bare)).reports
    assert (zone.valid_from, zone.valid_to) == (SENT, None)


@pytest.mark.parametrize(
    ("urgency", "severity", "expected"),
    [
        ("Immediate", "Extreme", 10), ("Expected", "Extreme", 9), ("Immediate", "Severe", 8), ("Future", "Severe", 5),
        ("Expected", "Moderate", 5), ("Future", "Minor", 1), ("Unknown", "Unknown", 1), ("Past", "Extreme", 2),
        ("", "", 1),
    ],
)  # fmt: skip
def test_ten_is_the_worst_and_the_soonest(urgency: str, severity: str, expected: int):
    assert priority(urgency, severity) == expected


def test_a_cancel_ends_a_zone_even_if_this_connection_never_heard_of_it():
    assert decode(alert(kind="Cancel", name="A-2", ends="A-1")).reports == [
        ZoneReport(observed_at=SENT, zone_id="A-1", zone_kind="warning", valid_to=SENT)
    ]


def test_a_cancel_ends_the_incident_that_this_connection_heard_of_or_that_it_repeats():
    ended = [IncidentReport(observed_at=SENT, incident_id="A-1", status_common=("Cancelled",))]
    cancel = alert(kind="Cancel", name="A-2", ends="A-1")
    assert decode(alert(info(area(SPOT))), cancel).reports == ended
    assert decode(alert(info(area(SPOT)), kind="Cancel", name="A-2", ends="A-1")).reports == ended
    assert isinstance(decode(alert(info(area(SQUARE))), cancel).reports[0], ZoneReport)


def test_a_bad_area_does_not_keep_a_cancel_from_ending():
    bad = info(area("<polygon>x</polygon>"))
    assert decode(alert(bad)).refusals[0].reason == "position is not lat,lon"
    assert [r.zone_id for r in decode(alert(bad, kind="Cancel", name="A-2", ends="A-1")).reports] == ["A-1"]


def test_an_update_ends_what_it_supersedes_and_begins_anew():
    found = decode(alert(info(area(SQUARE)), kind="Update", name="A-2", ends="A-1"))
    assert found.indexes == [0, 1]
    assert [(r.zone_id, r.valid_to) for r in found.reports] == [("A-1", SENT), ("A-2", SENT + 3600)]


def test_what_a_connection_remembers_is_bounded():
    decoder = ADAPTER.open()
    for n in range(KNOWN_MAX + 1):
        decoder.decode(alert(info(area(SPOT)), name=f"S-{n}"), 0.0)
    kinds = [type(decoder.decode(alert(kind="Cancel", name="C", ends=f"S-{n}"), 0.0).reports[0]) for n in (0, 1)]
    assert kinds == [ZoneReport, IncidentReport]


def test_names_and_texts_are_cut_to_the_vocabulary():
    long = info(area(SQUARE)).replace("Near  South", "x" * 500)
    (zone,) = decode(alert(long)).reports
    assert len(zone.name) == 80 and zone.name.endswith("…")
    assert len(decode(alert(info(area(SPOT)).replace("Leak at 18th", "y" * 5000))).reports[0].narrative) == 1000


def test_nothing_of_the_contact_or_the_sender_is_taken():
    for inside in (area(SPOT), area(SQUARE)):
        assert not any(word in str(decode(alert(info(inside))).reports) for word in ("+1 312", "Some One"))


def test_a_bad_alert_costs_itself_alone():
    good, bad = alert(info(area(SQUARE))), alert(info(area("<circle>1</circle>")))
    found = decode(b"GET / HTTP/1.1\n" + good + bad + good.replace(b"A-1", b"A-3") + b"<html/>")
    assert found.indexes == [1, 3]
    assert [(r.index, r.reason) for r in found.refusals] == [
        (0, "not XML"),
        (2, "circle is not lat,lon and a radius"),
        (4, "not a CAP alert"),
    ]
    assert found.messages == {0: b"GET / HTTP/1.1", 2: bad, 4: b"<html/>"}
    for nothing, said in ((b" \n", "empty message"), (b"<!-- -->", "not a CAP alert")):
        with pytest.raises(DecodeError, match=said):
            decode(nothing)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_update_gives_reports_or_refusals_and_nothing_else(data: st.DataObject):
    frame = bytearray(alert(info(area(SQUARE + SPOT)), kind="Update", name="A-2", ends="A-1"))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(frame)))
        frame[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=8))
    try:
        check(decode(bytes(frame)))
    except DecodeError as error:
        assert error.reason


def test_a_captured_alert_moves_with_all_its_times_and_nothing_else():
    assert ADAPTER.capture is not None
    raw = alert(info(area(SQUARE)), kind="Update", name="A-2", ends="A-1")
    moved = ADAPTER.capture.move(raw, 60.0, None)
    assert moved.count(b"19:01:00.000+00:00</sent>") == moved.count(b"20:01:00.000+00:00</expires>") == 1
    assert moved.count(b"18:01:00.000+00:00</effective>") == 1 and b"x,A-1,2026-05-04T14:00:00-05:00" in moved
    assert [r.valid_to for r in decode(moved).reports] == [SENT + 60, SENT + 3660]
    (message,) = ADAPTER.capture.split(raw)
    assert (message.raw, message.at) == (raw, SENT)


def test_a_file_is_told_by_its_element_and_namespace():
    assert ADAPTER.capture is not None
    speaks = ADAPTER.capture.speaks
    assert speaks(alert()) and speaks(b'<e:EDXLDistribution xmlns:e="u">')
    assert not speaks(b'<alert xmlns="urn:x">') and not speaks(b"<event>") and not speaks(b"{}")


def test_the_real_samples_are_taken_or_refused_with_a_reason():
    found = {path.name: decode(path.read_bytes()) for path in shared_samples("cap")}
    kinds = Counter(type(r).__name__ for f in found.values() for r in f.reports)
    assert kinds == {"IncidentReport": 9, "ZoneReport": 6}
    assert {name: f.refusals[0].reason for name, f in found.items() if f.refusals} == {
        "invalid.cap": "scope missing",
        "no_optional_fields.cap": "info missing",
    }
    assert len(found["bushfire_valid.edxlde"].reports) == 7
    (fire,) = found["australia.cap"].reports
    assert fire.geometry == Point(coordinates=(147.0598, -35.3888)) and fire.radius_m == 25000
    (quake,) = found["earthquake-iso8859-1.cap"].reports
    assert "Usulután" in quake.narrative
