"""The time pyramid: a recording seen from further away, for scrubbing. Blocks are spans like those they are made of.

    L1  a state each 10 s, blocks of 10 min, made of minute chunks
    L2  a state each 60 s, blocks of 1 h, made of L1 blocks

A block tells what was known at its steps: a row's receipt is the step at which it is first told, its observation the
effective time, to the next second. Places are to 1e-5 degree (a metre), courses to 5 degrees, speeds to 1 m/s.
A unit that said nothing new between two steps has no row. The other layers come as keyframes, one each ten minutes.

`overview` makes blocks of what there is: of stretches in which nobody spoke, which have no span, and for others than
the agency itself (`layers.sight`); it tells of units alone. Pure.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from feeds.names import AgencyId
from layers.chunk import units_change
from layers.frame import FrameHeader, encode_span
from layers.sight import Sight
from layers.span import Span
from layers.stretch import SourceTold
from layers.swarm import UNKNOWN_I4
from layers.unit_rows import DRAWN, Rows, Stand, unknown
from layers.unit_words import GROUPS, LONG_AGO, Said, Words

L1_STEP_S, L1_BLOCK_S = 10.0, 600.0
L2_STEP_S, L2_BLOCK_S = 60.0, 3600.0
_KEYFRAMES_S = 600.0
_PRECISION = {"lon": 100, "lat": 100, "course": 50, "speed": 10}
_SECOND = 1000


class Part(NamedTuple):
    """A span of which a block is made, and until when it tells, Unix seconds: not longer than its own `until`."""

    span: Span
    until: float


class _Extent(NamedTuple):
    """What a block tells of: from when to when, and each how many seconds."""

    at: float
    until: float
    step_s: float


def block(spans: Sequence[bytes], step_s: float) -> bytes:
    """Return the block that tells each `step_s` seconds of the spans, which follow one another and are one agency's.

    Raises DecodeError for bytes that are no span, ValueError for spans that do not belong together.
    """
    parts = [Span(data) for data in spans]
    for before, after in pairwise(parts):
        if before.until != after.at or before.agency != after.agency:
            raise ValueError(f"the span from {after.at} does not follow the one before, which ends at {before.until}")
    at, until = parts[0].at, parts[-1].until
    frames = tuple(
        (round((part.at - at) * 1000.0), 0, part.frames[0][2])
        for part in parts
        if part.frames and (part.at - at) % _KEYFRAMES_S == 0
    )
    own = Sight(AgencyId(parts[0].agency), parts[0].family)
    return _made([Part(part, part.until) for part in parts], _Extent(at, until, step_s), own, frames)


def overview(parts: Sequence[Part], at: float, until: float, step_s: float, sight: Sight) -> bytes:
    """Return the block from `at` to `until`, Unix seconds: each `step_s` seconds what `sight` shows of the parts.

    The parts are of one agency, oldest first; where none tells, nobody spoke, and the one before stands. What is
    there from the beginning on may be told by a part that ends before it. Raises DecodeError.
    """
    return _made(parts, _Extent(at, until, step_s), sight, ())


def _made(parts: Sequence[Part], extent: _Extent, sight: Sight, frames: tuple[tuple[int, int, bytes], ...]) -> bytes:
    ids = sorted({unit_id for part in parts for unit_id in part.span.ids if sight.shows(unit_id)})
    place = {unit_id: i for i, unit_id in enumerate(ids)}
    places = [np.array([place.get(unit_id, -1) for unit_id in part.span.ids], np.intp) for part in parts]
    sources: list[SourceTold] = []
    stood, came = _rows(parts, places, ids, sources, extent, sight)
    if not sight.whole:
        stood, came, places = _present(stood, came, places)
        sources = _heard(stood, came, sources, sight)
    words = Words(sight.family)
    said = _said(parts, places, words, extent.at, sight)
    change = units_change(sight.agency, sight.family, tuple(sources), stood, came, said, words)
    return encode_span(FrameHeader(rev=0, at=extent.at, until=extent.until), (change,), frames)


def _rows(
    parts: Sequence[Part],
    places: list[np.ndarray],
    ids: list[str],
    sources: list[SourceTold],
    extent: _Extent,
    sight: Sight,
) -> tuple[Stand, Rows]:
    n, at = len(ids), extent.at
    told: list[dict[str, np.ndarray]] = []
    units: list[np.ndarray] = []
    last = np.full((n, 2), LONG_AGO)  # when what was last told of a unit was observed and received
    stood = {name: np.full(n, unknown(name, dtype)) for name, dtype in DRAWN}
    here = np.zeros(n, np.uint8)
    granted = sight.granted(ids)
    current = -1
    for step in range(int(np.ceil((extent.until - at) / extent.step_s))):
        t = at + step * extent.step_s
        while current + 1 < len(parts) and parts[current + 1].span.at <= t:
            current += 1
            span = parts[current].span
            sources += [told_by for told_by in span.sources if told_by not in sources]
            number = np.array([sources.index(told_by) for told_by in span.sources] or [0])
        if current < 0:
            continue
        t_ms, shift = round((t - at) * 1000.0), round((span.at - at) * 1000.0)
        rows, columns = span.drawn_at(min(t, parts[current].until))
        unit = places[current][rows]
        shown = unit >= 0
        if not sight.whole:
            shown &= columns["lon"] != UNKNOWN_I4
        if not shown.all():
            unit, columns = unit[shown], {name: values[shown] for name, values in columns.items()}
        # By our own clock, which is the same whichever span tells it.
        times = np.stack([columns["observed"].astype(np.int64) + shift, columns["delay"]], 1)
        columns = sight.mask(_coarse(columns, number, t_ms, shift), granted[unit])
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


def _present(stood: Stand, came: Rows, places: list[np.ndarray]) -> tuple[Stand, Rows, list[np.ndarray]]:
    """Return the same without units that are at no step: nobody is told that they come."""
    there = (stood.here == 1) | (came.counts > 0)
    number = np.where(there, np.cumsum(there) - 1, -1)
    kept = [unit_id for unit_id, stays in zip(stood.ids, there.tolist(), strict=True) if stays]
    columns = {name: values[there] for name, values in stood.columns.items()}
    stand = Stand(kept, stood.here[there], columns, stood.words[there], stood.eff[there], stood.placed[there],
                  stood.slow_eff[there])  # fmt: skip
    where = [np.where(place >= 0, number[place], -1) if len(number) else place for place in places]
    return stand, Rows(came.columns, came.counts[there], came.older[there]), where


def _heard(stood: Stand, came: Rows, sources: list[SourceTold], sight: Sight) -> list[SourceTold]:
    """Return the sources of what is shown alone, and let the columns count into them."""
    used = np.unique(np.concatenate([stood.columns["source"][stood.here == 1], came.columns["source"]])).astype(np.intp)
    kept = sorted(used.tolist(), key=lambda i: (sources[i].id, i))  # not as they were first heard, of all units
    number = np.zeros(len(sources) + 1, np.uint16)
    number[kept] = np.arange(len(kept))
    for columns in (stood.columns, came.columns):
        columns["source"] = number[columns["source"]]
    stood.columns["source"][stood.here == 0] = 0
    return [sight.source(sources[i]) for i in kept]


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


def _said(parts: Sequence[Part], places: list[np.ndarray], words: Words, at: float, sight: Sight) -> Said:
    """Return the changes of slow fields: of the first span what stood, of all what came.

    What came in a later span stands over what came before, so they only have to be joined; where nobody spoke in
    between, what stands after it is told again.
    """
    columns: list[tuple[np.ndarray, ...]] = [(np.zeros(0, np.intp),) * 5]
    for i, (part, where) in enumerate(zip(parts, places, strict=True)):
        told, groups = part.span.said(), part.span.groups()
        shift = round((part.span.at - at) * 1000.0)
        follows = i > 0 and parts[i - 1].until == part.span.at
        stood = told.received == LONG_AGO
        use = ((~stood) | (not follows)) & (where[told.row] >= 0)
        use &= sight.tells(part.span.ids)[told.row, groups[told.word]]
        fields = part.span.words_said()
        number = np.zeros(len(fields), np.intp)
        # As they are met in what is shown: the order of all would tell of others.
        for word in dict.fromkeys(told.word[use].tolist()):
            number[word] = words.adopt(*sight.word(fields[word])) if word else 0
        begun = LONG_AGO if i == 0 else shift
        times = [np.where(stood, begun, t.astype(np.int64) + shift)[use] for t in (told.effective, told.received)]
        columns.append((where[told.row][use], groups[told.word][use], *times, number[told.word][use]))
    row, group, effective, received, word = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.argsort(row * len(GROUPS) + group, kind="stable")
    row, group, effective, received, word = (values[order] for values in (row, group, effective, received, word))
    if not sight.whole:
        # What differs in nothing that is shown is no change.
        same = np.zeros(len(row), np.bool_)
        same[1:] = (row[1:] == row[:-1]) & (group[1:] == group[:-1]) & (word[1:] == word[:-1])
        same[1:] &= (effective[1:] >= effective[:-1]) & (received[1:] >= received[:-1])
        row, effective, received, word = (values[~same] for values in (row, effective, received, word))
    return Said(row, effective, received, word)


def l1(minutes: Sequence[bytes]) -> bytes:
    """Return the L1 block of ten minute chunks."""
    return block(minutes, L1_STEP_S)


def l2(blocks: Sequence[bytes]) -> bytes:
    """Return the L2 block of an hour of L1 blocks; fewer when nothing is recorded of the rest."""
    return block(blocks, L2_STEP_S)
