"""A view and a viewer joined in memory: what one encodes the other applies, as `assets/map/store.mjs` does."""

from typing import Any

from feeds.names import AgencyId
from layers import kinds
from layers.delta import delta, keyframe
from layers.frame import Frame, FrameType, decode
from layers.picture import LAYERS, Picture
from layers.policy import Grant, Rules, ViewerClass
from layers.view import View


class Client:
    """The picture in the viewer: rows of plain values by layer."""

    def __init__(self) -> None:
        self.rev = 0
        self.rows: dict[str, dict[int, dict[str, Any]]] = {}
        self.events: dict[int, dict[str, Any]] = {}
        self.frames: list[bytes] = []

    def take(self, data: bytes) -> Frame:
        """Apply one frame; a delta must fit."""
        self.frames.append(data)
        frame = decode(data)
        header = frame.header
        if frame.type is FrameType.KEYFRAME:
            self.rows = {}
        elif frame.type is FrameType.DELTA:
            assert header.base == self.rev, f"delta from {header.base}, viewer is at {self.rev}"
        self.rev = header.rev
        for layer in header.layers:
            rows = self.rows.setdefault(layer.name, {})
            for row in layer.gone:
                del rows[row]
            table = frame.columns[layer.name]
            for i, row in enumerate(table.get("row", [])):
                at = rows.setdefault(int(row), {})
                for name, values in table.items():
                    at[name] = int(values[i])
            for row, record in layer.records:
                rows.setdefault(row, {})["record"] = record
        self.events.update(header.events)
        return frame

    def by_id(self, layer: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Things of a layer by (agency, id), without row numbers, ages and lags."""
        return {
            (r["record"]["agency"], r["record"]["id"]): {k: v for k, v in r.items() if k not in ("row", "age", "lag")}
            for r in self.rows.get(layer, {}).values()
        }


def grant(from_: str, to: str, *categories: str, labels: tuple[str, ...] = ()) -> Grant:
    from feeds.report import Category

    return Grant(from_, frozenset(to.split()), frozenset(Category(c) for c in categories), frozenset(labels))


class Pair:
    """One picture, one view, one client that follows every tick."""

    def __init__(self, picture: Picture, viewer: str, *grants: Grant, t: float) -> None:
        self.picture = picture
        self.rules = Rules(grants)
        picture.flush()
        self.view = View(picture, self.rules, ViewerClass(AgencyId(viewer)), [kinds.load(n) for n in LAYERS], t)
        self.client = Client()
        self.client.take(keyframe(self.view))

    def tick(self, t: float) -> bool:
        """One step of the view; the client gets the delta when something differs."""
        self.picture.expire(t)
        touched, events = self.picture.flush()
        base = self.view.rev
        if not self.view.step(touched, events, t):
            return False
        data = delta(self.view, base)
        assert data is not None
        self.client.take(data)
        return True

    def fresh(self) -> Client:
        """A viewer who connects now."""
        client = Client()
        client.take(keyframe(self.view))
        return client
