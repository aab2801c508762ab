import csv
import io

import pandas as pd
import pytest
from msgspec.structs import replace

from layers.exports import csv_table
from layers.exports.csv_table import FORMULA
from tests.support.exported import NASTY, OCCURRENCES, POINTS, STAMP, point, written


def rows(data: bytes) -> list[dict[str, str]]:
    lines = io.StringIO(data.decode(), newline="")
    while (head := lines.readline()).startswith("# "):
        assert head.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(head + lines.read(), newline="")))


def test_it_reads_back_with_both_clocks_in_utc() -> None:
    told = rows(written("csv"))
    assert len(told) == len(POINTS) + len(OCCURRENCES)
    first = told[0]
    assert (first["observed_at"], first["received_at"]) == ("2026-05-04T19:00:00.000Z", "2026-05-04T19:00:00.250Z")
    assert (float(first["lon"]), float(first["lat"]), float(first["speed_mps"])) == (-87.6403, 41.8786, 12.5)
    assert (first["kind"], first["id"], told[-1]["lon"]) == ("unit", "u1", "")
    assert told[5]["observed_at"] == "2026-05-04T19:00:05.123456Z"


@pytest.mark.parametrize("sign", FORMULA)
def test_no_text_begins_as_a_formula_and_numbers_stay_numbers(sign: str) -> None:
    told = rows(written("csv", [point("u1", 0, call_sign=sign + "1+1")], ()))[0]
    assert told["call_sign"] == "'" + sign + "1+1"
    assert told["lon"] == "-87.6403"


@pytest.mark.parametrize("blanks", [" ", "   ", "\u00a0", "\u3000 "])
def test_blanks_before_it_hide_no_formula(blanks: str) -> None:
    (one, other) = rows(written("csv", [point("u1", n, call_sign=blanks + text) for n, text in enumerate("=A")], ()))
    assert one["call_sign"] == f"'{blanks}=" and other["call_sign"] == f"{blanks}A"


def test_commas_quotes_and_lines_in_a_text_stay_in_their_cell() -> None:
    text = 'a "b", #c\r\nd'
    assert rows(written("csv", [point("u1", 0, call_sign=text)], ()))[0]["call_sign"] == text
    assert rows(written("csv"))[-1]["text"] == "'" + NASTY


def test_the_stamp_stands_in_lines_that_usual_readers_pass_over() -> None:
    data = written("csv", [point("u1", 0, call_sign="car #5")], ())
    told = pd.read_csv(io.BytesIO(data), comment="#")
    assert list(told["call_sign"]) == ["car #5"]
    head = data.decode().split('"kind"')[0]
    assert all(f"# {name}: {said}\r\n" in head for name, said in STAMP.said.items())


def test_a_name_in_the_stamp_begins_no_cell_of_its_own() -> None:
    data = b"".join(csv_table.write((), (), replace(STAMP, viewer='a,=1+1;=2"\n=3')))
    head = data.decode().split('"kind"')[0]
    assert "# viewer: a =1+1 =2 =3\r\n" in head and not set(',;"') & set(head)
