"""Columns over time, packed so that deflate finds little left: differences, zigzag, byte planes.

    value -> / scale -> minus what was expected -> minus `step` -> zigzag -> byte planes, lowest first

`scale` divides every value but the unknown, which stays as it is. Expected is 0 (`planes`) or the row before of the
same unit, for a unit's first row its column in the keyframe, divided by `scale` and rounded down (`delta`). Everything
counts modulo 2^32. High planes that are all zero are left out. Pure.
"""

from typing import Any, NamedTuple

import numpy as np

ENCODINGS = ("planes", "delta")
UNKNOWN = {"u1": -1, "u2": 65535, "u4": 4294967295, "i4": 2147483647}
"""What no value of a scale above 1 is, by type."""
_SCALES = (10**7, 10**6, 10**5, 10**4, 1000, 100, 50, 10, 1)

_TYPES: tuple[tuple[Any, Any], ...] = (
    (np.uint8, np.int8),
    (np.uint8, np.int8),
    (np.uint16, np.int16),
    (np.uint32, np.int32),
    (np.uint32, np.int32),
)
"""By the number of planes."""


class Packed(NamedTuple):
    """One column of n rows."""

    name: str
    dtype: str
    encoding: str
    step: int
    scale: int
    data: np.ndarray
    """(planes, n) u1."""


def scaled(values: np.ndarray, dtype: str, scale: int) -> np.ndarray:
    """Return n values divided by `scale`, rounded down, as i4; the unknown stays."""
    if scale == 1:
        return values.astype(np.int64).astype(np.int32)
    values = values.astype(np.int64)
    return np.where(values == UNKNOWN[dtype], values, values // scale).astype(np.int32)


def grown(values: np.ndarray, dtype: str, scale: int) -> np.ndarray:
    """Return what `scaled` was given, of n i4."""
    if scale == 1:
        return values
    unknown = np.int64(UNKNOWN[dtype]).astype(np.int32)
    return np.where(values == unknown, values, values * np.int32(scale))


def coarsest(values: np.ndarray, dtype: str) -> int:
    """Return the largest scale that gives every value back."""
    known = values[values != UNKNOWN[dtype]].astype(np.int64)
    if not known.any():
        return 1
    return next(scale for scale in _SCALES if not (known % scale).any())


def starts(counts: np.ndarray) -> np.ndarray:
    """Return where each unit's rows begin, of how many it has (n)."""
    begin: np.ndarray = np.cumsum(counts) - counts
    return begin


def pack_plain(name: str, dtype: str, values: np.ndarray) -> Packed:
    """Pack n values that follow no row before."""
    scale = coarsest(values, dtype)
    return _pack(name, dtype, "planes", scale, scaled(values, dtype, scale))


def pack_delta(name: str, dtype: str, values: np.ndarray, key: np.ndarray, counts: np.ndarray) -> Packed:
    """Pack rows sorted by unit; `key` (of each unit, at the start) and `counts` (rows of each unit) have one length."""
    scale = coarsest(values, dtype)
    steps = scaled(values, dtype, scale)
    before = np.empty_like(steps)
    before[1:] = steps[:-1]
    some = counts > 0
    before[starts(counts)[some]] = scaled(key[some], dtype, scale)
    return _pack(name, dtype, "delta", scale, steps - before)


def _pack(name: str, dtype: str, encoding: str, scale: int, differences: np.ndarray) -> Packed:
    step = int(np.partition(differences, len(differences) // 2)[len(differences) // 2]) if len(differences) else 0
    left = differences - np.int32(step)
    zigzag = ((left << 1) ^ (left >> 31)).view(np.uint32)
    top = int(zigzag.max()) if len(zigzag) else 0
    planes = (top.bit_length() + 7) // 8
    data = np.ascontiguousarray(zigzag.astype("<u4").view(np.uint8).reshape(-1, 4).T[:planes])
    return Packed(name, dtype, encoding, step, scale, data)


def differences(packed: Packed) -> np.ndarray:
    """Return the n differences, in units of `scale`, as i4."""
    planes, n = packed.data.shape
    if not planes:
        return np.full(n, np.int32(packed.step))
    # In the narrowest type that holds it: what is read is mostly waiting for memory.
    unsigned, signed = _TYPES[planes]
    zigzag = packed.data[0].astype(unsigned)
    for i in range(1, planes):
        zigzag |= packed.data[i].astype(unsigned) << unsigned(8 * i)
    halves = (zigzag >> unsigned(1)).view(signed)
    halves ^= -(zigzag & unsigned(1)).view(signed)
    made: np.ndarray = halves.astype(np.int32, copy=False)
    if packed.step:
        made += np.int32(packed.step)
    return made


def unpack_plain(packed: Packed) -> np.ndarray:
    """Return n values as i4 (u4 comes as its two's complement)."""
    return grown(differences(packed), packed.dtype, packed.scale)
