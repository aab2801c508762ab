"""A file of chunks: one for each stretch of time, behind an index, so that a reader takes the one it needs. Pure.

    0   4s  b"JOC1"
    4   u32 n
    8   f64 t0
    16  f64 step_s
    24  u64 n + 1 offsets from the file's start; chunk i is from offset i to offset i + 1

Little-endian. Chunk i is of the stretch that begins at t0 + i * step_s, Unix seconds.
"""

import struct
from collections.abc import Sequence
from itertools import accumulate

from feeds.errors import DecodeError

STEP_S = 60.0

_MAGIC = b"JOC1"
_HEAD = struct.Struct("<4sIdd")
_OFFSET = struct.Struct("<Q")


def encode_chunks(chunks: Sequence[bytes], t0: float, step_s: float = STEP_S) -> bytes:
    """Return the file of these chunks, which begin at `t0`, `t0 + step_s`, ... (Unix seconds)."""
    offsets = accumulate(map(len, chunks), initial=index_bytes(len(chunks)))
    return b"".join((_HEAD.pack(_MAGIC, len(chunks), t0, step_s), *map(_OFFSET.pack, offsets), *chunks))


def index_bytes(chunks: int) -> int:
    """Return how many bytes at the file's head hold the index of so many chunks."""
    return _HEAD.size + _OFFSET.size * (chunks + 1)


def chunk_range(index: bytes, t: float) -> tuple[int, int]:
    """Return offset and length of the chunk that tells of `t` (Unix seconds), of a file of which `index` is the head.

    Raises DecodeError for what is no such head, IndexError when the file holds no such chunk.
    """
    n, t0, step_s = _head(index)
    number = int((t - t0) // step_s)
    if not 0 <= number < n:
        raise IndexError(f"the file's {n} chunks from {t0} on tell nothing of {t}")
    return _range(index, n, number)


def chunk_at(file: bytes | memoryview, t: float) -> bytes:
    """Return the chunk that tells of `t`, out of the whole file (a mapped one will do). Raises as `chunk_range`."""
    return _cut(file, *chunk_range(_index(file), t))


def newest_chunk(file: bytes | memoryview, t: float) -> tuple[float, bytes]:
    """Return the last chunk that begins at or before `t` (Unix seconds), and when that is. Raises as `chunk_range`."""
    index = _index(file)
    n, t0, step_s = _head(index)
    number = min(int((t - t0) // step_s), n - 1)
    if number < 0:
        raise IndexError(f"none of the file's {n} chunks from {t0} on begins before {t}")
    return t0 + number * step_s, _cut(file, *_range(index, n, number))


def _index(file: bytes | memoryview) -> bytes:
    head = bytes(file[: _HEAD.size])
    n = _HEAD.unpack(head)[1] if len(head) == _HEAD.size else 0
    return bytes(file[: index_bytes(n)])


def _head(index: bytes) -> tuple[int, float, float]:
    """Return n, t0 and step_s."""
    if len(index) < _HEAD.size:
        raise DecodeError(f"{len(index)} bytes are too few for the head of a file of chunks")
    magic, n, t0, step_s = _HEAD.unpack_from(index)
    if magic != _MAGIC or not step_s > 0 or len(index) < index_bytes(n):
        raise DecodeError("not the head of a file of chunks, or cut short")
    return n, t0, step_s


def _range(index: bytes, n: int, number: int) -> tuple[int, int]:
    begin, end = struct.unpack_from("<QQ", index, _HEAD.size + _OFFSET.size * number)
    if not index_bytes(n) <= begin <= end:
        raise DecodeError("the index of the file of chunks is damaged")
    return begin, end - begin


def _cut(file: bytes | memoryview, offset: int, length: int) -> bytes:
    if offset + length > len(file):
        raise DecodeError("the file of chunks is cut short")
    return bytes(file[offset : offset + length])
