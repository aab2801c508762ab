"""A seeded city that drives, as its agency's journal holds it: late bursts, skewed clocks, silence, new statuses."""

from itertools import groupby
from typing import Any

import numpy as np

from feeds.bus import BatchId, Delivery
from feeds.envelope import WIRE_VERSION, Batch, Parcel
from feeds.names import AgencyId, SourceId
from feeds.report import UnitReport

BATCH_MS = 20
"""What is received within this long is one batch, whose id is its last millisecond."""
STATUSES = (
    ("Available", ("InService",)),
    ("NotAvailable", ("EnRoute",)),
    ("NotAvailable", ("OnScene",)),
    ("NotAvailable", ("OutofService",)),
    ("ConditionallyAvailable", None),
)


def driven(
    units: int, seconds: int, t0: float, seed: int = 1, *, lean: bool = False, agency: str = "cpd", before: int = 0
) -> list[Delivery]:
    """The journal of `units` units at 1 Hz for `seconds` from `t0 - before` on, in order of its ids (received time).

    100 m blocks, receivers with 2 m of slow noise, 150 ms of median latency; every 20th unit goes silent for a while
    and half of these send later what they kept, every 50th has a clock that is 20 s ahead. `lean`: positions only but
    for the first report and each change; else every report says everything, as most dialects do.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(-before, seconds - before)
    shape = (len(t), units)
    # A car keeps its street and its speed, stops at lights, and turns at blocks.
    goal = rng.choice([0.0, 0.0, 9.0, 12.0, 14.0], shape)[::15].repeat(15, 0)[: len(t)]
    speed = np.empty(shape)
    speed[0] = goal[0]
    for i in range(1, len(t)):
        speed[i] = speed[i - 1] + np.clip(goal[i] - speed[i - 1], -3.0, 2.0) * rng.uniform(0.6, 1.0, units)
    heading = (rng.integers(0, 4, units) + np.cumsum(rng.random(shape) < 0.02, 0)) % 4
    course = heading * 90.0
    east, north = np.sin(np.radians(course)) * speed, np.cos(np.radians(course)) * speed
    noise = np.zeros((2, *shape))
    for i in range(1, len(t)):
        noise[:, i] = 0.95 * noise[:, i - 1] + rng.normal(0.0, 0.6, (2, units)) * (speed[i] > 0.3)
    lat = 41.88 + (rng.uniform(-9e3, 9e3, units) + np.cumsum(north, 0) + noise[0]) / 111_320
    lon = -87.63 + (rng.uniform(-9e3, 9e3, units) + np.cumsum(east, 0) + noise[1]) / 82_900
    phase = rng.random(units)
    observed = t0 + t[:, None] + np.round(phase + rng.normal(0.0, 0.004, shape), 3)
    received = observed + np.round(rng.lognormal(np.log(0.15), 0.4, shape), 3)
    kept = np.ones(shape, np.bool_)
    quiet = np.arange(units) % 20 == 7
    for unit in np.flatnonzero(quiet):
        begin = int(rng.integers(0, max(1, len(t) - 20)))
        end = min(len(t), begin + int(rng.integers(10, 90)))
        if unit % 40 == 7:
            kept[begin:end, unit] = False
        else:
            burst = received[end - 1, unit] + 0.4
            received[begin:end, unit] = np.maximum(received[begin:end, unit], burst)
    observed[:, np.arange(units) % 50 == 11] += 20.0
    status = np.cumsum(rng.random(shape) < 1 / 240, 0) + rng.integers(0, 5, units)
    reports: list[tuple[float, int, UnitReport]] = []
    lat, lon = lat.round(6), lon.round(6)
    speed, observed, received = speed.round(1), observed.round(3), received.round(3)
    for u in range(units):
        for i in np.flatnonzero(kept[:, u]).tolist():
            said: dict[str, Any] = {}
            if not lean or i == 0 or status[i, u] != status[i - 1, u]:
                primary, secondary = STATUSES[status[i, u] % 5]
                said = {"primary_status": primary, "secondary_status": secondary, "call_sign": f"{u // 26}A{u % 26}",
                        "unit_type": ("PatrolUnit", "Engine", "Squad")[u % 3]}  # fmt: skip
            report = UnitReport(
                unit_id=f"unit-{u:04}", observed_at=float(observed[i, u]), seq=i, lat=float(lat[i, u]),
                lon=float(lon[i, u]), course_deg=float(course[i, u]), speed_mps=float(speed[i, u]), h_err_m=4.0, **said,
            )  # fmt: skip
            reports.append((float(received[i, u]), u, report))
    reports.sort(key=lambda one: one[:2])
    deliveries: list[Delivery] = []
    for tick, together in groupby(reports, key=lambda one: round(one[0] * 1000) // BATCH_MS):
        parcels = tuple(Parcel(SourceId(f"{agency}-avl"), "run", at, (report,)) for at, _, report in together)
        batch = Batch(WIRE_VERSION, AgencyId(agency), parcels)
        deliveries.append(Delivery(AgencyId(agency), BatchId(tick * BATCH_MS + BATCH_MS - 1, 0), batch))
    return deliveries
