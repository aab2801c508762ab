"""Reads a span: the units of one agency at any instant of it, without a report. `assets/map/span.mjs` is its twin.

Two views of one instant T
- `known`: what was received by T. This is what the wall showed.
- `truth`: what was so by T, by the effective time of each report, whenever it came; but nothing that came after the
  span's end.
Either way, of the rows it may use the last stands for its unit, and a view never looks at a row it may not use.

All arrays are in the order of the span's units. Pure: time is an argument.
"""

from typing import Any, Literal

import msgspec
import numpy as np

from feeds.errors import DecodeError
from layers.frame import DTYPES, FrameType, decode
from layers.kinds.units import DRILL_FLAG, EMERGENCY_FLAG
from layers.planes import Packed, differences, grown, scaled, unpack_plain
from layers.planes import starts as starts_of
from layers.stretch import SourceTold, Stretch
from layers.swarm import UNKNOWN_U2
from layers.symbol import UnitStatus
from layers.track import LOST_CADENCES, LOST_MIN_S, STALE_CADENCES
from layers.unit_rows import DRAWN, REPORT_STATUS, UNKNOWN_U4
from layers.unit_words import GROUPS, Said

View = Literal["known", "truth"]

_AGE_MAX = 65535
_LONGEST_S = 24 * 3600.0
_LAG_MAX = UNKNOWN_U2 - 1
_KEY = (*(name for name, _ in DRAWN), "here", "count", "older")


