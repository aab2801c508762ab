import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.errors import DecodeError
from feeds.report import IncidentReport, UnitReport
from feeds.unit_columns import (
    FEWEST,
    NUMBERS,
    WORDS,
    LooseColumns,
    UnitColumns,
    UnitReports,
    are_columns,
    columns_of,
    decode,
    encode,
    table_of,
)

CODES = st.lists(st.sampled_from(["EnRoute", "AtScene"]), max_size=2).map(tuple)
SAID = {
    "observed_at": st.floats(0, 4e9),
    "seq": st.integers(0, 2**53),
    "sent_at": st.floats(0, 4e9),
    "stale_at": st.floats(0, 4e9),
    "status": st.sampled_from(["actual", "exercise", "system", "test", "draft"]),
    "labels": st.lists(st.sampled_from(["juvenile", "undercover"]), max_size=2).map(tuple),
    "unit_id": st.text("ab", min_size=1, max_size=3),
    "call_sign": st.text(max_size=40),
    "unit_type": st.just("PatrolUnit"),
    "capabilities": CODES,
    "crew": st.integers(0, 999),
    "lat": st.floats(-90, 90),
    "lon": st.floats(-180, 180),
    "course_deg": st.floats(0, 360),
    "speed_mps": st.floats(0, 1000),
    "hae_m": st.floats(-12000, 100000),
    "h_err_m": st.floats(0, 1e6),
    "v_err_m": st.floats(0, 1e6),
    "fix_method": st.just("gps"),
    "primary_status": st.sampled_from(["Available", "NotAvailable"]),
    "secondary_status": CODES,
    "status_internal": st.text(max_size=200),
    "incident_id": st.just("i1"),
    "emergency": st.just("none"),
}
ALWAYS = {"observed_at", "unit_id"}
UNITS = st.fixed_dictionaries(
    {name: SAID[name] for name in ALWAYS}, optional={name: said for name, said in SAID.items() if name not in ALWAYS}
).map(lambda said: UnitReport(**said))
_decode = msgspec.msgpack.Decoder(UnitColumns).decode


def unit(n: int, **said: object) -> UnitReport:
    return UnitReport(observed_at=100.0 + n, unit_id=f"u{n}", lat=41.8, lon=-87.6, **said)  # type: ignore[arg-type]


def columns(*reports: UnitReport) -> UnitColumns:
    made = columns_of(reports or [unit(n, seq=n) for n in range(FEWEST)])
    assert made is not None
    return made


def test_every_field_of_a_units_report_has_its_place() -> None:
    fields = {field.name for field in msgspec.structs.fields(UnitReport)}
    assert fields == {*NUMBERS, *WORDS, "unit_id", "call_sign", "agency"}
    assert set(SAID) == fields - {"agency"}


@given(st.lists(UNITS, min_size=FEWEST, max_size=FEWEST + 6), st.data())
def test_reports_come_back_from_columns_as_they_were(reports: list[UnitReport], data: st.DataObject) -> None:
    made = columns(*reports)
    again = _decode(msgspec.msgpack.encode(made))
    again.table()
    assert again.reports() == tuple(reports)
    assert again.sequences() == [report.seq for report in reports]
    at = data.draw(st.lists(st.integers(0, len(reports) - 1), unique=True))
    assert again.reports(at) == tuple(reports[i] for i in at)


def test_words_stand_once_for_all_that_say_them_even_when_they_are_many() -> None:
    few = columns(*(unit(n, primary_status=f"s{n % 2}") for n in range(300)))
    assert len(few.words) == 2 and len(few.which) == 300
    many = columns(*(unit(n, primary_status=f"s{n}") for n in range(300)))
    assert len(many.words) == 300 and len(many.which) == 600
    assert [report.primary_status for report in many.reports()] == [f"s{n}" for n in range(300)]


