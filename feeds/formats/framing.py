"""Frames out of a byte stream that ends each with the same byte: lines, TAIP's `>...<`. Pure.

XML has its own way of ending things: see `feeds/formats/cot_xml.py`.
"""


class Delimited:
    """Cuts after each `end`; blanks and line ends round a frame are no part of it, and empty frames are none."""

    def __init__(self, end: bytes) -> None:
        self._end = end
        self._held = bytearray()
        self._from = 0
        """No frame ends before here."""

    def __len__(self) -> int:
        """Return how many bytes of an unfinished frame are held."""
        return len(self._held)

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the frames that end in `chunk`, each with its end unless that is a line end."""
        self._held += chunk
        stop = self._held.rfind(self._end, self._from) + len(self._end)
        if stop < len(self._end):
            self._from = len(self._held)
            return []
        whole = bytes(self._held[:stop])
        del self._held[:stop]
        self._from = len(self._held)
        frames = [piece.strip() for piece in whole.split(self._end)[:-1]]
        tail = self._end.strip()
        return [frame + tail for frame in frames if frame]

    def drop(self) -> bytes:
        """Return what is held, and hold nothing."""
        held = bytes(self._held).strip()
        self._held.clear()
        self._from = 0
        return held
