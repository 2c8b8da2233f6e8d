"""Pure decisions: which roles go together, and which passwords are too easily guessed (NIST SP 800-63B)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from services.kernel.scopes import ROLES_OF_KIND, OrganizationKind, Role

ADMINISTRATOR_OF: Final = {
    OrganizationKind.FIRM: Role.FIRM_ADMIN,
    OrganizationKind.PROVIDER: Role.PROVIDER_ADMIN,
    OrganizationKind.PLATFORM: Role.OPERATOR,
}
"""The role that an organization's first member gets."""

_ALONE: Final = frozenset({Role.COMPLIANCE_OFFICER, Role.OPERATOR})
_COMMONEST: Final = Path(__file__).with_name("commonest_passwords.txt")
_SHORTEST_WORD = 4


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` is a sentence for people when not allowed."""

    allowed: bool
    reason: str = ""


ALLOWED: Final = Decision(True)


def decide_roles(kind: OrganizationKind, roles: frozenset[Role], *, solo: bool = False) -> Decision:
    """May one member of an organization of this kind hold these roles together?

    Who watches (`compliance_officer`) holds no role that is watched; an operator is nothing else.
    In a `solo` firm there is nobody else to watch or to be watched.
    """
    if not roles:
        return Decision(False, "A member has at least one role.")
    if not roles <= ROLES_OF_KIND[kind]:
        return Decision(False, f"A {kind} has no such role.")
    if len(roles) > 1 and roles & _ALONE and not solo:
        return Decision(False, "A compliance officer holds no other role.")
    return ALLOWED


def member_etag(member: UUID, state: str, roles: Iterable[Role]) -> str:
    """The entity tag (RFC 9110) of a member's state and roles: equal for equal ones."""
    text = "|".join((str(member), state, *sorted(roles)))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def decide_password(password: str, *, organization: str, email: str) -> Decision:
    """Is `password`, of 8 to 1024 characters, hard enough to guess? No rule asks for kinds of characters."""
    folded = password.casefold()
    if folded in _commonest() or len(set(folded)) == 1:
        return Decision(False, "The password is among those that are tried first.")
    if any(word in folded for word in _context(organization, email)):
        return Decision(False, "The password contains your address, your organization, or ours.")
    return ALLOWED


def _context(organization: str, email: str) -> Iterable[str]:
    name = organization.casefold()
    local = email.casefold().rpartition("@")[0]
    squeezed = "".join(character for character in name if character.isalnum())
    # A name of two or three letters would forbid half of all passwords.
    yield from (word for word in ("redwell", name, squeezed, local) if len(word) >= _SHORTEST_WORD)


@cache
def _commonest() -> frozenset[str]:
    return frozenset(_COMMONEST.read_text().split())
