"""Junk for a dialect: seeded, and near enough to its own messages to get past the first look."""

import random
from collections.abc import Iterator

from feeds.adapter import FRAME_MAX, Adapter


def junk(adapter: Adapter, count: int) -> Iterator[bytes]:
    """Yield `count` frames, the same each time: random bytes, and samples cut, bent, spliced and swollen."""
    chance = random.Random(f"junk of {adapter.name}")
    samples = [sample.frame for sample in adapter.samples]
    for n in range(count):
        frame = chance.choice(samples)
        match chance.randrange(6):
            case 0:
                yield chance.randbytes(chance.randrange(300))
            case 1:
                yield frame[: chance.randrange(len(frame))]
            case 2:
                yield frame[chance.randrange(len(frame)) :]
            case 3:
                bent = bytearray(frame)
                for _ in range(chance.randrange(1, 6)):
                    bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(8)
                yield bytes(bent)
            case 4:
                other = chance.choice(samples)
                yield frame[: chance.randrange(len(frame))] + other[chance.randrange(len(other)) :]
            case _:
                at = chance.randrange(len(frame))
                fill = chance.choice([b"\x00", b"<", b'"', b"[[", b"9", b"\xff", b"\r\n"])
                # now and then beyond the door's own bound
                yield frame[:at] + fill * chance.randrange(FRAME_MAX if n % 500 == 0 else 200) + frame[at:]