class Span:
    """One agency's units from `at` until `until` (Unix seconds). `ids` has their n ids, in the order of every array."""

    def __init__(self, data: bytes) -> None:
        """Raises DecodeError for what is no span of units, or one whose parts do not fit together."""
        frame = decode(data)
        layer = next((layer for layer in frame.header.layers if layer.name == "units"), None)
        if frame.type is not FrameType.SPAN or layer is None or layer.stretch is None:
            raise DecodeError("the frame is no span of units: read it with layers.frame.decode")
        if not 0.0 < frame.header.until - frame.header.at <= _LONGEST_S:
            raise DecodeError(f"the span from {frame.header.at} until {frame.header.until} is not of this world")
        self.at, self.until = frame.header.at, frame.header.until
        self.n = layer.n
        self.frames = frame.frames
        self._key = frame.columns["units"]
        self._stretch: Stretch = layer.stretch
        self.agency = layer.stretch.agency
        tables = frame.packed["units"]
        self._rows = self._table(tables, "rows", [name for name, _ in DRAWN])
        self._said = self._table(tables, "said", ["row", "effective", "received", "word"])
        self._words = self._table(tables, "words", ["group", "code"])
        self._drawn: dict[str, np.ndarray] = {}
        self._check(layer.stretch.tables["rows"].n)
        self._raw_words: list[msgspec.Raw] = []
        self._fields: dict[int, dict[str, Any]] = {}

    @staticmethod
    def _table(tables: dict[str, dict[str, Packed]], name: str, columns: list[str]) -> dict[str, Packed]:
        table = tables.get(name, {})
        missing = [column for column in columns if column not in table]
        if missing:
            raise DecodeError(f"the span's table {name} has no column {missing[0]}")
        return table

    def _check(self, rows: int) -> None:
        missing = [name for name in _KEY if name not in self._key]
        if missing:
            raise DecodeError(f"the span's units have no column {missing[0]}")
        count, older = self._key["count"].astype(np.intp), self._key["older"].astype(np.intp)
        if int(count.sum()) != rows or (older > count).any():
            raise DecodeError(f"the span counts {int(count.sum())} rows and has {rows}")
        self._count = count
        self._start = starts_of(count)
        self._from = self._start + older
        self._some = np.flatnonzero(count)
        self._word_groups = unpack_plain(self._words["group"])
        self._word_codes = unpack_plain(self._words["code"])
        row, word = unpack_plain(self._said["row"]), unpack_plain(self._said["word"])
        if len(row) and (min(row.min(), word.min()) < 0 or row.max() >= self.n or word.max() >= len(self._word_groups)):
            raise DecodeError("the span's table said names rows or words that are not there")
        self._told = Said(row, unpack_plain(self._said["effective"]), unpack_plain(self._said["received"]), word)
        if len(self._word_groups) and not 0 <= self._word_groups.min() <= self._word_groups.max() < len(GROUPS):
            raise DecodeError("the span's words are of groups that are none")
        self._said_slot = row * len(GROUPS) + self._word_groups[word]

    @property
    def ids(self) -> list[str]:
        """The units' ids."""
        return _list(self._stretch.ids, str, self.n)

    @property
    def family(self) -> str:
        """What a unit is that does not say its type."""
        return self._stretch.family

    @property
    def sources(self) -> tuple[SourceTold, ...]:
        """The `source` columns count into it."""
        return self._stretch.sources

    def said(self) -> Said:
        """Return the changes of slow fields."""
        return self._told

    def groups(self) -> np.ndarray:
        """Return the group of each word."""
        return self._word_groups

    def words_said(self) -> list[tuple[int, int, dict[str, Any]]]:
        """Return `(group, code, fields)` of each word; the first is nothing said."""
        fields = [self._word(i) for i in range(len(self._word_groups))]
        return list(zip(self._word_groups.tolist(), self._word_codes.tolist(), fields, strict=True))

    def times(self) -> tuple[np.ndarray, np.ndarray]:
        """Return when each row was observed and received, ms after `at` (i4)."""
        observed = self.column("observed")
        return observed, observed + self.column("delay")

    def column(self, name: str) -> np.ndarray:
        """Return a column of every row, as i4: rows sorted by unit, then as they came to stand."""
        values = self._drawn.get(name)
        if values is None:
            packed = self._rows[name]
            values = differences(packed)
            if packed.encoding == "delta":
                values = np.cumsum(values, dtype=np.int32)
                values += np.repeat(self._before(packed, values), self._count)
            values = self._drawn[name] = grown(values, packed.dtype, packed.scale)
        return values

    def _before(self, packed: Packed, summed: np.ndarray) -> np.ndarray:
        """Return what each unit's sums lack: its column in the keyframe, less what the units before summed up to."""
        until = np.zeros(self.n, np.int32)
        begun = self._start > 0
        until[begun] = summed[self._start[begun] - 1]
        return scaled(self._key[packed.name], packed.dtype, packed.scale) - until

    def count(self) -> np.ndarray:
        """Return how many rows each unit has."""
        return self._count

    def standing(self, t: float, view: View) -> tuple[np.ndarray, np.ndarray]:
        """Return the row that stands for each unit at `t`, -1 for its keyframe, and whether it is there (bool)."""
        t_ms = self._instant(t)
        observed, received = self.times()
        times = received if view == "known" else np.minimum(observed, received)
        last = np.full(self.n, -1)
        if len(self._some):
            may = np.arange(len(times), dtype=np.int32)
            may[times > t_ms] = -1
            last[self._some] = np.maximum.reduceat(may, self._start[self._some])
        last = np.where(last >= self._from, last, -1)
        return last, (last >= 0) | (self._key["here"] == 1)

    def _instant(self, t: float) -> int:
        if not self.at <= t <= self.until:
            raise ValueError(f"{t} is outside the span from {self.at} until {self.until}")
        return int(np.floor((t - self.at) * 1000.0 + 0.0005))

    def words(self, t: float, view: View) -> np.ndarray:
        """Return the number of the word that stands for each unit and group at `t` (n, groups), 0 for none."""
        times = self._told.received if view == "known" else self._told.effective
        may = times <= self._instant(t)
        standing = np.zeros(self.n * len(GROUPS), np.int32)
        # Of several the last is written last.
        standing[self._said_slot[may]] = self._told.word[may]
        return standing.reshape(self.n, len(GROUPS))

    def state_at(self, t: float, view: View = "known") -> dict[str, np.ndarray]:
        """Return the columns of layer `units` for the units that are there at `t`, as in a keyframe of the stream.

        `row` is the unit's place in `ids`. Raises ValueError for a `t` outside the span.
        """
        t_ms = self._instant(t)
        rows, taken = self.drawn_at(t, view)
        words = self.words(t, view)
        received = taken["observed"].astype(np.int64) + taken["delay"]
        effective = np.minimum(taken["observed"], received)
        codes = self._word_codes[words[rows]]
        age = np.clip(np.rint((t_ms - effective) / 100.0), 0, _AGE_MAX)
        lives = self._life(t_ms - effective, taken["good"], self._cadence(taken["source"], words[rows, 0]))
        flags = taken["flags"] | (taken["report_status"] != 0) * DRILL_FLAG | codes[:, 1] * EMERGENCY_FLAG | lives << 1
        status = np.where(words[rows, 0] > 0, codes[:, 0], UnitStatus.UNSAID)
        return {
            "row": rows.astype(np.uint32),
            **{name: taken[name] for name in ("lon", "lat", "course", "speed")},
            "status": status.astype(np.uint8),
            "flags": flags.astype(np.uint8),
            "err": taken["err"],
            "age": age.astype(np.uint16),
            "lag": np.clip(t_ms - received, 0, _LAG_MAX).astype(np.uint16),
        }

    def drawn_at(self, t: float, view: View = "known") -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return the units that are there at `t` and what stands for each: the columns of `layers.unit_rows.DRAWN`."""
        last, there = self.standing(t, view)
        rows = np.flatnonzero(there)
        return rows, {name: self._take(name, dtype, rows, last[rows]) for name, dtype in DRAWN}

    def _take(self, name: str, dtype: str, rows: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Return one column of the units at `rows`: of row `last`, or as it stood at the beginning where that is -1."""
        key: np.ndarray = self._key[name][rows]
        if not len(self._some):
            return key
        packed = self._rows[name]
        if name in self._drawn or packed.encoding != "delta":
            values = self.column(name)[last]
        else:
            # Only the sums that are asked for are brought to each unit's beginning.
            if len(packed.data) or packed.step:
                summed = np.cumsum(differences(packed), dtype=np.int32)
                sums = summed[last] + self._before(packed, summed)[rows]
            elif packed.scale == 1:
                return key
            else:
                sums = scaled(key, packed.dtype, packed.scale)
            values = grown(sums, dtype, packed.scale)
        return np.where(last >= 0, values.astype(DTYPES[dtype]), key)

    def _cadence(self, source: np.ndarray, status: np.ndarray) -> np.ndarray:
        """Return how often each unit is to be heard, seconds."""
        sources = self._stretch.sources
        if len(source) and int(source.max()) >= len(sources):
            raise DecodeError(f"the span names source {int(source.max())} of {len(sources)}")
        plain = np.array([told.cadence_s for told in sources] or [0.0])
        cadence: np.ndarray = plain[source]
        for number, told in enumerate(sources):
            if told.by_state:
                for word in np.unique(status[source == number]).tolist():
                    fields = self._word(word)
                    states = (*fields.get("secondary_status", ()), fields.get("primary_status"))
                    known = [told.by_state[state] for state in states if state in told.by_state]
                    if known:
                        cadence[(source == number) & (status == word)] = max(known)
        return cadence

    @staticmethod
    def _life(age_ms: np.ndarray, good_ms: np.ndarray, cadence: np.ndarray) -> np.ndarray:
        fresh = np.minimum(STALE_CADENCES * cadence * 1000.0, np.where(good_ms == UNKNOWN_U4, np.inf, good_ms))
        lost = np.maximum(LOST_MIN_S, LOST_CADENCES * cadence) * 1000.0
        return (age_ms > fresh).astype(np.uint8) + (age_ms > lost).astype(np.uint8)

    def _word(self, number: int) -> dict[str, Any]:
        fields = self._fields.get(number)
        if fields is None:
            if not self._raw_words:
                self._raw_words = _list(self._stretch.words, msgspec.Raw, len(self._word_groups))
            fields = self._fields[number] = _read(self._raw_words[number], dict[str, Any])
        return fields

    def records_at(self, t: float, view: View = "known") -> list[tuple[int, dict[str, Any]]]:
        """Return `(row, record)` of the units that are there at `t`, as a keyframe of the stream has them."""
        last, there = self.standing(t, view)
        words = self.words(t, view)
        rows = np.flatnonzero(there)
        source = self._take("source", "u2", rows, last[rows])
        cadence = self._cadence(source, words[rows, 0])
        told = self._take("report_status", "u1", rows, last[rows])
        if len(told) and int(told.max()) >= len(REPORT_STATUS):
            raise DecodeError(f"the span has report status {int(told.max())}, which this version does not know")
        ids = self.ids
        records = []
        for i, row in enumerate(rows.tolist()):
            record: dict[str, Any] = {"id": ids[row], "agency": self.agency, "family": self._stretch.family}
            for word in words[row].tolist():
                record |= self._word(word)
            record["source"] = self._stretch.sources[source[i]].id
            record["cadence_s"] = float(cadence[i])
            record["status"] = REPORT_STATUS[told[i]]
            records.append((row, record))
        return records


def picture_at(chunk: bytes, t: float, view: View = "known") -> dict[str, np.ndarray]:
    """Return the columns of layer `units` for all units of a chunk at `t`, Unix seconds."""
    return Span(chunk).state_at(t, view)


def _list(raw: msgspec.Raw, of: Any, n: int) -> list[Any]:
    made: list[Any] = _read(raw, list[of])
    if len(made) != n:
        raise DecodeError(f"the span has {len(made)} ids or words where it counts {n}")
    return made


def _read(raw: msgspec.Raw, type_: Any) -> Any:
    try:
        return msgspec.json.decode(raw, type=type_)
    except (msgspec.DecodeError, ValueError) as error:
        raise DecodeError(f"the span's text cannot be read: {error}") from error
