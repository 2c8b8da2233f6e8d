"""Proofs of possession (DPoP, RFC 9449) at the gateway: which requests need one, and what it must be of.

A bound token is good with a proof of its key alone. Whoever begins or renews a session may bring a proof; the
service then learns whose key it was. Nobody else's proof is looked at.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.gateway.head import Fields, RequestHead
from services.kernel.http.dpop import GrantProofRefused, ProofRefused
from services.kernel.http.operation import Operation
from services.kernel.principal import Principal
from services.keys.compact import TokenError
from services.keys.proofs import Proof, ProvenRequest, verify_proof

HEADER: Final = b"dpop"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose operation is known; `hosts` are those served, as from the public URL."""

    operation: Operation
    head: RequestHead
    fields: Fields
    hosts: frozenset[bytes]


def proof_of_token(asked: Asked, principal: Principal, now: datetime) -> Proof | None:
    """The proof that goes with the principal's token; None where the token is bound to no key.

    Raises:
        ProofRefused: there is none, it is not good for this request, or it is of another key.
    """
    if principal.proof_key is None:
        return None
    token = (asked.fields.get(b"authorization") or b"").partition(b" ")[2]
    proof = _verified(asked, token.decode("latin-1"), now)
    if proof.key != principal.proof_key:
        raise proof_refusal(asked.operation, "of-another-key")
    return proof


def proof_of_anybody(asked: Asked, now: datetime) -> Proof | None:
    """The proof that somebody brings to be bound by; None if there is none, or nothing to be bound.

    Raises:
        ProofRefused: it is not good for this request.
    """
    may_bind = asked.operation.media_type is not None
    return _verified(asked, None, now) if may_bind and asked.fields.get(HEADER) is not None else None


def proof_refusal(operation: Operation, reason: str) -> ProofRefused:
    """How `operation` refuses a proof; `reason` is for the evidence."""
    refused = GrantProofRefused() if operation.dialect == "oauth" else ProofRefused()
    refused.reason = f"proof-{reason}"
    return refused


def _verified(asked: Asked, access_token: str | None, now: datetime) -> Proof:
    header = asked.fields.get(HEADER)
    if header is None:
        raise proof_refusal(asked.operation, "missing")
    request = ProvenRequest(
        method=asked.head.method,
        origins=frozenset(f"https://{host.decode()}" for host in asked.hosts),
        path=asked.head.raw_path.decode("latin-1"),
        access_token=access_token,
    )
    try:
        return verify_proof(header.decode("latin-1"), request, now)
    except TokenError as error:
        raise proof_refusal(asked.operation, error.reason) from error
