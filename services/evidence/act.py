"""An act: one request, one transaction, one commit before the answer, and at least one event in it.

    @router.post(...)
    async def create(act: ActDep, body: NewMatter) -> MatterView:
        return await service.create_matter(act, body)

`ActDep` opens the transaction, sets the tenant, and checks in the same breath that the session still lives.
An error rolls everything back; the refusal is then recorded by `refusals.py`, in its own transaction.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evidence.event import Draft, Event
from services.evidence.recorder import Recorder
from services.kernel.database import Database, driver_connection, set_tenants
from services.kernel.http.admission import admission_of, set_event_header
from services.kernel.principal import Admission, Principal
from services.kernel.problems import KeyRetired, SessionEnded, Unauthorized
from services.tables.sessions import Session, is_believed


class UnrecordedActError(RuntimeError):
    """An operation ended well without leaving an event: a defect, answered with 500 and rolled back."""


@dataclass(slots=True)
class Act:
    """The transaction of one request.

    `now` is read once; every time in the act is this one. `record` must be called before it ends.
    """

    session: AsyncSession
    request: Request
    admission: Admission
    recorder: Recorder
    now: datetime
    events: list[Event] = field(default_factory=list)

    @property
    def principal(self) -> Principal:
        if self.admission.principal is None:
            raise Unauthorized
        return self.admission.principal

    async def see(self, *tenants: UUID) -> None:
        """From here on the act sees and writes the rows of these tenants."""
        await set_tenants(self.session, tenants)

    async def record(self, draft: Draft, tenant: UUID | None = None) -> Event:
        """Write evidence in this transaction; `tenant` is the acting-for organization unless said."""
        connection = await driver_connection(self.session)
        await self.session.flush()  # rows first, so that a refused constraint never meets its own evidence
        event = await self.recorder.append(connection, tenant or self.principal.firm, draft, self.admission)
        self.events.append(event)
        set_event_header(self.request.scope, event.header)
        return event


@asynccontextmanager
async def open_act(
    request: Request, tenants: Iterable[UUID], principal: Principal | None
) -> AsyncIterator[Act]:
    """An act for a service function that must do something slow, or on its own, before it holds a connection.

    It commits where the `async with` ends, which must be before the answer.
    """
    database: Database = request.app.state.database
    recorder: Recorder = request.app.state.recorder
    async with database.transaction(tenants) as session:
        now = recorder.clock()
        if principal is not None:
            await check_session(session, principal, now)
        act = Act(session, request, admission_of(request), recorder, now)
        yield act
        if not act.events:
            raise UnrecordedActError(act.admission.operation)


async def check_session(session: AsyncSession, principal: Principal, now: datetime) -> None:
    """Refuse a principal whose session has ended, or whose token's key was retired.

    Raises:
        SessionEnded: it was ended, or ran out, since the token was made.
        KeyRetired: the token must be exchanged for one of a key that is believed.
    """
    believed = literal(True) if principal.key is None else is_believed(principal.key, now)
    alive = await session.scalar(
        select(believed).where(
            Session.id == principal.session,
            Session.member_id == principal.id,
            Session.ended_at.is_(None),
            Session.idle_expires_at > now,
            Session.expires_at > now,
        )
    )
    if alive is None:
        raise SessionEnded
    if not alive:
        raise KeyRetired


async def _acting(request: Request) -> AsyncIterator[Act]:
    principal = _principal(request)
    async with open_act(request, [principal.firm], principal) as act:
        yield act


async def _own(request: Request) -> AsyncIterator[Act]:
    principal = _principal(request)
    async with open_act(request, [principal.organization], principal) as act:
        yield act


async def _open(request: Request) -> AsyncIterator[Act]:
    async with open_act(request, [], None) as act:
        yield act


def _principal(request: Request) -> Principal:
    principal = admission_of(request).principal
    if principal is None:
        raise Unauthorized
    return principal


ActDep = Annotated[Act, Depends(_acting, scope="function")]
"""An act of a principal for the organization it acts for."""

OwnActDep = Annotated[Act, Depends(_own, scope="function")]
"""An act of a principal in the organization it belongs to, whatever it acts for now."""

OpenActDep = Annotated[Act, Depends(_open, scope="function")]
"""An act of somebody not yet known. It sees no tenant until `see` is called."""
