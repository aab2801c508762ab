"""Runs on disk come back as one, in order, whatever their number."""

import tempfile

import pytest

from layers.exports import runs as runs_module
from layers.exports.runs import Runs
from tests.support.exported import POINTS, T0, point


def test_positions_of_several_runs_stand_by_unit_then_by_the_time_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_module, "HELD_MIN", 2)
    monkeypatch.setattr(runs_module, "HELD", 6)
    with tempfile.TemporaryFile() as file:
        runs = Runs(file, "cpd", expected=3)
        made = [
            point(f"ü{unit}", k * 3 + part, speed_mps=k / 3) for part in range(3) for k in range(5) for unit in "ba"
        ]
        for part in range(3):
            some = made[part * 10 : part * 10 + 10]
            runs.add_points((T0 - p.observed_at, p) for p in some)
        runs.add_points([])
        assert (runs.rows, runs.units) == (30, {"üa", "üb"})
        assert list(runs.merged()) == sorted(made, key=lambda p: (p.unit_id, -p.observed_at))


def test_every_field_comes_back_and_equal_times_keep_their_order() -> None:
    with tempfile.TemporaryFile() as file:
        runs = Runs(file, "cpd", expected=1)
        backwards = POINTS[::-1]
        runs.add_points((1.0, p) for p in backwards)
        assert list(runs.merged()) == sorted(backwards, key=lambda p: p.unit_id)


def test_nothing_put_aside_is_nothing_read() -> None:
    with tempfile.TemporaryFile() as file:
        assert list(Runs(file, "cpd", expected=0).merged()) == []
