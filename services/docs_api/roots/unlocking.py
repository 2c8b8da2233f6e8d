"""Opens a firm's keys before its requests begin: outside of any transaction, and for nobody but that firm.

Every request of a process that may ask KMS passes here first. A firm whose root is a file passes at once; of
another, the keys are opened that are in use, or the first one is made. Whoever finds them shut goes on: what
needs no key is served, and what does is refused where it does.
"""

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from fastapi import Request
from sqlalchemy import exists, or_, select

from services.docs_api.keychain import Keychain, WrappedFirmKey
from services.docs_api.keys import FIRM_KEY_COLUMNS, add_firm_key, find_firm_key, firm_key_of
from services.docs_api.roots.opened import PATIENCE_SECONDS
from services.docs_api.roots.queries import chosen_root
from services.kernel.clock import Clock
from services.kernel.database import Database
from services.kernel.http.admission import admission_of
from services.kernel.ids import new_id
from services.kernel.logs import logger
from services.kernel.principal import Principal
from services.kernel.scopes import Role
from services.keys.errors import KeysError
from services.keys.roots import is_elsewhere
from services.tables.docs import FirmKey, MatterKey

LOOK_AGAIN_SECONDS: Final = 60.0
"""How long it is believed which keys a firm has. One that is missing here is opened when it is met."""

_OF_FIRMS: Final = frozenset({Role.FIRM_ADMIN, Role.ATTORNEY, Role.FIRM_STAFF, Role.CLIENT})
_log = logger("docs")


@dataclass(frozen=True, slots=True)
class _Known:
    """`complete`: no key has to be made before one is needed."""

    keys: tuple[WrappedFirmKey, ...]
    complete: bool
    until: float = 0.0


@dataclass(slots=True)
class FirmKeys:
    """Which keys of which firms lie under roots elsewhere, as far as this process was asked."""

    database: Database
    keychain: Keychain
    clock: Clock
    _known: dict[UUID, _Known] = field(default_factory=dict)
    _making: dict[UUID, asyncio.Task[tuple[WrappedFirmKey, ...]]] = field(default_factory=dict)

    async def unlock(self, firm: UUID, *, make: bool) -> None:
        """Have the firm's keys opened; its first one made, if `make` and its root is elsewhere."""
        now = time.monotonic()
        known = self._known.get(firm)
        if known is None or now >= known.until or (make and not known.complete):
            known = await self._read(firm, make=make)
            self._known[firm] = replace(known, until=now + LOOK_AGAIN_SECONDS)
        shut = [key for key in known.keys if not self.keychain.opened.is_open(key.sealed)]
        if shut:
            await asyncio.gather(*map(self.keychain.unlock, shut), return_exceptions=True)

    def forget(self, firm: UUID) -> None:
        """Ask again which keys the firm has."""
        self._known.pop(firm, None)

    async def _read(self, firm: UUID, *, make: bool) -> _Known:
        async with self.database.transaction([firm]) as session:
            current = await find_firm_key(session, firm)
            root = await chosen_root(session, firm, self.keychain.roots) if current is None else current.root
            used = exists(MatterKey.id).where(
                MatterKey.tenant_id == firm, MatterKey.firm_key_id == FirmKey.id
            )
            found = await session.execute(
                select(*FIRM_KEY_COLUMNS).where(
                    FirmKey.tenant_id == firm,
                    FirmKey.root.contains(":"),
                    or_(FirmKey.retired_at.is_(None), used),
                )
            )
            keys = tuple(firm_key_of(dict(row)) for row in found.mappings())
        if current is None and make and is_elsewhere(root):
            made = await self._first_key(firm, root)
            return _Known((*keys, *made), complete=bool(made))
        return _Known(keys, complete=current is not None or not is_elsewhere(root))

    async def _first_key(self, firm: UUID, root: str) -> tuple[WrappedFirmKey, ...]:
        """One makes it for all who wait, each for as long as they may."""
        making = self._making.get(firm)
        if making is None:
            making = self._making[firm] = asyncio.create_task(self._make(firm, root))
            making.add_done_callback(lambda _: self._making.pop(firm, None))
        await asyncio.wait([making], timeout=PATIENCE_SECONDS)
        return making.result() if making.done() else ()

    async def _make(self, firm: UUID, root: str) -> tuple[WrappedFirmKey, ...]:
        """Seal it with no transaction open. Two processes at once agree on one."""
        now = self.clock()
        try:
            made = await self.keychain.new_firm_key(firm, new_id(now), root)
        except KeysError as failure:
            _log.error("no key can be made for a firm", firm=str(firm), root=root, why=str(failure))
            return ()
        async with self.database.transaction([firm]) as session:
            await add_firm_key(session, made, now)
            current = await find_firm_key(session, firm)
        return () if current is None else (current,)


async def unlock_acting_firm(request: Request) -> None:
    """A dependency that comes before the transaction of a request."""
    principal = admission_of(request).principal
    if principal is None:
        return
    firm_keys = request.app.state.firm_keys
    assert isinstance(firm_keys, FirmKeys)
    await firm_keys.unlock(principal.firm, make=_may_need_a_first_key(principal))


def _may_need_a_first_key(principal: Principal) -> bool:
    return principal.acts_for_another or not _OF_FIRMS.isdisjoint(principal.roles)
