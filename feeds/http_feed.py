"""Feeds by HTTP: `POST /feed/SOURCE` on the feed port, one message a request, for cameras, phones and CAD systems that
push. The bytes are h11's affair; the answer is the same as a WebSocket's.

    200  something was taken or known already: the answer, or what the dialect's senders want to read
    401, 404, 400  not admitted, in words (feeds/admission.py)      405  another method
    408  not whole within half a minute     413  larger than a megabyte     422  all refused: the answer says why
    503  not journaled within 20 s: send it again later; it is told as a duplicate if it lands meanwhile

Rules
- Acknowledged means journaled: 200 is not said before.
- Who may not send is told so before his message is read, and hung up on.
- Requests of a connection are answered one after the other, the next when the answer was read. A connection idle for a
  minute is closed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import NamedTuple

import h11

from feeds.admission import Admitted

REQUEST_MAX = 1024 * 1024
"""Up to here a message that is too large gets an answer in words, bytes."""
IDLE_S = 60.0
WHOLE_WITHIN_S = 30.0
"""By when a request that began must be whole, seconds."""
READ_WITHIN_S = 30.0
"""A peer that does not read its answers for this long is cut off, seconds."""
RETRY_S = 5
"""When to try again after a 503, seconds."""
_METHOD = 8
"""Longest method that tells HTTP from anything else, with its blank, bytes."""


class Reply(NamedTuple):
    """What a request is answered with."""

    status: HTTPStatus
    body: bytes
    json: bool = True
    """Else plain text."""
    headers: tuple[tuple[str, str], ...] = ()


Admit = Callable[[str, str], Admitted | Reply]
"""Asked with a request's path and its `Authorization`, before any of its body is read: who it is, or why not."""
Take = Callable[[Admitted, bytes], Awaitable[Reply]]
"""Takes one message of who was admitted."""
Drain = Callable[[], Awaitable[None]]
"""Returns when the other side has read most of what was written."""


def is_http(head: bytes) -> bool | None:
    """Say whether a connection that begins so wants anything but a WebSocket; None: too little to tell."""
    method, blank, _ = head.partition(b" ")
    if blank or len(head) >= _METHOD:
        return bool(blank) and method in (b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS")
    return None


class HttpFeed:
    """One connection's requests. `data` and `end` come from the transport; `serve` answers until it ends."""

    def __init__(self, transport: asyncio.Transport, admit: Admit, take: Take, drain: Drain) -> None:
        self._transport = transport
        self._admit, self._take, self._drain = admit, take, drain
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=16 * 1024)
        self._came = asyncio.Event()
        self.answering = False
        """Whether a request is being answered."""
        self._ended = self._through = False
        self._bodiless = False
        """Whether the request is one whose answer has no body (HEAD)."""

    def data(self, data: bytes) -> None:
        """Take bytes; while a request is being answered the transport reads no more."""
        if self._through:
            return
        self._h11.receive_data(data)
        self._came.set()

    def end(self) -> None:
        """Note that the other side sends no more."""
        if not self._ended and not self._through:
            self._ended = True
            self._h11.receive_data(b"")
            self._came.set()

    async def serve(self) -> None:
        """Answer requests until the peer leaves, is too slow, or is not HTTP; what comes after is thrown away."""
        try:
            await self._serve()
        finally:
            self._through = True

    async def _serve(self) -> None:
        while True:
            try:
                posted = await self._request()
                if posted is None:
                    return
                reply = posted if isinstance(posted, Reply) else await self._answer(*posted)
            except h11.RemoteProtocolError as error:
                self._send(_words(HTTPStatus(error.error_status_hint), "not an HTTP request"), close=True)
                return
            except TimeoutError:
                if self._h11.our_state is not h11.IDLE or self._h11.their_state is h11.SEND_BODY:
                    words = f"The request was not whole within {WHOLE_WITHIN_S:.0f} s."
                    self._send(_words(HTTPStatus.REQUEST_TIMEOUT, words), close=True)
                return
            close = isinstance(posted, Reply) or self._h11.our_state is h11.MUST_CLOSE
            self._send(reply, close=close)
            try:
                async with asyncio.timeout(READ_WITHIN_S):
                    await self._drain()
            except (TimeoutError, ConnectionError):
                self._transport.abort()
                return
            if close or self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
                return
            self._h11.start_next_cycle()

    async def _answer(self, admitted: Admitted, body: bytes) -> Reply:
        self._transport.pause_reading()
        self.answering = True
        try:
            return await self._take(admitted, body)
        finally:
            self.answering = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    async def _request(self) -> tuple[Admitted, bytes] | Reply | None:
        """Return the next request, or what to answer without reading it to its end; None: there is none."""
        async with asyncio.timeout(IDLE_S):
            head = await self._event()
        if not isinstance(head, h11.Request):
            return None
        self._bodiless = head.method == b"HEAD"
        if head.method != b"POST":
            allow = (("Allow", "POST"),)
            return _words(HTTPStatus.METHOD_NOT_ALLOWED, "Expected POST, or a WebSocket.", allow)
        authorization = dict(head.headers).get(b"authorization", b"").decode("latin-1")
        found = self._admit(head.target.decode("latin-1"), authorization)
        if isinstance(found, Reply):
            return found
        body = bytearray()
        async with asyncio.timeout(WHOLE_WITHIN_S):
            if self._h11.they_are_waiting_for_100_continue:
                self._transport.write(_bytes(self._h11, h11.InformationalResponse(status_code=100, headers=[])))
            while not isinstance(event := await self._event(), h11.EndOfMessage):
                if not isinstance(event, h11.Data):
                    return None
                body += event.data
                if len(body) > REQUEST_MAX:
                    return _words(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "A message is at most 64 kB.")
        return found, bytes(body)

    async def _event(self) -> h11.Event | None:
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                if self._ended:
                    return None
                self._came.clear()
                await self._came.wait()
            elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return None
            else:
                assert not isinstance(event, type)
                return event

    def _send(self, reply: Reply, *, close: bool) -> None:
        if self._transport.is_closing() or self._h11.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = [
            ("Content-Type", "application/json" if reply.json else "text/plain; charset=utf-8"),
            ("Content-Length", str(len(reply.body))),
            *reply.headers,
            *((("Connection", "close"),) if close else ()),
        ]
        head = h11.Response(status_code=reply.status.value, reason=reply.status.phrase.encode(), headers=headers)
        parts = [_bytes(self._h11, head)]
        if reply.body and not self._bodiless:
            parts.append(_bytes(self._h11, h11.Data(data=reply.body)))
        parts.append(_bytes(self._h11, h11.EndOfMessage()))
        self._transport.write(b"".join(parts))


def _bytes(connection: h11.Connection, event: h11.Event) -> bytes:
    return connection.send(event) or b""


def _words(status: HTTPStatus, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    return Reply(status, text.encode() + b"\n", json=False, headers=headers)
