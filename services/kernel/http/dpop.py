"""Sender-constrained tokens (DPoP, RFC 9449): how a request is refused for want of a good proof.

The gateway verifies proofs, and services learn whose key it was (`Admission.proof_key`).
"""

from typing import ClassVar

from services.kernel.http.oauth import OAuthRefusal

CHALLENGE = 'DPoP error="{}", algs="ES256"'


class ProofRefused(OAuthRefusal):
    """There must be a proof and is none, or it is not good for this request, or it was used before."""

    status = 401
    slug = "proof-refused"
    title = "The proof of the key is missing, or not good for this request"
    code = "invalid_dpop_proof"
    challenge: ClassVar[str] = CHALLENGE.format(code)

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": self.challenge}


class ProofRequired(ProofRefused):
    """The organization wants every such session bound to a key."""

    slug = "proof-required"
    title = "The organization wants sessions bound to a key; begin with a proof (DPoP)"


class GrantProofRefused(ProofRefused):
    """The token endpoint refuses with 400 (RFC 9449 section 5)."""

    status = 400

    def headers(self) -> dict[str, str]:
        return {}


class GrantProofRequired(ProofRequired):
    """The same at the token endpoint."""

    status = 400

    def headers(self) -> dict[str, str]:
        return {}
