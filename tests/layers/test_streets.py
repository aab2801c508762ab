from pathlib import Path

import numpy as np
import pytest
import shapely

from layers.mercator import to_metres
from layers.streets import SPEED_MPS, Streets, graph, read, write
from tests.support.tiles import helsinki

X, Y = (round(v / 2) * 2 for v in to_metres(-87.63, 41.88))


def _line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def _graph(lines: list[shapely.LineString], classes: list[str], names: list[str] | None = None) -> Streets:
    array = np.array(lines, object)
    return graph(array, classes, array if names else array[:0], names or [])


def test_two_streets_that_cross_meet_in_a_node() -> None:
    made = _graph([_line((-100, 0), (100, 0)), _line((0, -100), (0, 100))], ["minor", "primary"])
    assert len(made.lon) == 5
    assert len(made.a) == 4
    assert np.bincount(np.concatenate([made.a, made.b])).max() == 4


def test_lengths_are_true_metres_on_the_ground() -> None:
    made = _graph([_line((0, 0), (1000, 0))], ["minor"])
    assert made.length_m[0] == pytest.approx(1000 * np.cos(np.radians(41.88)), rel=1e-3)


def test_each_piece_has_the_speed_kind_and_name_of_its_street() -> None:
    lines = [_line((-500, 0), (500, 0)), _line((0, -500), (0, 500))]
    made = _graph(lines, ["motorway", "minor"], ["Dan Ryan Expy", ""])
    fast = made.kind == 0
    assert set(made.speed_mps[fast]) == {np.float32(SPEED_MPS["motorway"])}
    assert set(made.kind[~fast]) == {2}
    assert {str(made.names[i]) for i in made.name[fast]} == {"Dan Ryan Expy"}
    assert set(made.name[~fast].tolist()) == {-1}


def test_only_the_largest_connected_piece_is_kept() -> None:
    made = _graph([_line((0, 0), (500, 0)), _line((500, 0), (500, 500)), _line((9000, 0), (9100, 0))], ["minor"] * 3)
    assert len(made.a) == 2


def test_ends_that_miss_each_other_by_a_rounding_meet() -> None:
    made = _graph([_line((0, 0), (100, 0.4)), _line((100.4, 0), (200, 0))], ["minor", "minor"])
    assert made.length_m.sum() == pytest.approx(200 * np.cos(np.radians(41.88)), rel=0.03)


def test_what_cannot_be_driven_is_no_street() -> None:
    with pytest.raises(ValueError, match="no street"):
        _graph([_line((0, 0), (100, 0))], ["rail"])


def test_the_graph_of_a_real_city_is_connected_and_read_back_with_numpy_alone(tmp_path: Path) -> None:
    made = read(helsinki().streets)
    assert len(made.a) > 100
    assert made.length_m.min() > 0
    reached = {0}
    ends = list(zip(made.a.tolist(), made.b.tolist(), strict=True))
    while True:
        more = {n for pair in ends if reached & set(pair) for n in pair} - reached
        if not more:
            break
        reached |= more
    assert len(reached) == len(made.lon)
    write(made, tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz", allow_pickle=False) as arrays:
        assert set(arrays.files) == set(Streets._fields)
        assert arrays["a"].dtype == np.int32
        assert arrays["lon"].dtype == np.float64
