"""Pure decisions: what a program may be given, and for how long."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from services.kernel.contracts import committed_operations
from services.kernel.http.operation import Operation
from services.kernel.scopes import Role, Scope, scopes_of

MAX_TERM: Final = timedelta(days=365)
KEY_TERM: Final = timedelta(days=90)


def interactive_scopes(operations: Iterable[Operation]) -> frozenset[str]:
    """The scopes of operations that demand a factor proved just now, which a program does not have."""
    return frozenset(
        scope for row in operations if row.factor_max_age_seconds is not None for scope in row.scopes
    )


@cache
def grantable_scopes(*, acting_for_another: bool) -> frozenset[Scope]:
    """The scopes that a program can be given, at home or for the firm that it acts for."""
    role = scopes_of(frozenset({Role.CLIENT}), acting_for_another=acting_for_another)
    return role - interactive_scopes(committed_operations())


def decide_term(
    now: datetime, wanted: datetime | None, *, otherwise: timedelta, limit: datetime | None = None
) -> datetime | None:
    """When it ends: as wanted or after `otherwise`, but not after `limit`; None where it cannot be so."""
    ends = now + otherwise if wanted is None else wanted
    if not now < ends <= now + MAX_TERM:
        return None
    return ends if limit is None else min(ends, limit)