def test_a_few_reports_or_such_of_other_things_are_no_columns() -> None:
    units = [unit(n) for n in range(FEWEST)]
    assert columns_of(units[:-1]) is None
    assert columns_of([*units, IncidentReport(observed_at=1.0, incident_id="i1")]) is None
    assert columns_of([]) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda c: {"ids": c.ids[1:]}, "equally long"),
        (lambda c: {"ids": ()}, "equally long"),
        (lambda c: {"which": c.which[1:]}, "equally long"),
        (lambda c: {"which": b"\1" * len(c.which)}, "equally long"),
        (lambda c: {"words": ()}, "equally long"),
        (lambda c: {"call_signs": ("a",)}, "equally long"),
        (lambda c: {"numbers": c.numbers[8:]}, "equally long"),
        (lambda c: {"said": 0}, "equally long"),
        (lambda c: {"said": c.said | 1 << 40}, "equally long"),
        (lambda c: {"said": -1}, "equally long"),
        (lambda c: {"said": c.said ^ 1 << NUMBERS.index("observed_at") ^ 1 << NUMBERS.index("hae_m")}, "say when"),
        (lambda c: {"numbers": b"\xff" * len(c.numbers)}, "say when"),
        (lambda c: {"numbers": b"\x7f" * len(c.numbers)}, "bounds"),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(change, why: str) -> None:
    good = columns()
    good.table()
    with pytest.raises(DecodeError, match=why):
        replace(good, **change(good)).table()


def test_a_sequence_number_that_is_not_whole_is_refused() -> None:
    with pytest.raises(DecodeError, match="whole"):
        columns(*(unit(n, seq=n + 0.5) for n in range(FEWEST))).table()


def test_a_table_says_what_the_reports_say() -> None:
    reports = [unit(n, seq=n, hae_m=1.0 if n else None) for n in range(FEWEST)]
    for table in (table_of(reports), columns(*reports).table()):
        assert table is not None and table.newest == 100.0 + FEWEST - 1
        assert (table.column("seq") == np.arange(FEWEST)).all()
        assert np.array_equal(table.column("hae_m"), [np.nan] + [1.0] * (FEWEST - 1), equal_nan=True)
        assert table.column("speed_mps") is None
        assert table.packed() == columns(*reports)


def test_the_reports_of_columns_are_made_when_they_are_looked_at() -> None:
    made = columns()
    reports = UnitReports(made)
    assert len(reports) == FEWEST and reports._made is None
    assert reports[3] == made.reports()[3] and list(reports) == list(made.reports())
    assert table_of(reports) is reports.table
    with pytest.raises(DecodeError):
        UnitReports(replace(made, ids=made.ids[1:]))


def test_every_id_that_is_said_is_among_the_names() -> None:
    said = columns(*(unit(n, incident_id="i1" if n % 2 else None) for n in range(FEWEST)))
    assert sorted(said.names()) == ["i1", *sorted(f"u{n}" for n in range(FEWEST))]


@given(st.lists(UNITS, min_size=FEWEST, max_size=FEWEST + 3))
def test_loose_columns_say_what_the_reports_say(reports: list[UnitReport]) -> None:
    loose = msgspec.msgpack.decode(encode(columns(*reports)), type=LooseColumns)
    again = [msgspec.convert({"kind": "unit", **fields}, UnitReport) for fields in loose.fields()]
    assert again == reports


def test_bytes_of_columns_are_told_from_json() -> None:
    assert are_columns(encode(columns())) and decode(encode(columns())) == columns()
    assert not any(map(are_columns, (b"", b"[", b'{"kind"', b"\xef\xbb\xbf", b"\x90", b" \x81")))
    with pytest.raises(DecodeError, match="cannot be read"):
        decode(b"\x81")


def test_a_number_out_of_its_fields_bounds_is_refused() -> None:
    for name in ("lat", "course_deg", "speed_mps", "observed_at", "seq"):
        with pytest.raises(DecodeError, match="bounds"):
            columns(*(replace(unit(n), **{name: -91.0}) for n in range(FEWEST))).table()


def test_rows_have_nothing_where_nothing_was_said() -> None:
    rows = columns(*(unit(n, hae_m=1.0 if n else None) for n in range(FEWEST))).rows()
    assert rows.shape == (FEWEST, len(NUMBERS))
    assert np.isnan(rows[:, NUMBERS.index("seq")]).all()
    assert np.isnan(rows[0, NUMBERS.index("hae_m")]) and (rows[1:, NUMBERS.index("hae_m")] == 1.0).all()
