"""What an operator decides about a firm, one transaction, and its evidence in the firm's log."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from services.evidence.event import Draft, Subject
from services.evidence.recorder import Recorder
from services.keys.errors import KeysError

_KIND = "SELECT kind FROM organizations WHERE id = $1"


class NoSuchFirmError(KeysError):
    """There is no firm of that id."""


@asynccontextmanager
async def changing(
    connection: asyncpg.Connection, recorder: Recorder, firm: UUID, event: str, change: Mapping[str, object]
) -> AsyncIterator[None]:
    """The transaction of a decision about `firm`, and what its log says of it (raises NoSuchFirmError)."""
    async with connection.transaction():
        if await connection.fetchval(_KIND, firm) != "firm":
            raise NoSuchFirmError(f"There is no firm {firm}.")
        yield
        draft = Draft(event, "info", subject=Subject("organization", firm), change=dict(change))
        await recorder.append(connection, firm, draft, None)
