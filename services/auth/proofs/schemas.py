"""Wire types of what an organization demands."""

from typing import Literal

from services.auth.wire import Wire

Whom = Literal["nobody", "programs", "everyone"]


class ProofPolicy(Wire):
    """Whose sessions must be bound to a key (RFC 9449)."""

    required_of: Whom


class ProofPolicyView(ProofPolicy):
    etag: str
    """What `If-Match` must say to change it."""


class ProofPolicySet(ProofPolicyView):
    sessions_ended: int
    """How many sessions ended with it, as they are bound to no key."""
