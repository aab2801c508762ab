"""A day's traffic of one agency for the benchmarks of recordings: made by numpy, the same for the same seed.

Units drive a 20 by 20 km grid of streets with blocks of 100 m: they stop at lights, are sent to calls, stand there and
go on. Each reports once a second a place with 7 decimals (GPS noise of 2 m that wanders; half of the receivers hold
still when the car does), course to 0.1 degrees, speed to 0.01 m/s and status, observed in milliseconds: half on the
receiver's whole second, half when a phone came to it. Reports take some 150 ms; an outage loses them or brings them
late, in one go. Six in ten units come through two dispatch centres, whose messages bundle a tenth of a second; the
others send each report by itself, without numbers, to one of three ports. A batch is what came within 2 ms, which is
what an append takes.
"""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel
from feeds.names import AgencyId, SourceId
from feeds.recording.summary import SEGMENT_MS
from feeds.report import UnitReport

AGENCY = AgencyId("cpd")
SOURCES = tuple(map(SourceId, ("dispatch-north", "dispatch-south", "tak-one", "tak-two", "tak-three")))
BUNDLED = 2
"""So many of the sources bundle and number their reports."""
STATUSES = (
    ("Available", "OnPatrol"),
    ("NotAvailable", "EnRoute"),
    ("NotAvailable", "OnScene"),
    ("NotAvailable", "Transporting"),
    ("ConditionallyAvailable", "InQuarters"),
)
TYPES = ("PatrolUnit", "PatrolUnit", "PatrolUnit", "TrafficUnit", "K9Unit", "Engine", "GroundALSAmbulance")
BEGAN_S = 1_764_000_000
"""A whole ten minutes, Unix seconds."""

_TARGET_MPS = np.array([9.0, 16.0, 0.0, 13.0, 0.0])
_DWELL_S = np.array([900.0, 240.0, 1200.0, 600.0, 1500.0])
_NEXT = np.array([[1, 1, 4], [2, 2, 0], [0, 3, 0], [0, 0, 2], [0, 0, 1]])
_DX, _DY = np.array([0.0, 1.0, 0.0, -1.0]), np.array([1.0, 0.0, -1.0, 0.0])
_SIDE_M, _BLOCK_M = 20_000.0, 100.0
_LAT, _LON = 41.80, -87.75
_M_PER_LAT, _M_PER_LON = 111_132.0, 82_900.0


class Traffic(NamedTuple):
    """n reports in order of arrival. Without a number: `seq` is -1."""

    unit: np.ndarray
    """n, 0 to units - 1"""
    source: np.ndarray
    """n codes into SOURCES"""
    observed_ms: np.ndarray
    """n Unix milliseconds"""
    received_us: np.ndarray
    """n Unix microseconds"""
    lat: np.ndarray
    """n degrees times 1e7"""
    lon: np.ndarray
    """n degrees times 1e7"""
    speed: np.ndarray
    """n centimetres a second"""
    course: np.ndarray
    """n tenths of a degree"""
    status: np.ndarray
    """n codes into STATUSES"""
    seq: np.ndarray
    parcel: np.ndarray
    """n, counting parcels from 0"""
    journaled_ms: np.ndarray
    """n Unix milliseconds, of the batch's id"""
    journaled_n: np.ndarray
    """n, of the batch's id"""


