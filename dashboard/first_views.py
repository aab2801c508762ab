"""The views of classes that nobody looked at until now: begun at a tick, finished between ticks, then handed out.

The records of 80,000 units take seconds. They are made some at a time; between two slices the loop does whatever
else there is to do, and at a tick the view moves on like all others, so that it is whole and of now when it goes out.
"""

import asyncio
from collections.abc import Callable

from dashboard.audience import Audience
from layers.picture import Happening, Touched
from layers.policy import ViewerClass

RECORDS_AT_ONCE = 200
"""About five milliseconds."""
TURN_MAX_S = 0.08
"""A turn takes as long as everything else took since the last, at most so many seconds: of a hub that is full each
round takes long, and with one slice in each it would take minutes until somebody new sees anything."""


class FirstViews:
    """Who waits for a view, and the views that are being made. `failed` is told what went wrong."""

    def __init__(
        self,
        make: Callable[[ViewerClass, float], Audience],
        ready: dict[ViewerClass, Audience],
        failed: Callable[[str, Exception], None],
    ) -> None:
        self._make = make
        self._ready = ready
        self._failed = failed
        self._wanted: dict[ViewerClass, asyncio.Future[Audience]] = {}
        self._making: dict[ViewerClass, Audience] = {}
        self._begun = asyncio.Event()

    def want(self, viewer_class: ViewerClass) -> asyncio.Future[Audience]:
        """Return what will be the audience of the class, begun at the next tick."""
        future = self._wanted.get(viewer_class)
        if future is None:
            future = self._wanted[viewer_class] = asyncio.get_running_loop().create_future()
        return future

    def step(self, touched: dict[str, Touched], happenings: list[Happening], t: float) -> None:
        """Move on what is being made, then begin what is wanted, of a flushed picture; a small one is done at once."""
        for viewer_class, audience in list(self._making.items()):
            try:
                audience.step(touched, happenings, t)
            except Exception as error:
                self._give_up(viewer_class, error)
        for viewer_class in [wanted for wanted in self._wanted if wanted not in self._making]:
            try:
                self._making[viewer_class] = self._make(viewer_class, t)
            except Exception as error:
                self._give_up(viewer_class, error)
        self._go_on()

    def begin_anew(self) -> None:
        """Throw away what is being made: the picture is another one, or a tick of it was lost."""
        self._making.clear()

    async def work(self) -> None:
        """Go on with what is being made, a slice at a time, until cancelled."""
        loop = asyncio.get_running_loop()
        ended = loop.time()
        while True:
            await self._begun.wait()
            until = loop.time() + min(loop.time() - ended, TURN_MAX_S)
            self._go_on()
            while self._making and loop.time() < until:
                self._go_on()
            ended = loop.time()
            await asyncio.sleep(0)

    def _go_on(self) -> None:
        for viewer_class, audience in list(self._making.items()):
            try:
                if audience.view.word_some(RECORDS_AT_ONCE):
                    self._hand_out(viewer_class, audience)
            except Exception as error:
                self._give_up(viewer_class, error)
        if self._making:
            self._begun.set()
        else:
            self._begun.clear()

    def _hand_out(self, viewer_class: ViewerClass, audience: Audience) -> None:
        del self._making[viewer_class]
        self._ready[viewer_class] = audience
        future = self._wanted.pop(viewer_class)
        if not future.done():
            future.set_result(audience)

    def _give_up(self, viewer_class: ViewerClass, error: Exception) -> None:
        self._failed(f"class:{viewer_class.agency}", error)
        self._making.pop(viewer_class, None)
        future = self._wanted.pop(viewer_class)
        if not future.done():
            future.set_exception(TimeoutError("the view of the class could not be made"))
            future.exception()  # whoever waits is told; where nobody does any more, nothing is to be said
