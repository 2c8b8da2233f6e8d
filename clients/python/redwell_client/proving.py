"""Proofs of possession (DPoP, RFC 9449) beside requests: what a client with a key does by itself.

What makes proofs is `ProofKey` in `proof_key`, which needs `cryptography`; anything else that can may take
its place, such as a key in hardware.
"""

from collections.abc import Generator
from typing import Final, Protocol

import httpx

SCHEME: Final = "DPoP"
_BEGINNINGS: Final = frozenset(
    {"/v1/sign-in/confirm", "/v1/join/confirm", "/v1/tokens/refresh", "/oauth/token"}
)
"""Where a session begins or goes on, without an access token."""


class Prover(Protocol):
    """Somebody's key."""

    def proof(self, method: str, url: str, access_token: str | None) -> str:
        """A proof of this one request."""
        ...


class Proving(httpx.Auth):
    """Adds a proof to each request that wants one."""

    def __init__(self, prover: Prover) -> None:
        self._prover = prover

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        begins = not scheme and request.url.path in _BEGINNINGS
        if begins or scheme == SCHEME:
            url = str(request.url.copy_with(query=None, fragment=None))
            request.headers["DPoP"] = self._prover.proof(request.method, url, token or None)
        yield request
