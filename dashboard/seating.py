"""How many streams one log-in or one api token has open: so many at most, then one of its own is cut for the new one.

The one most behind goes, of equals the one that sat longest: a tablet that lost its network leaves such seats, and
must get in again long before TCP gives the old ones up.
"""

import logging
from collections.abc import Mapping

from dashboard.audience import Seat
from dashboard.viewer import cookie_of

SEATS_PER_LOG_IN = 32
"""The screens of one wall, the tabs of one desk."""
SEATS_PER_TOKEN = 2000

log = logging.getLogger(__name__)


class Seating:
    """The open seats of a hub, by who holds them."""

    def __init__(self) -> None:
        self._taken: dict[str, dict[Seat, None]] = {}

    def take(self, seat: Seat, headers: Mapping[str, str]) -> str:
        """Count a seat; return the key that `leave` wants. `headers`: of its request."""
        api = seat.viewer.api
        key = f"token {seat.viewer.name}" if api else cookie_of(headers)
        taken = self._taken.setdefault(key, {})
        if len(taken) >= (SEATS_PER_TOKEN if api else SEATS_PER_LOG_IN):
            behind = max(taken, key=Seat.unsent)
            log.info("seat_cut viewer=%s seats=%d", seat.viewer.name, len(taken))
            del taken[behind]
            behind.connection.transport.abort()
        taken[seat] = None
        return key

    def leave(self, key: str, seat: Seat) -> None:
        """Let go of a seat."""
        taken = self._taken.get(key, {})
        taken.pop(seat, None)
        if not taken:
            self._taken.pop(key, None)
