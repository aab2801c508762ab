"""The viewers of one class: one view, one frame a tick, encoded once, one bytes object to all of them."""

import logging
import secrets
from collections.abc import Iterable

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN

from dashboard.subscription import Allowance, Next, Subscription
from dashboard.viewer import Viewer
from feeds.replay.screens import ScreenSession
from layers import kinds
from layers.delta import BusLine, delta, heartbeat, keyframe
from layers.picture import LAYERS, Happening, Picture, Touched
from layers.policy import Rules, ViewerClass
from layers.view import View

log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0
"""A viewer hears something at least this often, seconds."""
CARDS_A_SECOND, CARDS_AT_ONCE = 10.0, 20.0
WORDS_A_SECOND, WORDS_AT_ONCE = 3.0, 10.0
"""What a screen may say of itself; a page says at most two a second."""


def write(connections: Iterable[ServerConnection], message: bytes | str, *, text: bool = False) -> None:
    """Write one message to all connections, `bytes` as binary unless `text` says that they are UTF-8.

    Like `websockets.broadcast`, but the message is framed once instead of once for each viewer. Sound because
    nothing of ours sends in fragments or with extensions: any whole frame may follow any other.
    """
    if isinstance(message, str):
        message, text = message.encode(), True
    data = Frame(Opcode.TEXT if text else Opcode.BINARY, message).serialize(mask=False)
    for connection in connections:
        if connection.protocol.state is OPEN:
            connection.transport.write(data)


class Seat:
    """One viewer's connection and where it is in the stream."""

    def __init__(self, connection: ServerConnection, viewer: Viewer) -> None:
        self.connection = connection
        self.viewer = viewer
        self.subscription = Subscription()
        self.cards = Allowance(CARDS_A_SECOND, CARDS_AT_ONCE)
        self.words = Allowance(WORDS_A_SECOND, WORDS_AT_ONCE)
        self.screen: ScreenSession | None = None
        """As which it is logged, once it told how it looks."""

    def unsent(self) -> int:
        """Return how many bytes wait to be taken by the network."""
        size: int = self.connection.transport.get_write_buffer_size()
        return size


class Audience:
    """One viewer class: its view and its seats. `epoch` names the life of its revisions; `whole` as of `View`."""

    def __init__(self, picture: Picture, rules: Rules, viewer: ViewerClass, t: float, *, whole: bool = True) -> None:
        self.viewer = viewer
        self.view = View(picture, rules, viewer, [kinds.load(name) for name in LAYERS], t, whole=whole)
        self.epoch = secrets.token_hex(8)
        self.seats: set[Seat] = set()
        self.over = False
        """Thrown away: nothing is stepped or sent any more."""
        self.wanted_at = t
        """When somebody last asked for this class, Unix seconds."""
        self._before = self.view.rev
        self._spoke_at = t
        self._line = BusLine()

    def join(self, seat: Seat, epoch: str, rev: int, event: int) -> None:
        """Seat a viewer; one who was here before in this epoch goes on from where it was.

        One who comes when this audience is over is cut: it comes again, to the one that there is then.
        """
        if self.over:
            seat.connection.transport.abort()
            return
        if epoch == self.epoch and 0 < rev <= self.view.rev and 0 <= event <= self.view.events.number:
            seat.subscription = Subscription(rev, event)
        self.seats.add(seat)

    def end(self) -> None:
        """Cut every seat, now and later: each comes again, and gets the new epoch with its hello."""
        self.over = True
        for seat in self.seats:
            seat.connection.transport.abort()
        self.seats.clear()

    def step(self, touched: dict[str, Touched], happenings: list[Happening], t: float) -> None:
        """Move the view on."""
        self._before = self.view.rev
        self.view.step(touched, happenings, t)
        if self.seats:
            self.wanted_at = t

    def send(self, t: float, line: BusLine) -> None:
        """Send each seat what it is to have at this tick. Writes only; waits for nobody."""
        view = self.view
        follow: list[ServerConnection] = []
        caught: dict[tuple[int, int], bytes] = {}
        for seat in self.seats:
            subscription = seat.subscription
            unsent = seat.unsent()
            match subscription.next(unsent, self._before, view.rev):
                case Next.FOLLOW:
                    follow.append(seat.connection)
                case Next.CATCH_UP:
                    # Newcomers and returners of one tick share their frame too.
                    key = (subscription.rev, subscription.event)
                    frame = caught.get(key)
                    if frame is None:
                        frame = caught[key] = self._catch_up(*key, line)
                    write([seat.connection], frame)
                case Next.NOTHING:
                    continue
            subscription.sent(view.rev, view.events.number)
        if follow:
            frame = delta(view, self._before, line) or keyframe(view, line, view.events.number - len(view.new_events))
            write(follow, frame)
            self._spoke_at = t
        # abs: a clock that was set back must not silence us until it has caught up
        if abs(t - self._spoke_at) >= HEARTBEAT_S or line != self._line:
            self._spoke_at = t
            self._line = line
            # Only to those who are at this revision: to the others it would speak of one they do not have.
            at_now = [seat for seat in self.seats if seat.subscription.rev == view.rev]
            self._write(at_now, heartbeat(view, t, line))

    def _catch_up(self, rev: int, event: int, line: BusLine) -> bytes:
        if rev:
            frame = delta(self.view, rev, line, event)
            if frame is not None:
                return frame
            return keyframe(self.view, line, event)
        return keyframe(self.view, line)

    def tell(self, message: bytes | str) -> None:
        """Send the same message to every seat that is not slow; a slow one has no use for it later."""
        self._write(self.seats, message)

    def _write(self, seats: Iterable[Seat], message: bytes | str) -> None:
        ready = [seat.connection for seat in seats if seat.subscription.ready(seat.unsent())]
        if ready:
            write(ready, message)

    def whisper(self, seat: Seat, message: bytes) -> None:
        """Send a text message (UTF-8 JSON) to one seat."""
        write([seat.connection], message, text=True)
