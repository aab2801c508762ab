"""What is answered out of an archive, of which only what is needed is made, is what the whole journal would answer."""

import random
from pathlib import Path
from typing import Any

import pytest

from dashboard.review_asks import Chronology, Near, Track, Within
from dashboard.review_chronology import chronology_answer
from dashboard.review_history import Asker, near_answer, track_answer
from dashboard.review_within import within_answer
from feeds.names import CUTS
from feeds.replay.archived import ArchivedRecording
from feeds.replay.cuts import Cut, CutsEntry, encode_cuts
from feeds.replay.sealed import Sealed
from feeds.report import Category
from layers import kinds
from layers.picture import LAYERS
from layers.policy import Grant
from layers.policy_record import encode_policy
from layers.view import View
from tests.dashboard.test_review_shares import ALL, ROSTER, WITHOUT_STATUS, asking, to_fire
from tests.feeds.replay.test_archived import sealed
from tests.support.heard import T0, camera, entry, incident, unit
from tests.support.recorded import Record

PLACES = [(41.88, -87.63), (41.8803, -87.63), (41.95, -87.7)]
STATUSES: list[dict[str, Any]] = [
    {},
    {},
    {"primary_status": "Available"},
    {"primary_status": "NotAvailable", "secondary_status": ("EnRoute",), "incident_id": "i1"},
    {"incident_id": "i1"},
]


async def a_shift(seed: int, *policies: list[Grant]) -> Record:
    """Five minutes of police and fire, who say much again and again; each of the policies is in force for a part."""
    chance = random.Random(seed)
    record = Record(["cpd", "fire"])
    for n, policy in enumerate(policies):
        at = T0 - 10 if n == 0 else T0 + 300 * n / len(policies)
        await record.bus.append_log(
            CUTS, encode_cuts(CutsEntry((Cut(at, ()),), policy=encode_policy(policy, ROSTER))), at
        )
    await record.say(T0 - 5, incident(at=T0 - 5, priority_common=9, lat=41.88, lon=-87.63, assigned_units=("u1",)))
    words = {f"u{n}": dict[str, Any]() for n in range(5)}
    for n in range(900):
        t, which = T0 + n / 3, f"u{chance.randrange(5)}"
        late = chance.choice((0.0,) * 9 + (3.0, 60.0)) * chance.random()
        if chance.random() < 0.03:
            words[which] = {**chance.choice(STATUSES), **chance.choice(({}, {"call_sign": f"S{n}"}))}
            words[which]["labels"] = chance.choice(((), (), (), ("training",)))
        said = words[which] if chance.random() < 0.7 else {}
        lat, lon = chance.choice(PLACES)
        await record.say(t, unit(which, at=t - late, lat=lat, lon=lon, **said), agency=chance.choice(("cpd", "fire")))
        if n % 100 == 50:
            await record.say(t + 0.1, camera(at=t, event_type="gunshot_detected", event_id=f"g{n}"))
            await record.say(t + 0.1, entry(f"e{n}", at=t, text=f"line {n}"))
    record.end(T0 + 400)
    return record


async def answers(asker: Asker) -> list[dict[str, Any]]:
    view = View(asker.picture, asker.rules, asker.rules.viewer, map(kinds.load, LAYERS), T0 + 250)
    since, until = T0 + 20.5, T0 + 280.5
    return [
        *[await track_answer(Track(1, of, f"u{n}", since, until), asker) for of in ("cpd", "fire") for n in (0, 4)],
        await near_answer(Near(1, -87.63, 41.88, 100, since, until), asker),
        await within_answer(Within(1, since, until, box=(-87.64, 41.8802, -87.62, 41.89)), asker, view),
        await chronology_answer(Chronology(1, "cpd", "i1", 300.0), asker),
    ]


@pytest.mark.parametrize("agency", ["cpd", "fire"])
@pytest.mark.parametrize(
    "policies",
    [
        [to_fire()],
        [to_fire(), [], to_fire(WITHOUT_STATUS)],
        [to_fire([c for c in ALL if c is not Category.UNIT_IDENTITY]), to_fire()],
        [to_fire(WITHOUT_STATUS), to_fire()],
    ],
    ids=["one policy", "taken away for a time", "names given later", "statuses given later"],
)
async def test_an_answer_is_the_same_out_of_the_archive(
    tmp_path: Path, policies: list[list[Grant]], agency: str
) -> None:
    record = await a_shift(3, *policies)
    asker = await asking(record, agency)
    expected = await answers(asker)
    assert any(answer.get("points") for answer in expected)
    assert expected[-3]["units"]
    assert len(expected[-1]["lines"]) > 10
    archive = await sealed(record, tmp_path, (T0 + 240) // 120 * 120)
    assert await answers(asker._replace(recording=ArchivedRecording(Sealed(archive), record.recording))) == expected
