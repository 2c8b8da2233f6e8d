"""Named reads and writes of clients and their keys."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.lookups import Place
from services.kernel.database import Database
from services.tables.auth import Member, Organization
from services.tables.clients import Client, ClientKey
from services.tables.sessions import Session

ClientRow = tuple[Client, Member]


async def find_client(signin: Database, client: UUID) -> Place | None:
    """Where the client of this id is, of whatever organization."""
    async with signin.transaction() as session:
        wanted = select(Client.tenant_id, Client.id).where(Client.id == client)
        row = (await session.execute(wanted)).one_or_none()
    return None if row is None else Place(row.tenant_id, row.id)


async def read_client(session: AsyncSession, place: Place) -> ClientRow | None:
    wanted = (
        select(Client, Member)
        .join(Member, (Member.tenant_id == Client.tenant_id) & (Member.id == Client.id))
        .where(Client.tenant_id == place.tenant, Client.id == place.id)
    )
    row = (await session.execute(wanted)).one_or_none()
    return None if row is None else (row[0], row[1])


async def read_clients(
    session: AsyncSession, tenant: UUID, after: UUID | None, limit: int
) -> list[ClientRow]:
    """The organization's clients, oldest first, disabled ones too."""
    wanted = (
        select(Client, Member)
        .join(Member, (Member.tenant_id == Client.tenant_id) & (Member.id == Client.id))
        .where(Client.tenant_id == tenant)
        .order_by(Client.id)
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(Client.id > after)
    return [(row[0], row[1]) for row in await session.execute(wanted)]


async def keys_of(
    session: AsyncSession, tenant: UUID, clients: Sequence[UUID]
) -> dict[UUID, list[ClientKey]]:
    """The keys of these clients, oldest first, those that are over too."""
    wanted = (
        select(ClientKey)
        .where(ClientKey.tenant_id == tenant, ClientKey.client_id.in_(clients))
        .order_by(ClientKey.created_at, ClientKey.kid)
    )
    found = defaultdict[UUID, list[ClientKey]](list)
    for key in await session.scalars(wanted):
        found[key.client_id].append(key)
    return found


async def read_key(session: AsyncSession, client: Place, kid: str) -> ClientKey | None:
    wanted = select(ClientKey).where(
        ClientKey.tenant_id == client.tenant, ClientKey.client_id == client.id, ClientKey.kid == kid
    )
    found: ClientKey | None = await session.scalar(wanted)
    return found


async def is_open(session: AsyncSession, tenant: UUID) -> bool:
    """Whether the organization is open."""
    wanted = select(Organization.id).where(Organization.id == tenant, Organization.state == "active")
    return await session.scalar(wanted) is not None


async def end_sessions_of_key(session: AsyncSession, client: Place, kid: str, now: datetime) -> int:
    """End what was begun with this key; returns how many sessions."""
    ended = await session.scalars(
        update(Session)
        .where(
            Session.tenant_id == client.tenant,
            Session.member_id == client.id,
            Session.client_kid == kid,
            Session.ended_at.is_(None),
        )
        .values(ended_at=now, end_reason="client-key-revoked")
        .returning(Session.id)
    )
    return len(ended.all())
