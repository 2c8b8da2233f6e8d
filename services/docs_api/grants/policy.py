"""Who may look at the grants of a matter they are not on."""

from services.kernel.principal import Principal
from services.kernel.scopes import Role


def oversees_grants(principal: Principal) -> bool:
    """A compliance officer of the firm itself sees who holds what in every matter, and never content."""
    return Role.COMPLIANCE_OFFICER in principal.roles and not principal.acts_for_another
