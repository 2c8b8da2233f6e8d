"""Binding a session to the key that its first request has proved, and keeping it bound."""

from uuid import UUID

from sqlalchemy import select

from services.auth.lookups import Place
from services.auth.oauth.endpoints import TOKEN_PATH
from services.auth.proofs import queries
from services.evidence.act import Act
from services.kernel.http.dpop import GrantProofRefused, GrantProofRequired, ProofRefused, ProofRequired
from services.tables.sessions import Session


async def key_to_bind(act: Act, tenant: UUID, *, program: bool) -> str | None:
    """The key that a session which begins in this act is bound to; None if nobody has proved one.

    Raises:
        ProofRequired: the organization wants one.
    """
    await queries.lock_policy(act.session, tenant, exclusive=False)
    if act.admission.proof_key is not None:
        return act.admission.proof_key
    policy = await queries.read_policy(act.session, tenant)
    if policy is not None and policy.required_of in (("programs", "everyone") if program else ("everyone",)):
        raise GrantProofRequired if _at_token_endpoint(act) else ProofRequired
    return None


async def require_same_key(act: Act, place: Place) -> None:
    """Whoever goes on with a bound session has proved its key, in this very request.

    Raises:
        ProofRefused: they have not, or another.
    """
    bound_to = await act.session.scalar(
        select(Session.proof_key).where(Session.tenant_id == place.tenant, Session.id == place.id)
    )
    if bound_to is not None and bound_to != act.admission.proof_key:
        refused = GrantProofRefused() if _at_token_endpoint(act) else ProofRefused()
        refused.reason = "proof-missing" if act.admission.proof_key is None else "proof-of-another-key"
        raise refused


def _at_token_endpoint(act: Act) -> bool:
    return act.admission.path == TOKEN_PATH
