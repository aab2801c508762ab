"""A captured file through the door: `feeds.file_feed` and `feeds.feed_line`."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from feeds import adapters, file_feed
from feeds.access import Way
from feeds.bus import Bus
from feeds.errors import ConfigError, FeedLost, FeedRefused
from feeds.file_feed import Totals, dialect_of, send_file
from feeds.gateway import Gateway
from feeds.memory_bus import MemoryBus
from feeds.names import AgencyId
from feeds.report import IncidentReport, UnitReport
from tests.support.devices import event
from tests.support.gateway import GUEST, NOW, HandClock, gateway, journal, journaled, shared_samples, source, unit
from tests.support.redis import until


def way(door: Gateway, name: str) -> Way:
    return Way(f"ws://127.0.0.1:{door.feed_port}", f"token-{name}", "")


async def feed(door: Gateway, path: Path, name: str = "guest-native", **more) -> Totals:
    return await asyncio.wait_for(send_file(path, name, way(door, name), **{"clock": HandClock(), **more}), 20)


async def times(bus: Bus, agency: AgencyId = GUEST) -> list[float]:
    return [e.report.observed_at for d in await journal(bus, agency) for e in d.batch.envelopes()]


def lines(path: Path, *messages: object) -> Path:
    path.write_text("\n".join(m if isinstance(m, str) else json.dumps(m) for m in messages) + "\n")
    return path


async def test_the_newest_time_becomes_now_and_spacing_is_kept(tmp_path: Path):
    bus = MemoryBus()
    path = lines(tmp_path / "a.jsonl", unit(1, at=100), unit(2, at=160, stale_at=170), unit(3, at=130.5))
    async with gateway(bus, clock=HandClock()) as door:
        assert await feed(door, path) == Totals(messages=3, accepted=3)
    assert await times(bus) == [NOW - 60, NOW, NOW - 29.5]
    assert [e.report.stale_at for d in await journal(bus, GUEST) for e in d.batch.envelopes()] == [None, NOW + 10, None]


async def test_times_are_left_alone_when_asked(tmp_path: Path):
    bus = MemoryBus()
    async with gateway(bus, clock=HandClock()) as door:
        await feed(door, lines(tmp_path / "a.jsonl", unit(1, at=100), unit(2, at=160)), keep_times=True)
    assert await times(bus) == [100, 160]


async def test_messages_without_a_number_get_one_after_the_largest(tmp_path: Path):
    bus = MemoryBus()
    path = lines(tmp_path / "a.jsonl", unit(None), unit(7), unit(None))
    async with gateway(bus, clock=HandClock()) as door:
        assert (await feed(door, path)).accepted == 3
    assert [seq for _, _, seq, _ in await journaled(bus, GUEST)] == [8, 7, 9]


async def test_each_call_is_a_run_of_its_own(tmp_path: Path):
    bus = MemoryBus()
    path = lines(tmp_path / "a.jsonl", unit(1))
    async with gateway(bus, clock=HandClock()) as door:
        assert (await feed(door, path)).accepted == (await feed(door, path)).accepted == 1
    assert len({run for _, run, _, _ in await journaled(bus, GUEST)}) == 2


async def test_accepted_duplicate_and_refused_add_up_with_reasons(tmp_path: Path):
    path = lines(tmp_path / "a.jsonl", unit(1), "not json", unit(1), unit(2, lat=99), unit(3, kind="person"), unit(4))
    seen: list[int] = []
    async with gateway(MemoryBus(), clock=HandClock()) as door:
        totals = await feed(door, path, progress=lambda t: seen.append(t.answered))
    assert (totals.accepted, totals.duplicate) == (2, 1)
    assert totals.refused == {"not JSON": 1, "lat out of range": 1, "unsupported kind": 1}
    assert totals.answered == totals.messages == 6 and seen[-1] == 6 and seen == sorted(seen)


async def test_many_messages_go_in_a_few_frames_as_fast_as_they_are_acknowledged(tmp_path: Path):
    bus = MemoryBus()
    path = lines(tmp_path / "a.jsonl", *(unit(n, at=n) for n in range(1, 5001)))
    calls = 0

    def progress(_: Totals) -> None:
        nonlocal calls
        calls += 1

    async with gateway(bus, clock=HandClock()) as door:
        assert (await feed(door, path, progress=progress)).accepted == 5000
    assert calls <= 5000 / 50
    assert [seq for _, _, seq, _ in await journaled(bus, GUEST)] == list(range(1, 5001))


async def test_a_file_of_cot_events_moves_in_time_and_says_what_was_refused(tmp_path: Path):
    bus = MemoryBus()
    path = tmp_path / "a.xml"
    path.write_bytes(b'<?xml version="1.0"?>\n' + event("A") + event("S", "b-m-r") + b"\n" + event("B") + event("A"))
    async with gateway(bus, clock=HandClock()) as door:
        totals = await feed(door, path, "guest-cot")
    assert totals == Totals(messages=4, accepted=2, duplicate=1, refused=totals.refused)
    assert totals.refused == {"unsupported type": 1}
    assert await times(bus) == [NOW, NOW]
    assert [e.report.stale_at for d in await journal(bus, GUEST) for e in d.batch.envelopes()] == [NOW + 30, NOW + 30]


async def test_with_a_rate_recorded_seconds_pass_faster_and_each_is_dated_when_due(tmp_path: Path):
    bus = MemoryBus()
    path = lines(tmp_path / "a.jsonl", unit(1, at=1000), unit(2, at=1010), unit(3, at=1020, stale_at=1025))
    started = time.monotonic()
    async with gateway(bus, clock=HandClock()) as door:
        assert (await feed(door, path, rate=50.0)).accepted == 3
        assert time.monotonic() - started >= 0.4
    assert await times(bus) == [NOW, pytest.approx(NOW + 0.2), pytest.approx(NOW + 0.4)]
    (stale,) = [e.report.stale_at for d in await journal(bus, GUEST) for e in d.batch.envelopes() if e.report.stale_at]
    assert stale == pytest.approx(NOW + 5.4)


async def test_a_line_that_drops_is_mended_and_nothing_is_lost_or_doubled(tmp_path: Path):
    bus = MemoryBus()
    path = lines(tmp_path / "a.jsonl", *(unit(n, at=n) for n in range(1, 2001)))
    dropped = 0
    async with gateway(bus, clock=HandClock()) as door:

        def progress(totals: Totals) -> None:
            nonlocal dropped
            if totals.answered > 400 and not dropped:
                dropped = 1
                for connection in door._feeds.crowd:
                    connection.transport.abort()

        totals = await feed(door, path, progress=progress)
    assert dropped and totals.accepted + totals.duplicate == 2000 and not totals.refused
    assert sorted(seq or 0 for _, _, seq, _ in await journaled(bus, GUEST)) == list(range(1, 2001))


async def test_a_door_that_stays_away_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(file_feed, "PAUSES_S", (0.01, 0.01))
    path = lines(tmp_path / "a.jsonl", unit(1, at=1), unit(2, at=2))
    async with gateway(MemoryBus(), clock=HandClock()) as door:
        url = way(door, "guest-native")
        sending = asyncio.create_task(send_file(path, "guest-native", url, rate=1.0, clock=HandClock()))
        await until(lambda: sum(x.health().accepted for x in door.ledgers) == 1)
    with pytest.raises(FeedLost, match="no door at"):
        await asyncio.wait_for(sending, 10)


async def test_a_wrong_token_or_source_is_told_at_once(tmp_path: Path):
    path = lines(tmp_path / "a.jsonl", unit(1))
    async with gateway(MemoryBus()) as door:
        with pytest.raises(FeedRefused, match="401"):
            await send_file(path, "guest-native", way(door, "cpd-avl"))
        with pytest.raises(FeedRefused, match="404"):
            await send_file(path, "nobody", way(door, "nobody"))


async def test_a_message_that_is_too_large_is_counted_and_the_rest_goes_on(tmp_path: Path):
    path = lines(tmp_path / "a.jsonl", unit(1), unit(2, narrative="x" * 70_000), unit(3))
    async with gateway(MemoryBus(), clock=HandClock()) as door:
        totals = await feed(door, path)
    assert totals.accepted == 2 and totals.refused == {"larger than 64 kB": 1}


async def test_a_file_that_cannot_be_fed_says_why(tmp_path: Path):
    url = Way("ws://127.0.0.1:1", "t", "")
    with pytest.raises(ConfigError, match="No such file"):
        await send_file(tmp_path / "none.xml", "guest-cot", url)
    (tmp_path / "empty.xml").write_bytes(b" \n")
    with pytest.raises(ConfigError, match="is empty"):
        await send_file(tmp_path / "empty.xml", "guest-cot", url)
    (tmp_path / "x.bin").write_bytes(b"\x00\x01")
    with pytest.raises(ConfigError, match="cannot tell the file's dialect"):
        await send_file(tmp_path / "x.bin", "guest-cot", url)


def test_the_dialect_is_told_by_name_or_by_the_files_beginning():
    assert dialect_of(b'  {"kind"').name == dialect_of(b"[1").name == "native"
    assert dialect_of(b"\xef\xbb\xbf<?xml version='1.0'?><event ").name == "cot"
    assert dialect_of(b"<gpx>").name == "gpx"
    assert dialect_of(b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">').name == "cap"
    with pytest.raises(ConfigError, match="cannot tell the file's dialect"):
        dialect_of(b"<?xml version='1.0'?><html>")
    assert dialect_of(b"{", "cot").name == "cot"
    for name in adapters.names():
        capture, samples = adapters.load(name).capture, adapters.load(name).samples
        assert capture is None or {dialect_of(sample.frame).name for sample in samples} == {name}


async def test_a_dialect_without_numbers_is_answered_message_by_message(tmp_path: Path):
    bus = MemoryBus()
    path = lines(
        tmp_path / "a.jsonl",
        *({"_type": "location", "tid": "12", "tst": 1000 + n, "lat": 41.9, "lon": -87.6} for n in (0, 10, 20, 10)),
        {"_type": "encrypted", "tst": 1030},
    )
    async with gateway(bus, [source("guest-phones", GUEST, "owntracks")], HandClock()) as door:
        totals = await feed(door, path, "guest-phones")
    assert totals == Totals(messages=5, accepted=3, duplicate=1, refused=totals.refused)
    assert totals.refused == {"encrypted": 1}
    assert await times(bus) == [NOW - 30, NOW - 20, NOW - 10]


async def test_every_real_sample_of_the_json_dialects_goes_in(tmp_path: Path):
    bus = MemoryBus()
    (phones,) = [p for p in shared_samples("avl_devices") if p.name == "owntracks.txt"]
    (call,) = shared_samples("eido")
    sources = [source("guest-phones", GUEST, "owntracks"), source("guest-cad", GUEST, "eido")]
    async with gateway(bus, sources, HandClock()) as door:
        sent = [await feed(door, phones, "guest-phones"), await feed(door, call, "guest-cad")]
    assert [(t.messages, t.refused.total()) for t in sent] == [(6, 0), (1, 0)]
    assert {type(e.report) for d in await journal(bus, GUEST) for e in d.batch.envelopes()} == {
        UnitReport,
        IncidentReport,
    }


@pytest.mark.parametrize(
    ("dialect", "accepted", "duplicate", "refused"),
    [
        ("cot", 8, 0, {}),
        ("cap", 7, 0, {"scope missing": 1, "info missing": 1}),
        ("gpx", 123, 0, {"time out of range": 184, "time missing": 298}),
    ],
)
async def test_every_real_xml_sample_goes_in(dialect: str, accepted: int, duplicate: int, refused: dict[str, int]):
    bus = MemoryBus()
    total = Totals()
    sources = [source(f"guest-{n}", GUEST, dialect) for n, _ in enumerate(shared_samples(dialect))]
    async with gateway(bus, sources, clock=HandClock()) as door:
        for n, path in enumerate(shared_samples(dialect)):
            totals = await feed(door, path, f"guest-{n}")
            assert totals.messages == totals.answered
            total.accepted += totals.accepted
            total.duplicate += totals.duplicate
            total.refused += totals.refused
    assert (total.accepted, total.duplicate, dict(total.refused)) == (accepted, duplicate, refused)
    assert max(await times(bus)) == pytest.approx(NOW, abs=0.001)
