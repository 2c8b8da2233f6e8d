"""One request that brings content, from its admission to its last event: the one place where it ends.

What stops it on the way is recorded, its lease is freed for another, and only then does its client hear why.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect

from services.docs_api.transfers.admission import EVENT
from services.docs_api.transfers.failures import problem_of, reason_of
from services.docs_api.transfers.intake import Taken
from services.docs_api.transfers.leftovers import remove
from services.docs_api.transfers.receiving import Receiving
from services.docs_api.transfers.watch import whatever_happens
from services.evidence.event import Draft, Event
from services.kernel.database import driver_connection
from services.kernel.http.admission import set_event_header

Result = TypeVar("Result")


class Attempt(Receiving, ABC, Generic[Result]):
    """What is received, and what becomes of it then."""

    _completed = False
    """Set by `_complete` once it has committed: from then on nothing takes it back."""

    async def run(self, request: Request) -> Result:
        """Take what the request brings.

        Raises:
            RedwellError: what stopped it on the way, its evidence already written.
            ClientDisconnect: the client went away, and the evidence says so.
        """
        try:
            taken = await self.move(request)
            result, event = await whatever_happens(self._complete(taken))
        except (Exception, asyncio.CancelledError) as error:
            if self._completed:
                raise
            event = await whatever_happens(self._give_up(error))
            set_event_header(request.scope, event.header)
            if isinstance(error, (ClientDisconnect, asyncio.CancelledError)):
                raise
            problem = problem_of(error)
            problem.recorded = True
            raise problem from error
        set_event_header(request.scope, event.header)
        return result

    @abstractmethod
    async def _complete(self, taken: Taken) -> tuple[Result, Event]:
        """Commit that all came that was to come."""

    @abstractmethod
    async def _reopen(self, session: AsyncSession) -> Sequence[str]:
        """Free the lease for another attempt, if it is ours still; the objects that no row names then."""

    @abstractmethod
    def _left(self) -> dict[str, object]:
        """What the log is told of how far it came."""

    async def _give_up(self, error: BaseException) -> Event:
        vault, reception = self._vault, self._reception
        status = problem_of(error).status if isinstance(error, Exception) else None
        draft = Draft(
            EVENT, "failed", reason_of(error), subject=reception.subject, change=self._left(), status=status
        )
        async with vault.database.transaction([reception.tenant]) as session:
            left = await self._reopen(session)
            connection = await driver_connection(session)
            event = await vault.recorder.append(connection, reception.tenant, draft, reception.admission)
        await remove(vault.stores, left)
        return event
