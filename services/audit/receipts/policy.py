"""Whose receipt somebody may have."""

from services.audit.receipts.queries import Recorded
from services.kernel.principal import Principal
from services.kernel.scopes import Role, Scope


def may_have(principal: Principal, event: Recorded) -> bool:
    """Whether `principal`, who acts for the organization of the event's log, may have its receipt.

    One's own act: what was granted, and what came of it. The event of a refusal may know more than the
    refusal told, so it is for the officers alone.
    """
    if event.actor == principal.id and event.outcome != "denied":
        return True
    watches = Scope.LOG_READ in principal.scopes and not principal.acts_for_another
    return watches and Role.OPERATOR not in principal.roles
