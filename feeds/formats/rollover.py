"""Times that start again: a time of day says no date, a GPS week counts to 1,024. Which turn was meant. Pure.

A sender says where in the turn it is; when it was received says which turn, on both sides of midnight.
"""

import math

DAY_S = 86_400.0
GPS_EPOCH = 315_964_800.0
"""1980-01-06, where GPS weeks begin to count, Unix seconds."""
GPS_WEEK_S = 7 * DAY_S
GPS_TURN_S = 1024 * GPS_WEEK_S
"""After so many weeks a receiver that counts them in ten bits begins again, seconds."""


def nearest(offset_s: float, turn_s: float, near: float) -> float:
    """Return the time closest to `near` that is `offset_s` into a turn of `turn_s`; none before 1970."""
    return offset_s + max(0, math.floor((near - offset_s) / turn_s + 0.5)) * turn_s


def newest(at: float, turn_s: float, until: float) -> float:
    """Return `at`, or as many whole turns later as still lie before `until`."""
    return at + max(0, math.floor((until - at) / turn_s)) * turn_s
