import pytest

from dashboard import labels_today
from dashboard.labels_today import LabelsToday
from dashboard.messages import hello
from dashboard.viewer import Viewer
from feeds.errors import BusDown
from feeds.names import AgencyId
from layers.keyframe import keyframe
from layers.policy import Rules, ViewerClass
from tests.support.heard import ROSTER, delivery, heard, unit
from tests.support.live import site


async def test_labels_are_looked_up_again_and_stay_the_same_object_while_they_are_the_same(monkeypatch) -> None:
    monkeypatch.setattr(labels_today, "LOOK_EVERY_S", 0.0)
    pictures: list[bytes | None] = [None]

    async def load() -> bytes | None:
        if pictures[-1] == b"down":
            raise BusDown("no line")
        return pictures[-1]

    labels = LabelsToday(load, ROSTER)
    assert await labels.now() == {}
    pictures.append(keyframe(heard(delivery(1, unit("a", labels=("victim",))))))
    first = await labels.now()
    assert first == {("units", "cpd", "a"): frozenset({"victim"})}
    assert await labels.now() is first
    pictures.append(b"down")
    with pytest.raises(BusDown):
        await labels.now()


def test_hello_tells_of_agencies_of_which_something_may_be_seen() -> None:
    viewer = Viewer(name="w", agency=AgencyId("cpd"), roles=(), kind="wall")
    said = hello(viewer, ViewerClass(AgencyId("cpd")), site().site, ROSTER, Rules(()), 5.0, replay={"x": 1})
    assert b'"agencies":[{"id":"cpd"' in said
    assert b'"fire"' not in said
    assert b'"replay":{"x":1}' in said
