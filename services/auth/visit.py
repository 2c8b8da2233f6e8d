"""A visit: a request of somebody not yet known, who becomes known on the way.

What is slow (hashing) or must stay although the answer is a refusal (counting attempts) happens outside the
act, in short transactions of its own; the act is the last of them and commits before the answer.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.resources import Resources, resources_of
from services.evidence.act import Act, open_act
from services.evidence.event import Draft, Subject
from services.evidence.recorder import Recorder
from services.evidence.refusals import SERVER_FAULT
from services.kernel.database import Database
from services.kernel.http.admission import admission_of, set_event_header
from services.kernel.principal import Admission
from services.kernel.problems import RedwellError


@dataclass(frozen=True, slots=True)
class Visit:
    """One request and what it works with."""

    request: Request
    admission: Admission
    resources: Resources

    @property
    def address(self) -> str:
        return self.admission.address

    def now(self) -> datetime:
        recorder: Recorder = self.request.app.state.recorder
        return recorder.clock()

    def transaction(self, *tenants: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction beside the act: what is done in it stays, whatever the answer is."""
        database: Database = self.request.app.state.database
        return database.transaction(tenants)

    def act(self, *tenants: UUID) -> AbstractAsyncContextManager[Act]:
        """The act of somebody unknown, or of the token's principal where there is one."""
        return open_act(self.request, tenants, self.admission.principal)

    @asynccontextmanager
    async def identified(self, tenant: UUID, subject: Subject) -> AsyncIterator[None]:
        """A refusal in here is an event in the organization's tree: we know whom it concerns."""
        try:
            yield
        except RedwellError as refusal:
            if refusal.status >= SERVER_FAULT:
                raise
            recorder: Recorder = self.request.app.state.recorder
            reason = refusal.reason or refusal.slug
            draft = Draft(self._event_type(), "denied", reason, subject, status=refusal.status)
            event = await recorder.append_alone(tenant, draft, self.admission)
            set_event_header(self.request.scope, event.header)
            refusal.recorded = True
            raise

    def _event_type(self) -> str:
        operations = self.request.app.operations
        return next(str(row.event) for row in operations if row.id == self.admission.operation)


def _visit(request: Request) -> Visit:
    return Visit(request, admission_of(request), resources_of(request))


VisitDep = Annotated[Visit, Depends(_visit)]
