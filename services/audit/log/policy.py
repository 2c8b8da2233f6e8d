"""Whose log somebody may read: that of the organization they belong to, and no other."""

from uuid import UUID

from services.kernel.principal import Principal
from services.kernel.problems import Forbidden
from services.kernel.scopes import Role


def own_log(principal: Principal) -> UUID:
    """The tenant whose log `principal` may read.

    Raises:
        Forbidden: they act for another organization, or operate the platform.
    """
    if principal.acts_for_another or Role.OPERATOR in principal.roles:
        raise Forbidden
    return principal.organization
