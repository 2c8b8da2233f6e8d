"""Firm keys that somebody else's root opened: kept for a bounded time, and asked for again before it ends.

A root in KMS is another machine, so it is asked in the background, once for all who wait, and never while
anybody holds a connection. What it last said decides:

- it opened the key: the key is used for `trust_seconds` from the moment it was asked;
- it refused: the key is forgotten at once;
- it said nothing: what it said before holds until its time is over.

A key that is in use is asked for three times in that time, so whoever disables a root or withdraws the right
to it is heard within a third of it, and, where KMS does not answer either, within all of it.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn
from uuid import UUID

from services.docs_api.roots.errors import FirmKeyUnavailable
from services.kernel.logs import logger
from services.keys.errors import KeysError
from services.keys.roots import Roots, RootUnreachableError
from services.keys.wrapping import KeyName, SecretKey

PATIENCE_SECONDS: Final = 5.0
"""For how long a request waits for a root to answer, holding nothing."""

_PAUSE_SECONDS: Final = 1.0
"""Between attempts at a root that refused or did not answer: requests meanwhile are refused at once."""

_UNUSED_SECONDS: Final = 900.0
_log = logger("docs")


@dataclass(frozen=True, slots=True)
class SealedFirmKey:
    """A firm's key as it lies in its row."""

    root: str
    name: KeyName
    wrapped: bytes


@dataclass(slots=True)
class _Held:
    """What is known of one key; times are the loop's. `told`: that it is closed was told already."""

    key: SecretKey | None = None
    good_until: float = 0.0
    asked_at: float = float("-inf")
    used_at: float = 0.0
    asking: asyncio.Task[None] | None = None
    told: bool = False


class OpenedKeys:
    """The firm keys that this process has open, of roots that are kept elsewhere.

    Args:
        roots: who opens them.
        trust_seconds: for how long an opened key is used.
        closed: called with a firm whose key was closed, so that what hangs on it ends.
        now: seconds of a clock that is never set.
    """

    def __init__(
        self,
        roots: Roots,
        trust_seconds: float,
        closed: Callable[[UUID], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roots, self._trust, self._closed, self._now = roots, trust_seconds, closed, now
        self._held: dict[SealedFirmKey, _Held] = {}

    def key(self, sealed: SealedFirmKey) -> SecretKey:
        """The key, if it is open.

        Raises:
            FirmKeyUnavailable: it is not; its root is being asked, unless it was just now.
        """
        held, now = self._of(sealed), self._now()
        held.used_at = now
        if held.key is not None and now < held.good_until:
            return held.key
        self._ask(sealed, held)
        raise FirmKeyUnavailable

    def is_open(self, sealed: SealedFirmKey) -> bool:
        """Whether the key is open now."""
        held = self._held.get(sealed)
        return held is not None and held.key is not None and self._now() < held.good_until

    async def unlock(self, sealed: SealedFirmKey) -> None:
        """Return once the key is open; never call it while holding what others wait for.

        Raises:
            FirmKeyUnavailable: its root refuses, or has not answered in `PATIENCE_SECONDS`.
        """
        held = self._of(sealed)
        if held.key is None or self._now() >= held.good_until:
            asking = self._ask(sealed, held)
            # One asks for all who wait, and does not end with the first of them who leaves. Once it is known
            # that the root is not to be had, nobody waits: it is asked all the same, for whoever comes next.
            if asking is not None and not held.told:
                await asyncio.wait([asking], timeout=PATIENCE_SECONDS)
        self.key(sealed)

    def shut(self) -> list[str]:
        """The roots that were found not to be usable, and have not been since."""
        return sorted({sealed.root for sealed, held in self._held.items() if held.told})

    async def keep(self) -> NoReturn:
        """Ask again for the keys in use, close those whose time is over, forget the unused. Never returns."""
        while True:
            await asyncio.sleep(self._trust / 12)
            self.look()

    def look(self) -> None:
        """One round of `keep`."""
        now = self._now()
        for sealed, held in list(self._held.items()):
            if held.asking is None and now - held.used_at > _UNUSED_SECONDS:
                del self._held[sealed]
                continue
            if held.key is not None and now >= held.good_until:
                self._close(sealed, held, "unreachable")
            if now - held.asked_at >= self._trust / 3:
                self._ask(sealed, held)

    def _of(self, sealed: SealedFirmKey) -> _Held:
        return self._held.setdefault(sealed, _Held(used_at=self._now()))

    def _ask(self, sealed: SealedFirmKey, held: _Held) -> asyncio.Task[None] | None:
        if held.asking is None and self._now() - held.asked_at >= _PAUSE_SECONDS:
            held.asked_at = self._now()
            held.asking = asyncio.create_task(self._open(sealed, held))
        return held.asking

    async def _open(self, sealed: SealedFirmKey, held: _Held) -> None:
        asked_at = held.asked_at
        try:
            key = await self._roots.named(sealed.root).open(sealed.wrapped, sealed.name)
        except RootUnreachableError as failure:
            if self._now() >= held.good_until:
                self._close(sealed, held, failure.why)
        except KeysError as failure:
            self._close(sealed, held, str(getattr(failure, "why", type(failure).__name__)))
        else:
            self._hold(sealed, held, key, asked_at)
        finally:
            held.asking = None

    def _hold(self, sealed: SealedFirmKey, held: _Held, key: SecretKey, asked_at: float) -> None:
        if held.told:
            _log.info("a firm's root key is used again", **_named(sealed))
        held.key, held.good_until, held.told = key, asked_at + self._trust, False

    def _close(self, sealed: SealedFirmKey, held: _Held, why: str) -> None:
        was_open, held.key = held.key is not None, None
        if not held.told:
            _log.error(
                "a firm's root key cannot be used; nothing of that firm is opened", why=why, **_named(sealed)
            )
            held.told = True
        tenant = sealed.name.tenant
        if was_open and tenant is not None:
            self._closed(tenant)


def _named(sealed: SealedFirmKey) -> dict[str, str]:
    return {"root": sealed.root, "firm": str(sealed.name.tenant), "key": str(sealed.name.id)}
