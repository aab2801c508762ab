"""A double as a decimal number and what it lies beside it: compact, readable, and every bit comes back. Pure.

Feeds write places with 7 decimals and times in milliseconds: as whole numbers they pack into a fifth of their doubles.
What a program computed (knots into metres a second, minutes into degrees) is no decimal of so few digits; then the
decimal is the nearest, and `ulps` says how many doubles further the true one lies: 0 for nearly all, and never a loss,
whatever the double, -0.0 and NaN included.
"""

import numpy as np

_I8, _F8 = np.dtype(np.int64), np.dtype(np.float64)


def split(values: np.ndarray, scale: int, digits: int = 18) -> tuple[np.ndarray, np.ndarray]:
    """Return n doubles as (decimals, ulps): whole numbers of 10**-scale, and steps from there to the double, both i8.

    A value that needs more than `digits` digits has the decimal 0.
    """
    with np.errstate(all="ignore"):
        scaled = np.rint(values * float(10**scale))
        fits = np.abs(scaled) < float(10**digits)
    decimals = np.where(fits, scaled, 0.0).astype(_I8)
    return decimals, beside(values, decimals, scale)


def beside(values: np.ndarray, decimals: np.ndarray, scale: int) -> np.ndarray:
    """Return how many doubles lie from each decimal to its value, i8."""
    return np.asarray(np.ascontiguousarray(values, _F8).view(_I8) - _nearest(decimals, scale).view(_I8))


def join(decimals: np.ndarray, ulps: np.ndarray, scale: int) -> np.ndarray:
    """Return the n doubles that `split` was given."""
    return np.asarray(_nearest(decimals, scale).view(_I8) + ulps).view(_F8)


def _nearest(decimals: np.ndarray, scale: int) -> np.ndarray:
    """Return the double nearest to each decimal: both sides of the division are exact doubles."""
    return np.asarray(decimals.astype(_F8) / float(10**scale))
