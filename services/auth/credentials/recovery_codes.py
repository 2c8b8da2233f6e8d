"""Recovery codes: ten at a time, shown once, each good once, for somebody whose authenticator is gone.

A code has 120 bits, so that its SHA-256 may be kept without a salt or a slow hash (ASVS 5.0, 6.5.2: 112).
"""

import base64
import secrets
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.codes import digest_of
from services.auth.lookups import Place
from services.kernel.ids import new_id
from services.tables.auth import RecoveryCode

HOW_MANY = 10
_BYTES = 15
_GROUP = 4


def new_recovery_code() -> str:
    """24 letters and digits of base32 in six groups, to be written down and typed."""
    text = base64.b32encode(secrets.token_bytes(_BYTES)).decode()
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def recovery_digest(text: str) -> bytes:
    """The digest of a code however it was typed: case, spaces and hyphens do not matter."""
    return digest_of("".join(text.split()).replace("-", "").upper())


async def replace_codes(session: AsyncSession, member: Place, now: datetime) -> list[str]:
    """Ten new codes; the older ones are void. Returns them, to be shown once."""
    await forget_codes(session, member)
    codes = [new_recovery_code() for _ in range(HOW_MANY)]
    rows = [
        {
            "tenant_id": member.tenant,
            "id": new_id(now),
            "member_id": member.id,
            "code_sha256": recovery_digest(code),
            "created_at": now,
        }
        for code in codes
    ]
    await session.execute(insert(RecoveryCode), rows)
    return codes


async def forget_codes(session: AsyncSession, member: Place) -> None:
    await session.execute(
        delete(RecoveryCode).where(
            RecoveryCode.tenant_id == member.tenant, RecoveryCode.member_id == member.id
        )
    )


async def use_code(session: AsyncSession, member: Place, text: str, now: datetime) -> bool:
    """Use the code up. Whether this call did: one of many at the same time does."""
    won = await session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.tenant_id == member.tenant,
            RecoveryCode.member_id == member.id,
            RecoveryCode.code_sha256 == recovery_digest(text),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return won is not None


async def count_unused(session: AsyncSession, member: Place) -> int:
    unused = await session.scalars(
        select(func.count(RecoveryCode.id)).where(
            RecoveryCode.tenant_id == member.tenant,
            RecoveryCode.member_id == member.id,
            RecoveryCode.used_at.is_(None),
        )
    )
    return unused.one()
