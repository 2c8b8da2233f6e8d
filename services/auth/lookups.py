"""Where a secret or an address belongs: the only reads across tenants, by a role that can do no more."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from services.auth.codes import digest_of
from services.kernel.database import Database
from services.tables.auth import Invitation, Member, Organization
from services.tables.externals import time_is_over
from services.tables.sessions import Challenge, RefreshToken


@dataclass(frozen=True, slots=True)
class Place:
    """A row of one tenant."""

    tenant: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class Account:
    """An active member: where, and the hash of their password."""

    place: Place
    password_hash: str = field(repr=False)


async def find_invitation(signin: Database, code: str) -> Place | None:
    wanted = Invitation.code_sha256 == digest_of(code)
    return await _find(signin, select(Invitation.tenant_id, Invitation.id).where(wanted))


async def find_challenge(signin: Database, secret: str) -> Place | None:
    wanted = Challenge.secret_sha256 == digest_of(secret)
    return await _find(signin, select(Challenge.tenant_id, Challenge.id).where(wanted))


async def find_refresh_token(signin: Database, token: str) -> Place | None:
    wanted = RefreshToken.token_sha256 == digest_of(token)
    return await _find(signin, select(RefreshToken.tenant_id, RefreshToken.id).where(wanted))


async def find_account(
    signin: Database, email_index: bytes, organization: UUID | None, now: datetime
) -> Account | None:
    """The active member with this address: in `organization`, or the oldest membership there is.

    Somebody external whose time is over is none. One hash is compared whatever is found, so that memberships
    cannot be counted by the time it takes.
    """
    query = (
        select(Member.tenant_id, Member.id, Member.password_hash)
        .join(Organization, Organization.id == Member.tenant_id)
        .where(Member.email_index == email_index, Member.state == "active", Organization.state == "active")
        .where(~time_is_over(Member.tenant_id, Member.id, now))
        .order_by(Member.id)
        .limit(1)
    )
    if organization is not None:
        query = query.where(Member.tenant_id == organization)
    async with signin.transaction() as session:
        row = (await session.execute(query)).one_or_none()
    return None if row is None else Account(Place(row.tenant_id, row.id), row.password_hash)


async def _find(signin: Database, query: Select[UUID, UUID]) -> Place | None:
    async with signin.transaction() as session:
        row = (await session.execute(query)).one_or_none()
    return None if row is None else Place(row[0], row[1])
