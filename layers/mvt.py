"""Just enough of the vector tile format to say which layers a tile holds."""

import gzip
import zlib

_WIRE_VARINT, _WIRE_64, _WIRE_BYTES, _WIRE_32 = 0, 1, 2, 5


def layer_names(tile: bytes) -> list[str]:
    """Return the names of the layers in a tile, gzipped or not; what cannot be read is left out."""
    try:
        data = gzip.decompress(tile) if tile.startswith(b"\x1f\x8b") else tile
        layers = [body for field, body in _fields(data) if field == 3]
        return [body.decode() for layer in layers for field, body in _fields(layer) if field == 1]
    except (OSError, EOFError, zlib.error, ValueError, IndexError):
        return []


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    """Return the length-delimited fields of a message as (number, bytes); others are skipped. Raises ValueError."""
    found = []
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == _WIRE_BYTES:
            size, at = _varint(data, at)
            if at + size > len(data):
                raise ValueError("field is longer than its message")
            found.append((key >> 3, data[at : at + size]))
            at += size
        elif wire == _WIRE_VARINT:
            _, at = _varint(data, at)
        elif wire in (_WIRE_64, _WIRE_32):
            at += 8 if wire == _WIRE_64 else 4
        else:
            raise ValueError("not a message")
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("number is too long")
