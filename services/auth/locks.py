"""Row locks are taken in one order everywhere, so that no two acts wait for each other.

The order: organization, member, invitation, reset, challenge, session, device, factor, throttle.

Whoever makes a token or a challenge shares the member's row; whoever changes what a token says of the member,
or ends their sessions, has it alone. So no token is made beside a change that would have made it different.
"""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.lookups import Place
from services.evidence.act import Act, check_session
from services.tables.auth import Member


@dataclass(frozen=True, slots=True)
class LockedMember:
    """A member's row as it stays until the transaction ends."""

    state: str
    password_hash: str = field(repr=False)
    kind: str = "person"


async def lock_member(
    session: AsyncSession, member: Place, *, exclusive: bool = False
) -> LockedMember | None:
    """Keep others from changing `member` (exclusive: and from making tokens for them) meanwhile."""
    wanted = select(Member.state, Member.password_hash, Member.kind).where(
        Member.tenant_id == member.tenant, Member.id == member.id
    )
    # The lock leaves foreign keys alone, which only need the row to stay.
    locking = wanted.with_for_update(read=not exclusive, key_share=exclusive)
    row = (await session.execute(locking)).one_or_none()
    return None if row is None else LockedMember(row.state, row.password_hash, row.kind)


async def confirm_acting(act: Act, *, exclusive: bool = False) -> None:
    """The principal is still who the token says, and stays so until the act ends.

    Raises:
        SessionEnded: somebody suspended them, or changed their roles, while this act was waiting.
    """
    member = Place(act.principal.organization, act.principal.id)
    await lock_member(act.session, member, exclusive=exclusive)
    await check_session(act.session, act.principal, act.now)
