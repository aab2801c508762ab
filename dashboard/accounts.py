"""Local log-ins: checks a name and a password against the site's accounts, slowly and not too often.

Rules: tries are counted before anything is hashed, so a flood costs no memory or CPU; an unknown name costs the
same hash as a known one, so time tells nobody which names exist; hashing happens in threads, two at once, so the
pages stay answerable.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from dashboard.config import Account, Settings
from dashboard.viewer import Viewer, viewer_of
from feeds.errors import JointOpsError

PASSWORD_MAX = 1024
"""Longest password looked at, characters."""

_WINDOW_S = 300.0
_KEYS_MAX = 4096
_AT_ONCE = 2
_HASH_TIMEOUT_S = 10.0


class TooManyTries(JointOpsError):
    """Log-in refused before looking: too many tries. `wait_s`: seconds until the next is looked at."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many tries; wait {wait_s:.0f} s")
        self.wait_s = wait_s


class Tries:
    """Counts tries per key over the last while. Pure: time is an argument, seconds that never go back.

    At most 4,096 keys are kept; the ones longest unused go first.
    """

    def __init__(self, allowed: int, window_s: float = _WINDOW_S) -> None:
        self._allowed = allowed
        self._window_s = window_s
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, key: str, at: float) -> float:
        """Return how long `key` must wait before its next try, seconds; 0 when it may try now."""
        seen = self._seen.get(key)
        if seen is None:
            return 0.0
        while seen and seen[0] <= at - self._window_s:
            seen.popleft()
        return seen[0] + self._window_s - at if len(seen) >= self._allowed else 0.0

    def count(self, key: str, at: float) -> None:
        """Count one try of `key`."""
        self._seen.setdefault(key, deque(maxlen=self._allowed)).append(at)
        self._seen.move_to_end(key)
        while len(self._seen) > _KEYS_MAX:
            self._seen.popitem(last=False)

    def forget(self, key: str) -> Sequence[float]:
        """Forget the tries of `key`; return when they were."""
        return self._seen.pop(key, ())

    def forgive(self, key: str, tries: Iterable[float]) -> None:
        """Forget those tries of `key` that were at these times."""
        seen = self._seen.get(key, deque())
        for at in tries:
            if at in seen:
                seen.remove(at)


class Accounts:
    """The site's accounts. One per process."""

    def __init__(self, settings: Settings) -> None:
        self._accounts: dict[str, Account] = {account.name: account for account in settings.account}
        self._hasher = _hasher_like(settings.account)
        self._nobody = self._hasher.hash("no account has this password")
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        # A person who mistypes at one place; a place that tries many names; a name tried from many places.
        self._by_pair = Tries(8)
        self._by_place = Tries(40)
        self._by_name = Tries(100)

    async def check(self, name: str, password: str, place: str, at: float) -> Viewer | None:
        """Return who this is, or None when name and password do not fit.

        `place`: network address of the browser; `at`: seconds of a clock that never goes back.
        Raises TooManyTries, before any hashing; TimeoutError when hashing does not get its turn.
        """
        keys = ((self._by_pair, f"{place} {name[:64]}"), (self._by_place, place), (self._by_name, name[:64]))
        wait = max(tries.wait(key, at) for tries, key in keys)
        if wait > 0:
            raise TooManyTries(wait)
        for tries, key in keys:
            tries.count(key, at)
        account = self._accounts.get(name)
        wanted = account.password_hash if account else self._nobody
        async with asyncio.timeout(_HASH_TIMEOUT_S), self._at_once:
            fits = await asyncio.to_thread(self._fits, wanted, password[:PASSWORD_MAX])
        if account is None or not fits:
            return None
        # Only this person's tries are forgiven to the place: else one good account would buy endless guesses at others.
        self._by_place.forgive(place, self._by_pair.forget(keys[0][1]))
        self._by_name.forget(keys[2][1])
        return viewer_of(account)

    def _fits(self, wanted: str, password: str) -> bool:
        try:
            return self._hasher.verify(wanted, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


def _hasher_like(accounts: tuple[Account, ...]) -> PasswordHasher:
    """Return a hasher of the accounts' own cost, so that the hash for unknown names takes as long as theirs."""
    for account in accounts:
        try:
            return PasswordHasher.from_parameters(extract_parameters(account.password_hash))
        except InvalidHashError:
            continue
    return PasswordHasher()
