"""The outbox: a mail is written in the transaction of the act that it tells of."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.identity import IdentityKeys
from services.auth.mail.letters import Letter
from services.kernel.ids import new_id
from services.tables.mail import OutboxMail


@dataclass(frozen=True, slots=True)
class Posting:
    """A letter on its way out. `about`: the id of what it tells of; `expires_at`: when it is of no use."""

    tenant: UUID
    kind: str
    about: UUID
    letter: Letter
    expires_at: datetime


async def post(session: AsyncSession, keys: IdentityKeys, posting: Posting, now: datetime) -> UUID:
    """Queue a mail, sealed; it goes once the transaction has committed."""
    mail = new_id(now)
    await session.execute(
        insert(OutboxMail).values(
            tenant_id=posting.tenant,
            id=mail,
            kind=posting.kind,
            about=posting.about,
            letter_sealed=keys.seal_letter(posting.tenant, mail, posting.letter.to_json()),
            created_at=now,
            expires_at=posting.expires_at,
            attempts=0,
            next_attempt_at=now,
        )
    )
    return mail
