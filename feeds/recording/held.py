"""A segment's batches in memory, packed as in the journal: 40 bytes a report instead of 1,000."""

from collections.abc import Iterator, Sequence
from typing import overload

from feeds.bus import BatchId, Delivery
from feeds.envelope import decode_batch, encode_batch
from feeds.names import AgencyId


class Held(Sequence[Delivery]):
    """Batches of one agency; each is unpacked anew when it is looked at."""

    def __init__(self, agency: AgencyId) -> None:
        self._agency = agency
        self._packed: list[tuple[BatchId, bytes]] = []
        self.reports = 0
        """In all of them."""

    def add(self, delivery: Delivery) -> None:
        """Take one more."""
        self._packed.append((delivery.id, encode_batch(delivery.batch)))
        self.reports += len(delivery.batch)

    @property
    def last_id(self) -> BatchId:
        """Id of the newest; there must be one."""
        return self._packed[-1][0]

    def __len__(self) -> int:
        """Return how many batches there are."""
        return len(self._packed)

    def __iter__(self) -> Iterator[Delivery]:
        """Yield them, one unpacked at a time."""
        return map(self._unpack, self._packed)

    @overload
    def __getitem__(self, index: int) -> Delivery: ...
    @overload
    def __getitem__(self, index: slice) -> list[Delivery]: ...
    def __getitem__(self, index: int | slice) -> Delivery | list[Delivery]:
        if isinstance(index, slice):
            return [self._unpack(packed) for packed in self._packed[index]]
        return self._unpack(self._packed[index])

    def _unpack(self, packed: tuple[BatchId, bytes]) -> Delivery:
        id_, data = packed
        return Delivery(self._agency, id_, decode_batch(data))
