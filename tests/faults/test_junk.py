"""Junk through the real door, dialect by dialect: in = accepted + duplicate + refused, exactly; the door goes on."""

import asyncio
import json
from collections import Counter
from itertools import islice

import pytest

from feeds import adapters
from feeds.adapter import Adapter
from feeds.door import decode
from feeds.gateway import Gateway
from feeds.memory_bus import MemoryBus
from tests.support.faults import FORM
from tests.support.gateway import CPD, NOW, HandClock, ask_raw, gateway, health, journaled, sender, source
from tests.support.junk import junk

pytestmark = pytest.mark.chaos

AT_ONCE = 32


async def answers_to(door: Gateway, name: str, adapter: Adapter) -> tuple[Counter[str], int]:
    """Send all the junk on one line; return what was answered, and how many messages a decoder of ours tells apart."""
    answered: Counter[str] = Counter()
    messages = 0
    decoder = adapter.open()
    frames = junk(adapter, FORM.junk)
    async with sender(door, name, "junk") as line:
        while some := list(islice(frames, AT_ONCE)):
            for frame in some:
                await line.send(frame)
                found = decode(decoder, frame, NOW)
                messages += len(found.reports) + len(found.refusals)
            for _ in some:
                answer = json.loads(await asyncio.wait_for(line._connection.recv(), 10))
                assert answer.keys() <= {"ack", "duplicate", "refused"}
                answered["frames"] += 1
                for part, entries in answer.items():
                    answered[part] += len(entries)
                assert all(entry["reason"] for entry in answer.get("refused", ()))
    return answered, messages


@pytest.mark.parametrize("name", adapters.names())
async def test_every_junk_frame_is_answered_and_counted_once(name: str):
    adapter = adapters.load(name)
    mine = source(f"junk-{name.replace('_', '-')}", CPD, name)
    bus = MemoryBus(HandClock())
    async with gateway(bus, [mine], HandClock()) as door:
        answered, messages = await answers_to(door, mine.id, adapter)
        book = health(door, mine.id)
        assert answered["frames"] == FORM.junk
        assert messages == book.accepted + book.duplicate + book.rejected
        assert book.rejected == answered["refused"] == sum(book.reasons.values())
        assert book.rejected > FORM.junk / 3, "junk indeed"
        found = await journaled(bus, CPD)
        assert len(found) == book.accepted
        if adapter.sequenced:
            assert (answered["ack"], answered["duplicate"]) == (book.accepted, book.duplicate)
            assert len({seq for _, _, seq, _ in found}) == book.accepted
        assert "adapter failed" not in book.reasons
        sample = next(s for s in adapter.samples if s.reports)
        async with sender(door, mine.id, "good") as line:
            answer = await ask_raw(line, sample.frame)
        assert len(answer.get("ack", answer.get("duplicate", ()))) == (sample.reports if adapter.sequenced else 1)
