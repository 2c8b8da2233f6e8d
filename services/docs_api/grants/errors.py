"""What can be wrong with a grant."""

from services.kernel.problems import Conflict


class GrantRedundant(Conflict):
    """`grant_id` says which one."""

    slug = "grant-redundant"
    title = "A grant gives this person all of it for all of the time; use that one, or revoke it first"


class GrantRevoked(Conflict):
    slug = "grant-revoked"
    title = "The grant was revoked already"
