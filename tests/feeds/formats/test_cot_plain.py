"""The usual event in one piece says what reading it word by word says."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.adapter import Decoded
from feeds.adapters import cot
from feeds.formats.cot_plain import plain_unit
from feeds.formats.xml_text import parse, parser

USUAL = {
    "uid": "ISP-31", "time": "2026-05-04T19:03:07.250Z", "stale": "2026-05-04T19:03:37Z", "how": "m-g", "opex": "e",
    "lat": "41.8711", "lon": "-87.6414", "hae": "180.4", "ce": "6.5", "le": "9999999.0",
    "callsign": "ISP-31", "course": "181.25", "speed": "24.6", "readiness": "true",
}  # fmt: skip
PLACES = {
    "event": ("uid", "time", "start", "stale", "how", "opex"),
    "point": ("lat", "lon", "hae", "ce", "le"),
    "contact": ("callsign",),
    "track": ("course", "speed"),
    "status": ("readiness",),
}
NUMBERS = [
    "0", "-0", "9999999.0", "9999999", "-1", "-1.0", "361", "-91", "2e5", "1E+01", "1e0001", "1e999", "nan", "-inf",
    "1_0", "0x10", "", " ", " 5 ", "+5", ".5", "5.", "007", "\u0661", "1e", "--1", "12345678901234567890.5", "4.9e-324",
]  # fmt: skip
TIMES = [
    "2026-05-04 19:03:07z", "2026-05-04T19:03:07", "2026-05-04T14:03:07-05:00", "", "noon", "1777921200.5",
    " 2026-05-04T19:03:07Z ", "2026-05-04T19:03:07.123456789Z", "1777921200", "1969-12-31T23:59:59Z",
    "3001-01-01T00:00:00Z", "9999-12-31T23:59:59-05:00", "2026-05-04T24:00:00Z",
]  # fmt: skip
WORDS = ["", " ISP  31 ", "a\tb", "a&#10;b", "\u00e9", "\u00a0x", "x" * 200, "false", "h-e", "s"]


def written(said: dict[str, str | None], before: str = "", after: str = "") -> bytes:
    """Return an event that says this; `before` and `after` its point and its details stand other elements."""

    def tag(name: str) -> str:
        return f"<{name} " + " ".join(f'{k}="{v}"' for k in PLACES[name] if (v := said.get(k)) is not None)

    details = before + "".join(tag(name) + "/>" for name in ("contact", "track", "status")) + after
    inside = f"{before}{tag('point')}/><detail>{details}</detail>{after}"
    return f'{tag("event")} type="a-f-G-U-U-L" xmlns:x="urn:x">{inside}</event>'.encode()


def found(frame: bytes) -> Decoded:
    """Return what a new connection's decoder finds."""
    return cot.ADAPTER.open().decode(frame, 0.0)


def odd(name: str) -> st.SearchStrategy[tuple[str, str | None]]:
    """Return what an attribute may say instead of the usual; None: it is not there."""
    if name in ("time", "stale"):
        return st.tuples(st.just(name), st.sampled_from([*TIMES, None]))
    if USUAL[name][-1].isdigit() and name not in PLACES["event"] + PLACES["contact"]:
        return st.tuples(st.just(name), st.sampled_from([*NUMBERS, None]) | st.floats(-500, 500).map(repr))
    return st.tuples(st.just(name), st.sampled_from([*WORDS, None]))


ODD = st.lists(st.sampled_from(sorted(USUAL)).flatmap(odd), max_size=3).map(dict)
OTHERS = st.sampled_from([
    "", "<point/>", '<point lat="1" lon="1"/>', '<track course="9"/>', '<track speed="x"/>', "<contact/>", "<status/>",
    '<x:track course="5"/>', "<remarks>x</remarks>", '<status readiness="false"/>', "<detail/>",
])  # fmt: skip


def same_either_way(frame: bytes) -> None:
    """Fail when the event says another thing in one piece than word by word."""
    at_once = found(frame)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cot, "plain_unit", lambda *_: None)
        assert found(frame) == at_once


@given(ODD, OTHERS, OTHERS)
@example({"lat": "0", "lon": "-0"}, "", "")
@example({"lat": "0", "lon": "0", "ce": "9999999.0"}, "", "")
def test_in_one_piece_or_word_by_word_an_event_says_the_same(odd: dict[str, str | None], before: str, after: str):
    same_either_way(written(USUAL | odd, before, after))


def test_every_odd_number_and_time_says_the_same_either_way():
    for names, texts in ((("lat", "lon", "hae", "ce", "le", "course", "speed"), NUMBERS), (("time", "stale"), TIMES)):
        for name in names:
            for text in texts:
                same_either_way(written(USUAL | {name: text}))


@pytest.mark.parametrize("le", ["9999999.0", "12"])
def test_the_usual_event_is_read_in_one_piece(le: str):
    frame = written(USUAL | {"le": le})
    report = plain_unit(parse(frame, parser()), "a-f-G-U-U-L-C")
    assert report is not None and [report] == found(frame).reports
    assert (report.unit_type, report.primary_status, report.fix_method) == ("PatrolUnit", "Available", "gps")
    assert report.v_err_m == (12 if le == "12" else None)


def test_a_time_without_a_zone_is_left_to_the_words():
    assert plain_unit(parse(written(USUAL | {"time": "2026-05-04T19:03:07"}), parser()), "a-f-G") is None
