"""What can be wrong with a grant."""

from services.kernel.problems import Conflict


class GrantRevoked(Conflict):
    slug = "grant-revoked"
    title = "The grant was revoked already"
