"""The first start: the platform organization, the token key's public half, and a way in for its operator.

There is no default account and no default secret: while no operator has joined, each start voids the code
of the last one and gives a new one.
"""

from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.enrolment.queries import Invited, add_invitation, has_administrator
from services.evidence.event import Draft, Subject
from services.evidence.recorder import Recorder
from services.kernel.clock import Clock
from services.kernel.database import Database, driver_connection
from services.kernel.ids import PLATFORM
from services.kernel.scopes import OrganizationKind
from services.kernel.scopes import Role as MemberRole
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.tables.auth import Organization
from services.tables.roles import Role
from services.tables.sessions import SigningKey

PLATFORM_NAME = "Platform"


async def ensure_platform(settings: Settings, clock: Clock) -> str | None:
    """Make what must be there before anybody can join; repeated at each start.

    Returns:
        A fresh code for the operator, while there is none; it is kept nowhere.

    Raises:
        Unavailable: Postgres cannot be reached.
        EvidenceUnavailable: the new code could not be recorded, so there is none.
    """
    keys, now = KeyDirectory(settings.keys), clock()
    database = Database(settings, Role.AUTH, 1)
    recorder = Recorder(settings, Role.AUTH, keys.secret(KeyFile.SUBJECTS), clock)
    try:
        async with database.transaction([PLATFORM]) as session:
            await _insert_platform(session, now)
            await _insert_key(session, keys.signing_key(KeyFile.TOKEN).public_jwk(), now)
            if await has_administrator(session, PLATFORM, OrganizationKind.PLATFORM):
                return None
            return await _invite_operator(session, recorder, settings, now)
    finally:
        await database.close()


async def _insert_platform(session: AsyncSession, now: datetime) -> None:
    platform = {"id": PLATFORM, "kind": "platform", "name": PLATFORM_NAME, "state": "active"}
    await session.execute(insert(Organization).values(**platform, created_at=now).on_conflict_do_nothing())


async def _insert_key(session: AsyncSession, jwk: dict[str, str], now: datetime) -> None:
    await session.execute(
        insert(SigningKey)
        .values(tenant_id=PLATFORM, kid=jwk["kid"], jwk=jwk, created_at=now, activated_at=now)
        .on_conflict_do_nothing()
    )


async def _invite_operator(
    session: AsyncSession, recorder: Recorder, settings: Settings, now: datetime
) -> str:
    expires_at = now + timedelta(seconds=settings.invitation_lifetime_seconds)
    invited = Invited(PLATFORM, "operator", frozenset({MemberRole.OPERATOR}), expires_at)
    invitation, code = await add_invitation(session, invited, now)
    draft = Draft("operator.invited", "info", subject=Subject("invitation", invitation))
    await recorder.append(await driver_connection(session), PLATFORM, draft, None)
    return code.text
