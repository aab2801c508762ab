"""A segment gives back the very batches, and says what is wrong with a file that cannot."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.motion import AGENCY, deliveries, traffic
from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel, encode_batch
from feeds.errors import DecodeError
from feeds.names import AgencyId, SourceId
from feeds.recording import columns, parcels, parquet, rows
from feeds.recording.segment import PARCELS, REPORTS, decode, decode_some, encode
from feeds.recording.sheets import FIELDS, KINDS, NUMBERS, SUBJECTS, WORDS
from feeds.report import AnyReport, IncidentReport, UnitReport
from tests.feeds.recording.journals import CPD, JOURNALS, T0, entries_of, journaled


def unit(n: int = 1, at: float = 0.0, **more: object) -> UnitReport:
    return UnitReport(unit_id=f"U{n}", observed_at=T0 + at, **more)  # type: ignore[arg-type]


def parcel(*reports: AnyReport, source: str = "one", run: str = "r", at: float = 1.0) -> Parcel:
    return Parcel(SourceId(source), run, T0 + at, reports)


def same(entries: list[Delivery]) -> bool:
    """Say whether they come back: equal, and encoded to the very bytes of the journal."""
    back = decode(CPD, encode(CPD, entries))
    bytes_ = [encode_batch(delivery.batch) for delivery in back] == [encode_batch(d.batch) for d in entries]
    return back == entries and bytes_


@settings(max_examples=40, deadline=None)
@given(JOURNALS)
def test_every_batch_comes_back_byte_for_byte(entries: list[Delivery]):
    assert same(entries)


def test_the_columns_are_all_that_a_unit_can_say():
    placed = {"unit_id", *columns.SCALES, *columns.TEXTS, *columns.LISTS, *columns.COUNTS}
    assert {*FIELDS} - placed == {"agency"}, "which is never said"
    assert {*WORDS, *NUMBERS, "seq"} == {"kind", *placed}


def test_nothing_and_next_to_nothing_come_back():
    assert same([])
    assert same(journaled([[]]))
    assert same(journaled([[], [parcel()], [], [parcel(), parcel(unit()), parcel()], []]))


def test_a_unit_that_changes_its_call_sign_keeps_both():
    said = [unit(1, n, call_sign=sign) for n, sign in enumerate(["12A", "12A", None, "12B"])]
    assert same(entries_of(*said))


def test_received_at_comes_back_with_its_microseconds_and_what_lies_below():
    stamps = [1764000000.1234567, 1764000000.123457, 1764000000.5, 0.0, 4e9 + 2**-20]
    assert same(journaled([[parcel(unit(), at=at - T0) for at in stamps]]))


def test_numbers_told_by_parcels_are_in_no_row_and_those_that_are_not_are():
    runs = [
        [parcel(unit(1, 0, seq=5), unit(2, 0, seq=6)), parcel(unit(1, 1, seq=7)), parcel(unit(1, 1, seq=90), run="s")],
        [parcel(unit(1, 2, seq=9), unit(2, 2, seq=12)), parcel(unit(1, 3, seq=8)), parcel(unit(1, 4))],
    ]
    entries = journaled(runs)
    assert same(entries)
    files = encode(CPD, entries)
    said = pq.read_table(pa.BufferReader(files[PARCELS]))
    assert said["seq_skip"].to_pylist() == [5, 0, 90, None, 0, None]
    table = pq.read_table(pa.BufferReader(files[REPORTS]))
    assert sorted(n for n in table["seq"].to_pylist() if n is not None) == [9, 12]
    told = parcels.numbers(said, len(table))
    assert told.tolist() == [5, 6, 7, 90, -1, -1, 8, -1]


def test_other_readers_see_plain_columns():
    files = encode(CPD, entries_of(
        unit(2, 0.25, lat=41.8781136, lon=-87.6297982, stale_at=T0 + 60.25, secondary_status=("EnRoute",)),
        IncidentReport(incident_id="I1", observed_at=float(T0), lat=41.5, labels=("juvenile",)),
        unit(1, 0.5, lat=0.1 + 0.2),
    ))  # fmt: skip
    table = pq.read_table(pa.BufferReader(files[REPORTS]))
    assert table["kind"].to_pylist() == ["incident", "unit", "unit"]
    assert table["subject"].to_pylist() == ["I1", "U1", "U2"]
    assert table["arrival"].to_pylist() == [1, 2, 0]
    assert [str(lat) for lat in table["lat"].to_pylist()] == ["41.5000000", "0.3000000", "41.8781136"]
    assert table["lat_ulps"].to_pylist() == [0, 1, 0]
    assert table["observed_at"].to_pylist()[2].isoformat() == "2025-11-24T16:00:00.250000+00:00"
    assert table["stale_after_ms"].to_pylist() == [None, None, 60_000]
    assert table["labels"].to_pylist() == [["juvenile"], [], []]
    assert table["secondary_status"].to_pylist() == [None, None, ["EnRoute"]]
    assert [body is None for body in table["rest"].to_pylist()] == [False, True, True]
    assert msgspec.msgpack.decode(table["rest"].to_pylist()[0])["incident_id"] == "I1"
    assert rows.doubles(table, "lat").tolist() == [41.5, 0.1 + 0.2, 41.8781136]


@pytest.fixture(scope="module")
def minute() -> list[Delivery]:
    return list(deliveries(traffic(60, 300)))


def test_a_minute_of_traffic_comes_back_from_a_generator_and_the_files_are_small(minute: list[Delivery]):
    def once() -> Iterator[Delivery]:
        yield from minute

    files = encode(AGENCY, once())
    assert decode(AGENCY, files) == minute
    count = sum(len(delivery.batch) for delivery in minute)
    assert count > 17_000
    assert sum(map(len, files.values())) < 12 * count, "a minute is short; ten take 7 bytes a report"


def test_the_same_batches_give_the_same_bytes_in_another_process_too(minute: list[Delivery], tmp_path: Path):
    files = encode(AGENCY, minute)
    again = (
        "import sys, pathlib; from bench.motion import AGENCY, deliveries, traffic;"
        "from feeds.recording import segment;"
        "[pathlib.Path(sys.argv[1], name).write_bytes(data) for name, data in"
        " segment.encode(AGENCY, deliveries(traffic(60, 300))).items()]"
    )
    subprocess.run([sys.executable, "-c", again, str(tmp_path)], check=True, timeout=60)
    assert {name: (tmp_path / name).read_bytes() for name in files} == files
    assert decode(AGENCY, {name: tmp_path / name for name in files}) == minute, "from where they lie"


def test_more_things_than_two_bytes_count_come_back_in_order():
    many = [unit(n * 7919 % 65_537, n / 1000) for n in range(65_537)]
    entries = entries_of(*many)
    files = encode(CPD, entries)
    assert decode(CPD, files) == entries
    subjects = pq.read_table(pa.BufferReader(files[REPORTS]), columns=["subject"])["subject"].to_pylist()
    assert subjects == sorted(subjects)


def test_batches_of_another_agency_version_or_order_are_not_taken():
    one, two = journaled([[parcel(unit())], [parcel(unit())]])
    for wrong in (
        one._replace(agency=AgencyId("cfd")),
        one._replace(batch=Batch(WIRE_VERSION, AgencyId("cfd"), ())),
        one._replace(batch=Batch(WIRE_VERSION + 1, CPD, ())),
    ):
        with pytest.raises(ValueError, match="is not one of cpd"):
            encode(CPD, [wrong])
    with pytest.raises(ValueError, match="does not come after"):
        encode(CPD, [two, one])
    with pytest.raises(ValueError, match="does not come after"):
        encode(CPD, [one, one._replace(id=BatchId(*one.id))])


def test_a_file_that_is_missing_foreign_or_of_another_version_is_named(monkeypatch: pytest.MonkeyPatch):
    files = encode(CPD, entries_of(unit()))
    with pytest.raises(DecodeError, match=r"^parcels\.parquet is missing"):
        decode(CPD, {REPORTS: files[REPORTS]})
    with pytest.raises(DecodeError, match=r"^reports\.parquet cannot be read: .*No such file"):
        decode(CPD, {**files, REPORTS: Path("/nowhere/reports.parquet")})
    with pytest.raises(DecodeError, match="is of another agency than cfd"):
        decode(AgencyId("cfd"), files)
    with pytest.raises(DecodeError, match=r"^reports\.parquet has other columns"):
        decode(CPD, {**files, REPORTS: files[PARCELS]})
    with pytest.raises(DecodeError, match=r"^reports\.parquet has 1 rows|do not hold 2 reports"):
        decode(CPD, {**files, REPORTS: encode(CPD, entries_of(unit(), unit(2)))[REPORTS]})
    monkeypatch.setattr(parquet, "VERSION", "2")
    with pytest.raises(DecodeError, match=r"^parcels\.parquet has version 1, expected 2"):
        decode(CPD, files)
    plain = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1]}), plain)
    with pytest.raises(DecodeError, match=r"^parcels\.parquet cannot be read: its end"):
        decode(CPD, {**files, PARCELS: bytes(plain.getvalue())})


def test_a_report_that_is_none_is_named_by_its_row():
    files = encode(CPD, entries_of(unit(), IncidentReport(incident_id="I1", observed_at=1.0)))
    table = pq.read_table(pa.BufferReader(files[REPORTS]))

    def with_rest(*rest: bytes | None) -> dict[str, bytes]:
        at = table.schema.get_field_index("rest")
        wrong = table.set_column(at, "rest", pa.array(rest, pa.binary())).cast(columns.SCHEMA)
        words = ["kind", "subject", *columns.TEXTS, *columns.LISTS]
        return {**files, REPORTS: parquet.write([wrong], CPD, words, [])}

    with pytest.raises(DecodeError, match=r"^reports\.parquet cannot be read: row 0, column rest: .*narrative"):
        body = msgspec.msgpack.encode({"kind": "incident", "incident_id": "I", "observed_at": 1.0, "narrative": 7})
        decode(CPD, with_rest(body, None))
    with pytest.raises(DecodeError, match=r"^reports\.parquet cannot be read: row 0 is no unit's"):
        decode(CPD, with_rest(None, None))


def test_damage_anywhere_is_a_decode_error_or_was_in_no_part_that_is_read():
    entries = entries_of(*(unit(n % 3, n / 10, lat=n / 7, call_sign=f"{n}") for n in range(40)))
    files = encode(CPD, entries)
    refused = 0
    for name, data in files.items():
        damaged = [data[:cut] for cut in range(0, len(data), 97)]
        damaged += [bytes((*data[:at], data[at] ^ 0x55, *data[at + 1 :])) for at in range(0, len(data), 23)]
        for bad in damaged:
            try:
                assert decode(CPD, {**files, name: bad}) == entries
            except DecodeError as error:
                assert str(error).startswith(("reports.parquet", "parcels.parquet"))
                refused += 1
    assert refused > 200


@settings(max_examples=40, deadline=None)
@given(JOURNALS, st.sampled_from(["unit", "incident", "zone"]), st.sampled_from(["A-1", "A-2"]))
def test_some_reports_come_back_as_they_do_among_all(entries: list[Delivery], kind: str, subject: str):
    files = encode(CPD, entries)

    def wanted(report: AnyReport) -> bool:
        named = getattr(report, SUBJECTS[type(report)])
        return KINDS[type(report)] == kind or (named == subject and KINDS[type(report)] == "log_entry")

    expected = []
    for agency, id_, batch in decode(CPD, files):
        kept = [(p, tuple(filter(wanted, p.reports))) for p in batch.parcels]
        said = tuple(Parcel(p.source, p.run, p.received_at, reports) for p, reports in kept if reports)
        if said:
            expected.append(Delivery(agency, id_, Batch(batch.version, agency, said)))
    assert decode_some(CPD, files, {"kind": [kind]}, {"kind": ["log_entry"], "subject": [subject]}) == expected
    assert decode_some(CPD, files, {"kind": []}) == []
