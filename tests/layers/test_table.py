from layers import kinds
from layers.table import Table


def test_a_name_said_twice_is_let_go_of_once() -> None:
    table = Table(kinds.load("incidents"))
    table.fit(1)
    row, new = table.add(0, "i1")
    assert new
    assert table.word(row, {"id": "i1"}, (("units", "a"), ("units", "a")), 1)
    assert table.named_by == {("units", "a"): {row}}
    table.word(row, {"id": "i1"}, (("units", "b"),), 2)
    assert table.named_by == {("units", "b"): {row}}
    assert table.remove(row, 3) == ("i1", True)
    assert table.named_by == {}
