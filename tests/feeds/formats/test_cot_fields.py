"""What CoT events of every type say."""

import pytest

from feeds.formats.cot_fields import (
    Place,
    entity_id,
    first_line,
    fix_method_of,
    number_of,
    place_of,
    status_of,
    time_of,
    times_of,
    title_of,
)
from feeds.formats.xml_text import Refused, parse, parser

START = "2026-05-04T19:00:00Z"


def event(attributes: str = "", inside: str = ""):
    return parse(f"<event {attributes}>{inside}</event>".encode(), parser())


def test_a_place_is_unknown_where_there_is_no_fix_and_refused_where_it_is_nowhere():
    assert place_of(event("", '<point lat="41.5" lon="-87.5" hae="9999999" ce="9" le="12"/>')) == (
        41.5,
        -87.5,
        None,
        9,
        12,
    )
    assert place_of(event("", '<point lat="0" lon="0" ce="9999999.0"/>')) == Place(None, None, None, None, None)
    for inside, said in (("", "point missing"), ('<point lat="41"/>', "lon missing"), ('<point lat="95"/>', "lat out")):
        with pytest.raises(Refused, match=said):
            place_of(event("", inside))


def test_a_number_that_is_unknown_is_none():
    track = event('course="-1" speed=" "')
    assert number_of(track, "course", 0, 360, minus_one=True) is None and number_of(track, "speed", 0, 1) is None
    assert number_of(None, "course", 0, 360) is None
    for text in ("-1", "-0.5", "361", "99999999"):
        with pytest.raises(Refused, match="course out of range"):
            number_of(event(f'course="{text}"'), "course", 0, 360, minus_one=text != "-1")


def test_times_fall_back_on_start_and_must_be_there():
    assert times_of(event(f'start="{START}" stale="2026-05-04T19:00:30Z"')) == (1777921200.0, 1777921230.0)
    assert time_of(event(), "start") is None
    with pytest.raises(Refused, match="time missing"):
        times_of(event())
    with pytest.raises(Refused, match="stale out of range"):
        times_of(event(f'time="{START}" stale="9999-01-01T00:00:00Z"'))


def test_words_are_short_and_ids_within_their_grammar():
    assert first_line("  A  b \n c") == "A b" and first_line(" ") is first_line(None) is None
    assert title_of(event("", f'<detail><contact callsign="{"x" * 99}"/></detail>')) == "x" * 80
    assert title_of(event()) is None
    assert entity_id("ISP-31", "") == "ISP-31"
    for uid in (None, "", "é"):
        with pytest.raises(Refused, match="uid"):
            entity_id(uid, "event@uid")


def test_how_and_opex_are_told_by_their_first_letters():
    assert [fix_method_of(event(f'how="{how}"')) for how in ("h-e", "m-g", "m-n", "m-p", "")] == [
        "manual", "gps", "dr", "estimated", None,
    ]  # fmt: skip
    assert [status_of(event(f'opex="{opex}"')) for opex in ("e-X", "S", "o", "")] == [
        "exercise", "test", "actual", "actual",
    ]  # fmt: skip
