"""The layer contract: what of a thing is drawn and what is written about it. Knows no layer.

A layer is ONE file `layers/kinds/<name>.py` whose last line is `LAYER = ...`; it is found by its file name.
It sees a thing only as `Seen`, after policy, so it cannot show what the viewer may not know.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from msgspec import Struct

from layers.policy import Door
from layers.roster import Roster
from layers.seen import Seen
from layers.swarm import Swarm
from layers.symbol import Symbol

TIMES = ("heard", "received", "stale", "lost", "leave", "alert")
"""Times kept for every row (f8, Unix seconds): what its age counts from, our receipt, the deadlines of its life,
when it leaves the view, until when an alert stands."""

Row = tuple[float | int, ...]
"""One row's drawn values, in the order of `Layer.columns`."""


class Layer(Struct, frozen=True):
    """One layer."""

    name: str
    """The file's name; checked by the contract test."""
    title: str
    subscribe: Literal["latest", "batch"]
    """`latest`: intermediate values may be dropped; `batch`: never."""
    columns: tuple[tuple[str, str], ...]
    """What is drawn besides `row`: `(name, dtype)`. `flags` takes the life in bits 1-2; `age` and `lag` are made
    at the tick from the row's times."""
    age_steps: float
    """Steps of the `age` column in a second."""
    row: Callable[[Seen], Row]
    """Drawn values of one thing, without `age` and `lag`."""
    record: Callable[[Seen, Roster], dict[str, Any]]
    """Slow fields; absent when not said or not shared."""
    symbols: tuple[Symbol, ...]
    age_from: Callable[[Seen], float] = lambda seen: seen.effective_at
    """What `age` counts from, Unix seconds."""
    alert_flag: int = 0
    """The bit of `flags` that is set while `alert_until` lies ahead; 0: the layer has no alerts."""
    alert_until: Callable[[Seen], float] = lambda seen: float("-inf")
    swarm_rows: Callable[[Swarm, np.ndarray, np.ndarray, Door], Mapping[str, np.ndarray]] | None = None
    """For many things: the same as `row` and the times, for n slots under n grants, a column at a time."""

    def drawn(self) -> tuple[tuple[str, str], ...]:
        """Return the columns that `row` gives."""
        return tuple((name, dtype) for name, dtype in self.columns if name not in ("age", "lag"))


def present(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record without what was not said: absent, never null."""
    return {name: value for name, value in record.items() if value is not None and value != () and value != ""}
