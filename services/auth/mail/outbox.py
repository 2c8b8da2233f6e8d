"""The outbox: a mail is written in the transaction of the act that it tells of."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.identity import IdentityKeys
from services.auth.mail.letters import Letter
from services.kernel.database import driver_connection
from services.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Posting:
    """A letter on its way out. `about`: the id of what it tells of; `expires_at`: when it is of no use."""

    tenant: UUID
    kind: str
    about: UUID
    letter: Letter
    expires_at: datetime


_POST = """
INSERT INTO outbox
    (tenant_id, id, kind, about, letter_sealed, created_at, expires_at, attempts, next_attempt_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $6)
"""


async def post(session: AsyncSession, keys: IdentityKeys, posting: Posting, now: datetime) -> None:
    """Queue a mail, sealed; it goes once the transaction has committed."""
    await post_on(await driver_connection(session), keys, posting, now)


async def post_on(
    connection: asyncpg.Connection, keys: IdentityKeys, posting: Posting, now: datetime
) -> None:
    """The same on a connection of the courier's, in the transaction that it is in."""
    mail = new_id(now)
    sealed = keys.seal_letter(posting.tenant, mail, posting.letter.to_json())
    await connection.execute(
        _POST, posting.tenant, mail, posting.kind, posting.about, sealed, now, posting.expires_at
    )
