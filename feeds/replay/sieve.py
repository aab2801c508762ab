"""Which of a stretch's reports an answer needs: the others are never made. Pure.

Most of what units report are places. Who asks where one unit was, or for what an incident was about, needs few of them,
and to see that in the columns takes a twentieth of making a report.
"""

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from feeds.recording import rows
from feeds.recording.opened import Opened
from feeds.recording.sheets import KINDS
from feeds.replay.recording import LATE_S, Sieve
from feeds.report import UnitReport

_WORDS = ("labels", "call_sign", "primary_status", "secondary_status", "incident_id")
_NOTHING = (None, None, None)
_PLACE = ("lon", "lon_ulps", "lat", "lat_ulps")
_UNIT = KINDS[UnitReport]


def wanted(sieve: Sieve, opened: Opened, lot: range) -> np.ndarray:
    """Return which of the reports of these batches are needed, n booleans in order of arrival.

    A unit's first report of the lot always says other words than the one before. Raises DecodeError.
    """
    table = opened.rows(lot, ("kind", "subject", "observed_at", "observed_at_ulps"))
    journaled_at, received_at = opened.times(lot)
    at = np.minimum(rows.doubles(table, "observed_at"), received_at)
    needed: np.ndarray = (
        (sieve.since <= at) & (at <= sieve.until) & (journaled_at - at <= LATE_S) & (journaled_at <= sieve.by)
    )
    kinds, subjects = rows.texts(table["kind"]), rows.texts(table["subject"])
    needed &= _among(kinds, sieve.kinds)
    of_unit = _among(kinds, {_UNIT})
    if sieve.unit is not None:
        needed &= ~of_unit | _among(subjects, {sieve.unit})
    if sieve.changes:
        held = np.flatnonzero(needed & of_unit)
        needed[held] = _changed(opened.rows(lot, _WORDS), subjects, held)
        if sieve.box is not None:
            needed[held] |= _inside(opened.rows(lot, _PLACE), *sieve.box)[held]
        if sieve.stood_at is not None:
            before = held[at[held] < sieve.stood_at]
            needed[before] |= _newest(opened.rows(lot, _PLACE), subjects, at, before)
    return needed


def _among(values: list[str | None], those: Collection[str]) -> np.ndarray:
    return np.fromiter((value in those for value in values), bool, len(values))


def _inside(table: pa.Table, west: float, south: float, east: float, north: float) -> np.ndarray:
    """Return which rows say a place there, n booleans."""
    said = ~(rows.absent(table["lon"]) | rows.absent(table["lat"]))
    lon, lat = rows.doubles(table, "lon"), rows.doubles(table, "lat")
    inside: np.ndarray = said & (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
    return inside


def _newest(table: pa.Table, units: list[str | None], at: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Return which of the rows `held` say the newest place of their unit among them; of several at once the last."""
    said = ~(rows.absent(table["lon"]) | rows.absent(table["lat"]))
    newest: dict[str | None, int] = {}
    for place, row in enumerate(held.tolist()):
        if said[row] and (units[row] not in newest or at[row] >= at[held[newest[units[row]]]]):
            newest[units[row]] = place
    found = np.zeros(len(held), bool)
    found[list(newest.values())] = True
    return found


def _changed(table: pa.Table, units: list[str | None], held: np.ndarray) -> np.ndarray:
    """Return which of the rows `held` say of their unit what was not said last among them; what is absent says nothing.

    What another label goes with is another thing said: it may be granted to others.
    """
    labels = rows.lists(table["labels"])
    call_signs = rows.texts(table["call_sign"])
    secondary = rows.lists(table["secondary_status"])
    statuses = zip(rows.texts(table["primary_status"]), secondary, rows.texts(table["incident_id"]), strict=True)
    said = list(zip(units, labels, call_signs, statuses, strict=True))
    known: set[tuple[object, ...]] = set()
    signs: dict[object, tuple[object, ...]] = {}
    stands: dict[object, tuple[object, ...]] = {}
    changed = np.zeros(len(held), bool)
    for place, row in enumerate(held.tolist()):
        unit, label, call_sign, status = said[row]
        new = (unit, label) not in known
        if new:
            known.add((unit, label))
        if call_sign and signs.get(unit) != (label, call_sign):
            signs[unit] = label, call_sign
            new = True
        if status != _NOTHING and stands.get(unit) != (label, status):
            stands[unit] = label, status
            new = True
        changed[place] = new
    return changed
