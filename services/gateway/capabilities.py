"""Upload capabilities: from the secret in a path to whom it stands for, asked of the database every time.

Whether that person's session still lives, and may still write, the vault asks in its own statements. Where a
program may come from is asked here, as it is set now: its capability is good from nowhere else.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, select

from services.gateway.point import FindHolder
from services.kernel.database import Database
from services.kernel.principal import Principal
from services.kernel.scopes import Role, Scope, scopes_of
from services.tables.clients import Client
from services.tables.content import UploadCapability

_OPENS = frozenset({Scope.DOCUMENT_WRITE})
_OF_PROGRAM = and_(Client.tenant_id == UploadCapability.tenant_id, Client.id == UploadCapability.member_id)


def holders(database: Database) -> FindHolder:
    """Looks capabilities up in `database`."""

    async def find(capability: str, now: datetime) -> Principal | None:
        digest = hashlib.sha256(capability.encode()).digest()
        query = (
            select(UploadCapability, Client.networks)
            .outerjoin(Client, _OF_PROGRAM)
            .where(UploadCapability.sha256 == digest, UploadCapability.expires_at > now)
        )
        async with database.transaction() as session:
            row = (await session.execute(query)).one_or_none()
        return None if row is None else _principal(row[0], row[1] or ())

    return find


def _principal(row: UploadCapability, networks: Sequence[str]) -> Principal:
    roles = frozenset(map(Role, row.roles))
    return Principal(
        id=row.member_id,
        organization=row.tenant_id,
        firm=row.tenant_id,
        session=row.session_id,
        roles=roles,
        scopes=_OPENS & scopes_of(roles, acting_for_another=False),
        acr=row.acr,
        amr=tuple(row.amr),
        auth_time=row.auth_time,
        upload=row.upload_id,
        networks=tuple(networks),
    )
