"""Units over a stretch of time as columns: how each stood when it began, and a row for each report that came.

Rules (those of layers/track.py, kept so that a reader needs no report)
- Rows of a unit go by effective time, min(observed, received), then by arrival; of those a view may use the last
  stands.
- A row is a report that said a position. While a unit never said one, every report of it is a row without a place, and
  these go before all that have one: a place, once said, stands over them.
- What stood at the beginning may beat reports that come late: the `older` first rows of a unit never stand.
- Slow fields are words (layers/unit_words.py).

Times are ms after `at`, rounded up, so that nothing is known before it was. Pure.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from feeds.envelope import SKEW_S
from feeds.report import UnitReport
from layers.kinds.units import SKEW_FLAG
from layers.swarm import UNKNOWN_I4, UNKNOWN_U2, course, deci, degrees
from layers.track import GROUP_BIT, POSITION
from layers.track import Said as Standing
from layers.unit_heard import Heard, Told, told_by
from layers.unit_track import UnitTrack
from layers.unit_words import GROUPS, LONG_AGO, Said, Spoken, Words, changes

REPORT_STATUS = ("actual", "exercise", "system", "test", "draft")
"""The `report_status` column counts into it."""
UNKNOWN_U4 = 4294967295

DRAWN: tuple[tuple[str, str], ...] = (
    ("lon", "i4"),
    ("lat", "i4"),
    ("course", "u2"),
    ("speed", "u2"),
    ("err", "u2"),
    ("flags", "u1"),
    ("report_status", "u1"),
    ("source", "u2"),
    ("good", "u4"),
    ("observed", "i4"),
    ("delay", "i4"),
)
"""Columns of a row: `(name, dtype)`. `good`: how long its sender says it is good, ms; `delay`: its receipt, after
`observed`, ms."""

_PLACE = ("lat", "lon", "course_deg", "speed_mps", "hae_m", "h_err_m", "v_err_m", "fix_method")
_place = attrgetter(*_PLACE)
_STATUS_CODES = {name: i for i, name in enumerate(REPORT_STATUS)}


class Stand(NamedTuple):
    """n units at the beginning, those that come later too; every array has n values."""

    ids: list[str]
    here: np.ndarray
    """u1: 1 where the unit was there at the beginning; elsewhere its columns say nothing."""
    columns: dict[str, np.ndarray]
    words: np.ndarray
    """(n, groups) u4"""
    eff: np.ndarray
    """f8 Unix seconds: what a row of the unit must not be older than; -inf where none stands."""
    placed: np.ndarray
    """bool"""
    slow_eff: np.ndarray
    """(n, groups) f8"""


class Rows(NamedTuple):
    """m rows, sorted; `counts` and `older` have n values."""

    columns: dict[str, np.ndarray]
    counts: np.ndarray
    older: np.ndarray


def milliseconds(times: np.ndarray, at: float) -> np.ndarray:
    """Return n Unix seconds as ms after `at`, rounded up; beyond what 32 bits hold, the furthest they do."""
    # A microsecond's half is taken for the float's own error, not for time.
    return np.clip(np.ceil((times - at) * 1000.0 - 0.0005), LONG_AGO, UNKNOWN_I4 - 1).astype(np.int32)


def _drawn(told: Told, sources: dict[str, int], at: float) -> dict[str, np.ndarray]:
    """Return the columns of DRAWN, and `eff`, of m reports; `sources` is added to: source -> number."""
    numbers, received = told.numbers, told.received
    lat, lon, observed = numbers["lat"], numbers["lon"], numbers["observed_at"]
    for name in told.source.met():
        sources.setdefault(name, len(sources))
    known = ~(np.isnan(lat) | np.isnan(lon))
    good = np.clip(np.ceil((numbers["stale_at"] - observed) * 1000.0 - 0.0005), 0, UNKNOWN_U4 - 1)
    observed_ms = milliseconds(observed, at)
    return {
        "lon": degrees(lon, known),
        "lat": degrees(lat, known),
        "course": course(numbers["course_deg"]),
        "speed": deci(numbers["speed_mps"], 65534),
        "err": deci(numbers["h_err_m"], 65534, 1.0),
        "flags": (observed - received > SKEW_S).astype(np.uint8) * np.uint8(SKEW_FLAG),
        "report_status": told.status.numbered(_STATUS_CODES).astype(np.uint8),
        "source": told.source.numbered(sources).astype(np.uint16),
        "good": np.where(np.isnan(good), UNKNOWN_U4, good).astype(np.uint32),
        "observed": observed_ms,
        "delay": milliseconds(received, at) - observed_ms,
        "eff": np.minimum(observed, received),
    }


def _placed(drawn: dict[str, np.ndarray], reports: list[UnitReport]) -> np.ndarray:
    """Say of m reports whether each said anything of the position (bool)."""
    placed: np.ndarray = drawn["lon"] != UNKNOWN_I4
    for i in np.flatnonzero(~placed).tolist():
        placed[i] = any(value is not None for value in _place(reports[i]))
    return placed


def stand(tracks: list[UnitTrack], new: Iterable[str], at: float, words: Words, sources: dict[str, int]) -> Stand:
    """Return how units stand at `at`; `new`: the ids of those that are heard for the first time after it."""
    heads = [_head(track) for track in tracks]
    drawn = _drawn(told_by(heads), sources, at)
    eff = drawn.pop("eff")
    ids = sorted([*(track.id for track in tracks), *new])
    place = {unit_id: i for i, unit_id in enumerate(ids)}
    rows = np.array([place[track.id] for track in tracks], np.intp)
    n = len(ids)
    columns = {name: np.full(n, unknown(name, dtype)) for name, dtype in DRAWN}
    for name, values in drawn.items():
        columns[name][rows] = values
    said = np.zeros((n, len(GROUPS)), np.uint32)
    slow_eff = np.full((n, len(GROUPS)), -np.inf)
    for row, track in zip(rows.tolist(), tracks, strict=True):
        said[row], slow_eff[row] = words.of_track(track)
    here, placed, stood = np.zeros(n, np.uint8), np.zeros(n, np.bool_), np.full(n, -np.inf)
    here[rows] = 1
    placed[rows] = [track.words(POSITION) is not None for track in tracks]
    stood[rows] = eff
    return Stand(ids, here, columns, said, stood, placed, slow_eff)


def unknown(name: str, dtype: str) -> Any:
    """Return what a column of DRAWN holds of a unit that is not there."""
    if dtype == "i4":
        return np.int32(0 if name in ("observed", "delay") else UNKNOWN_I4)
    return np.uint16(UNKNOWN_U2) if name in ("course", "speed", "err") else np.dtype(dtype).type(0)


def _head(track: UnitTrack) -> Standing:
    """Return the report that the unit's age is of: the position's, else the newest of anything."""
    if (placed := track.group(POSITION)) is not None:
        return placed
    standing = (track.group(group) for group in range(len(GROUP_BIT)))
    return max((said for said in standing if said is not None), key=lambda said: said.effective_at)


def rows(came: Heard, stood: Stand, at: float, words: Words, sources: dict[str, int]) -> tuple[Rows, Said, np.ndarray]:
    """Return the rows and the changes of slow fields that the reports make of `stood`, and which reports matter after.

    Of the last, the numbers (by arrival): each group of each unit is what one of them says, or what it was before.
    """
    n = len(stood.ids)
    place = {unit_id: i for i, unit_id in enumerate(stood.ids)}
    unit = came.units().numbered(place)
    drawn = _drawn(came.told(), sources, at)
    eff = drawn.pop("eff")
    order = np.lexsort((eff, unit))
    unit, eff = unit[order], eff[order]
    placed, said = _placed(drawn, came.reports)[order], came.words(words)[order]
    drawn = {name: values[order] for name, values in drawn.items()}
    received = drawn["observed"] + drawn["delay"]
    spoken = Spoken(unit, eff, np.minimum(drawn["observed"], received), received, said)
    matter = [_last(unit, placed, n), _last(unit, ~placed & ~said.any(1), n)]
    matter += [_last(unit, said[:, g] > 0, n) for g in range(len(GROUPS))]
    use = np.flatnonzero(placed | ~stood.placed[unit])
    if not placed[use].all():
        use = use[np.lexsort((placed[use], unit[use]))]
    if len(use) != len(unit) or not placed.all():
        unit, eff, placed = unit[use], eff[use], placed[use]
        drawn = {name: values[use] for name, values in drawn.items()}
    beaten = (eff < stood.eff[unit]) & (placed == stood.placed[unit])
    counts = np.bincount(unit, minlength=n).astype(np.uint32)
    older = np.bincount(unit[beaten], minlength=n).astype(np.uint32)
    return (
        Rows(drawn, counts, older),
        changes(stood.words, stood.slow_eff, spoken),
        np.unique(order[np.concatenate(matter)]),
    )


def _last(unit: np.ndarray, which: np.ndarray, n: int) -> np.ndarray:
    """Return of m rows sorted by unit the last of each unit among those that `which` marks."""
    last = np.full(n, -1)
    marked = np.flatnonzero(which)
    last[unit[marked]] = marked
    return np.compress(last >= 0, last)
