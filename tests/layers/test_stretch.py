from pathlib import Path

import msgspec
import numpy as np
import pytest

from feeds.errors import DecodeError
from layers.planes import pack_plain
from layers.stretch import PackedColumn, Stretch, TableHeader, columns_of, headers

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_field_of_a_stretch_is_in_the_wire_page() -> None:
    text = (DOCS / "wire.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(Stretch):
        assert f"`{field.name}`" in text, f"docs/wire.md does not name {field.name}"


def test_a_table_is_read_from_where_it_was_put() -> None:
    body = bytearray(b"12345678")

    def add(data: bytes) -> int:
        body.extend(data)
        return len(body) - len(data)

    column = pack_plain("x", "i4", np.array([1, -300, 70000]))
    told = headers({"rows": (3, (column,))}, add)["rows"]
    read = columns_of("units.rows", told, memoryview(bytes(body)))["x"]
    assert read.data.tolist() == column.data.tolist()
    assert read[:5] == column[:5]


@pytest.mark.parametrize("n", [-1, 2**40])
def test_a_table_of_more_rows_than_there_are_is_a_decode_error(n: int) -> None:
    told = TableHeader(n, (PackedColumn("x", "u1", 0, "planes", 1, 0, 1),))
    with pytest.raises(DecodeError, match=r"units\.rows\.x does not fit"):
        columns_of("units.rows", told, memoryview(bytes(8)))
