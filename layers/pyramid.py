"""The time pyramid: a recording seen from further away, for scrubbing. Blocks are spans like those they are made of.

    L1  a state each 10 s, blocks of 10 min, made of minute chunks
    L2  a state each 60 s, blocks of 1 h, made of L1 blocks

A block tells what was known at its steps: a row's receipt is the step at which it is first told, its observation the
effective time, to the next second. Places are to 1e-5 degree (a metre), courses to 5 degrees, speeds to 1 m/s.
A unit that said nothing new between two steps has no row. The other layers come as keyframes, one each ten minutes.
Pure.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from layers.chunk import units_change
from layers.frame import FrameHeader, encode_span
from layers.span import Span
from layers.stretch import SourceTold
from layers.unit_rows import DRAWN, Rows, Stand, unknown
from layers.unit_words import GROUPS, LONG_AGO, Said, Words

L1_STEP_S, L1_BLOCK_S = 10.0, 600.0
L2_STEP_S, L2_BLOCK_S = 60.0, 3600.0
_KEYFRAMES_S = 600.0
_PRECISION = {"lon": 100, "lat": 100, "course": 50, "speed": 10}
_SECOND = 1000


def block(spans: Sequence[bytes], step_s: float) -> bytes:
    """Return the block that tells each `step_s` seconds of the spans, which follow one another and are one agency's.

    Raises DecodeError for bytes that are no span, ValueError for spans that do not belong together.
    """
    parts = [Span(data) for data in spans]
    for before, after in pairwise(parts):
        if before.until != after.at or before.agency != after.agency:
            raise ValueError(f"the span from {after.at} does not follow the one before, which ends at {before.until}")
    at, until = parts[0].at, parts[-1].until
    ids = sorted({unit_id for part in parts for unit_id in part.ids})
    place = {unit_id: i for i, unit_id in enumerate(ids)}
    places = [np.array([place[unit_id] for unit_id in part.ids], np.intp) for part in parts]
    sources: list[SourceTold] = []
    words = Words(parts[0].family)
    stood, came = _rows(parts, places, ids, sources, step_s)
    said = _said(parts, places, words)
    frames = tuple(
        (round((part.at - at) * 1000.0), 0, part.frames[0][2])
        for part in parts
        if part.frames and (part.at - at) % _KEYFRAMES_S == 0
    )
    change = units_change(parts[0].agency, parts[0].family, tuple(sources), stood, came, said, words)
    return encode_span(FrameHeader(rev=0, at=at, until=until), (change,), frames)


def _rows(
    parts: list[Span], places: list[np.ndarray], ids: list[str], sources: list[SourceTold], step_s: float
) -> tuple[Stand, Rows]:
    n, at = len(ids), parts[0].at
    told: list[dict[str, np.ndarray]] = []
    units: list[np.ndarray] = []
    last = np.full((n, 2), LONG_AGO)  # when what was last told of a unit was observed and received
    stood = {name: np.full(n, unknown(name, dtype)) for name, dtype in DRAWN}
    here = np.zeros(n, np.uint8)
    for part, where in zip(parts, places, strict=True):
        shift = round((part.at - at) * 1000.0)
        sources += [told_by for told_by in part.sources if told_by not in sources]
        number = np.array([sources.index(told_by) for told_by in part.sources] or [0])
        for step in range(round((part.until - part.at) / step_s)):
            t = part.at + step * step_s
            t_ms = round((t - at) * 1000.0)
            rows, columns = part.drawn_at(t)
            unit = where[rows]
            times = np.stack([columns["observed"] + shift, columns["delay"]], 1)
            columns = _coarse(columns, number, t_ms, shift)
            new = (times != last[unit]).any(1)
            last[unit] = times
            if not t_ms:
                here[unit] = 1
                for name, values in columns.items():
                    stood[name][unit] = values
            else:
                units.append(unit[new])
                told.append({name: values[new] for name, values in columns.items()})
    unit = np.concatenate(units) if units else np.zeros(0, np.intp)
    order = np.argsort(unit, kind="stable")
    made = {name: np.concatenate([one[name] for one in told])[order] for name, _ in DRAWN} if told else stood
    count = np.bincount(unit, minlength=n).astype(np.uint32)
    nothing = np.zeros((n, len(GROUPS)))
    stand = Stand(ids, here, stood, nothing, nothing[:, 0], here == 1, nothing)
    return stand, Rows({name: values[: len(unit)] for name, values in made.items()}, count, np.zeros(n, np.uint32))


def _coarse(columns: dict[str, np.ndarray], number: np.ndarray, t_ms: int, shift: int) -> dict[str, np.ndarray]:
    made = dict(columns)
    for name, step in _PRECISION.items():
        values = columns[name]
        rounded = (np.rint(values / step) * step).astype(values.dtype)
        made[name] = np.where(values == unknown(name, "u2" if values.dtype == np.uint16 else "i4"), values, rounded)
    made["course"] = np.where(made["course"] == 3600, np.uint16(0), made["course"])
    observed = columns["observed"].astype(np.int64)
    effective = np.minimum(observed, observed + columns["delay"]) + shift
    second = np.minimum(-(-effective // _SECOND) * _SECOND, t_ms)
    made["observed"] = np.maximum(second, LONG_AGO).astype(np.int32)
    made["delay"] = (t_ms - made["observed"]).astype(np.int32)
    made["source"] = number[columns["source"]].astype(np.uint16)
    return made


def _said(parts: list[Span], places: list[np.ndarray], words: Words) -> Said:
    """Return the changes of slow fields: of the first span what stood, of all what came.

    What came in a later span stands over what came before, so they only have to be joined.
    """
    columns: list[tuple[np.ndarray, ...]] = []
    for i, (part, where) in enumerate(zip(parts, places, strict=True)):
        told = part.said()
        number = np.array([0, *(words.adopt(*word) for word in part.words_said()[1:])], np.uint32)
        shift = round((part.at - parts[0].at) * 1000.0)
        use = (told.received != LONG_AGO) | (i == 0)
        times = [np.where(t == LONG_AGO, t, t + shift) for t in (told.effective, told.received)]
        group = part.groups()[told.word]
        columns.append((where[told.row][use], group[use], times[0][use], times[1][use], number[told.word][use]))
    row, group, effective, received, word = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.argsort(row * len(GROUPS) + group, kind="stable")
    return Said(row[order], effective[order], received[order], word[order])


def l1(minutes: Sequence[bytes]) -> bytes:
    """Return the L1 block of ten minute chunks."""
    return block(minutes, L1_STEP_S)


def l2(blocks: Sequence[bytes]) -> bytes:
    """Return the L2 block of an hour of L1 blocks; fewer when nothing is recorded of the rest."""
    return block(blocks, L2_STEP_S)