def traffic(seconds: int = 600, units: int = 1000, seed: int = 20261122) -> Traffic:
    """Return all that was received within `seconds` seconds from BEGAN_S on."""
    rng = np.random.default_rng(seed)
    lat, lon, speed, course, status = _drive(seconds, units, rng)
    second, unit = np.divmod(np.arange(seconds * units, dtype=np.int64), units)
    phone = rng.random(units) < 0.5
    jitter = np.where(phone[unit], rng.normal(0, 15, unit.size), 0)
    phase = np.where(phone, rng.integers(0, 1000, units), rng.choice([0, 200, 400], units))
    observed_ms = (BEGAN_S + second) * 1000 + np.rint(phase[unit] + jitter).astype(np.int64)
    usual_ms = rng.lognormal(np.log(150), 0.4, units)
    after_ms = usual_ms[unit] * rng.lognormal(0, 0.25, unit.size)
    kept = _outages(seconds, units, rng, after_ms) & (rng.random(unit.size) > 0.003)
    source = np.where(rng.random(units) < 0.6, rng.integers(0, BUNDLED, units), rng.integers(BUNDLED, 5, units))
    received_us = observed_ms * 1000 + np.rint(after_ms * 1000).astype(np.int64)
    bundled = source[unit] < BUNDLED
    window = 100_000
    received_us = np.where(bundled, (received_us // window + 1) * window + source[unit] * 37_123, received_us)
    kept &= (received_us >= BEGAN_S * 1_000_000) & (received_us < (BEGAN_S + seconds) * 1_000_000 - 2000)
    order = np.flatnonzero(kept)
    order = order[np.lexsort((source[unit[order]], received_us[order]))]
    unit, received_us = unit[order], received_us[order]
    from_ = source[unit]
    begins = np.ones(order.size, bool)
    same = (received_us[1:] == received_us[:-1]) & (from_[1:] == from_[:-1]) & (from_[1:] < BUNDLED)
    begins[1:] = ~same
    seq = np.full(order.size, -1, np.int64)
    for code in range(BUNDLED):
        own = from_ == code
        seq[own] = np.arange(np.count_nonzero(own)) + 1_000_000 * code
    batch_us = received_us // 2000 * 2000 + 2000
    return Traffic(
        unit=unit.astype(np.int32),
        source=from_.astype(np.int8),
        observed_ms=observed_ms[order],
        received_us=received_us,
        lat=lat.reshape(-1)[order],
        lon=lon.reshape(-1)[order],
        speed=speed.reshape(-1)[order],
        course=course.reshape(-1)[order],
        status=status.reshape(-1)[order],
        seq=seq,
        parcel=np.cumsum(begins) - 1,
        journaled_ms=batch_us // 1000,
        journaled_n=np.zeros(order.size, np.int64),
    )


def tens(made: Traffic) -> Iterator[tuple[int, Traffic]]:
    """Yield when each ten minutes of the journal begin (Unix ms), and what was journaled in them."""
    ten = made.journaled_ms // SEGMENT_MS
    cuts = [0, *(np.flatnonzero(np.diff(ten)) + 1).tolist(), len(ten)]
    for start, end in itertools.pairwise(cuts):
        yield int(ten[start]) * SEGMENT_MS, Traffic(*(column[start:end] for column in made))


def _drive(seconds: int, units: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return lat, lon, speed, course and status of every unit at every second: `seconds` rows of `units`."""
    shape = (seconds, units)
    lat, lon = np.empty(shape, np.int32), np.empty(shape, np.int32)
    speed, course, states = np.empty(shape, np.int16), np.empty(shape, np.int16), np.empty(shape, np.int8)
    streets = int(_SIDE_M / _BLOCK_M)
    heading = rng.integers(0, 4, units)
    x, y = rng.integers(0, streets, (2, units)) * _BLOCK_M
    v, red, state = np.zeros(units), np.zeros(units, bool), rng.integers(0, 5, units)
    noise = rng.normal(0, 2, (2, units))
    holds = rng.random(units) < 0.5
    said = np.zeros((3, units))
    for second in range(seconds):
        chance = rng.random((4, units))
        wander = rng.normal(0, 1, (4, units))
        leaves = chance[0] < 1 / _DWELL_S[state]
        state = np.where(leaves, _NEXT[state, (chance[0] * _DWELL_S[state] * 3).astype(np.int64) % 3], state)
        red = np.where(red, chance[1] > 1 / 20, (chance[1] < 1 / 60) & (state != 1))
        goal = np.where(red, 0.0, _TARGET_MPS[state])
        v = np.maximum(0, v + np.clip(goal - v, -3.5, 1.8) + np.where(v > 1, 0.3 * wander[2], 0))
        along = np.where(heading % 2 == 0, y, x)
        x, y = x + v * _DX[heading], y + v * _DY[heading]
        after = np.where(heading % 2 == 0, y, x)
        crossed = np.floor(after / _BLOCK_M) != np.floor(along / _BLOCK_M)
        outside = (after < 0) | (after > _SIDE_M)
        turns = crossed & (chance[2] < 0.3)
        corner = np.rint(after / _BLOCK_M) * _BLOCK_M
        y = np.where(turns & (heading % 2 == 0), corner, y)
        x = np.where(turns & (heading % 2 == 1), corner, x)
        heading = (
            np.where(outside, heading + 2, np.where(turns, heading + np.where(chance[3] < 0.5, 1, 3), heading)) % 4
        )
        noise = 0.95 * noise + 0.3122 * 2 * wander[:2]
        moves = v > 0.5
        fresh = moves | ~holds | (second == 0)
        said[0] = np.where(fresh, _LAT + (y + noise[1]) / _M_PER_LAT, said[0])
        said[1] = np.where(fresh, _LON + (x + noise[0]) / _M_PER_LON, said[1])
        said[2] = np.where(moves | (second == 0), (heading * 90 + 1.5 * wander[3]) % 360, said[2])
        lat[second], lon[second] = np.rint(said[:2] * 1e7)
        speed[second] = np.where(moves, np.rint(np.maximum(0, v + 0.1 * wander[2]) * 100), 0)
        course[second] = np.rint(said[2] * 10) % 3600
        states[second] = state
    return lat, lon, speed, course, states


def _outages(seconds: int, units: int, rng: np.random.Generator, after_ms: np.ndarray) -> np.ndarray:
    """Return which reports come through at all; those that come late have `after_ms` raised in place."""
    kept = np.ones((seconds, units), bool)
    later = after_ms.reshape(seconds, units)
    for _ in range(rng.poisson(10 * units * seconds / 86_400)):
        unit, first = int(rng.integers(units)), int(rng.integers(seconds))
        lasts = min(1 + int(rng.exponential(60)), 600, seconds - first)
        if rng.random() < 0.4:
            kept[first : first + lasts, unit] = False
        else:
            later[first : first + lasts, unit] += np.arange(lasts, 0, -1) * 1000.0
    return kept.reshape(-1)


def deliveries(made: Traffic, agency: AgencyId = AGENCY) -> Iterator[Delivery]:
    """Yield the batches that these reports came in, as an agency's."""
    names = [f"{unit:06}" for unit in range(int(made.unit.max()) + 1)]
    ends = np.flatnonzero(np.diff(made.parcel, append=-1)) + 1
    ids = list(zip(made.journaled_ms[ends - 1].tolist(), made.journaled_n[ends - 1].tolist(), strict=True))
    parcels: list[Parcel] = []
    start = 0
    for at, end in enumerate(ends.tolist()):
        parcels.append(_parcel(made, slice(start, end), names, agency))
        start = end
        if at + 1 == len(ids) or ids[at + 1] != ids[at]:
            yield Delivery(agency, BatchId(*ids[at]), Batch(WIRE_VERSION, agency, tuple(parcels)))
            parcels = []


def _parcel(made: Traffic, rows: slice, names: list[str], agency: AgencyId) -> Parcel:
    source = int(made.source[rows.start])
    columns = (made.unit, made.observed_ms, made.lat, made.lon, made.speed, made.course, made.status, made.seq)
    return Parcel(
        SOURCES[source],
        "morning" if source < BUNDLED else "",
        int(made.received_us[rows.start]) / 1e6,
        tuple(
            UnitReport(
                observed_at=observed / 1000,
                seq=seq if seq >= 0 else None,
                stale_at=None if seq >= 0 else (observed + 60_000) / 1000,
                unit_id=f"{agency}-{names[unit]}",
                call_sign=names[unit],
                unit_type=TYPES[unit % len(TYPES)],
                lat=lat / 1e7,
                lon=lon / 1e7,
                course_deg=course / 10,
                speed_mps=speed / 100,
                h_err_m=5.0,
                primary_status=STATUSES[status][0],
                secondary_status=(STATUSES[status][1],),
            )
            for unit, observed, lat, lon, speed, course, status, seq in zip(
                *(column[rows].tolist() for column in columns), strict=True
            )
        ),
    )
