"""The examples of RFC 9449, and proofs by an implementation that is not ours (joserfc)."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from services.keys.proofs import ProvenRequest, token_digest, verify_proof
from services.keys.verification import TokenError

_HEAD = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZ"
    "OXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIs"
    "ImNydiI6IlAtMjU2In19."
)
# RFC 9449, figures 1 and 12; the thumbprint of figure 9.
AT_THE_TOKEN_ENDPOINT = _HEAD + (
    "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rv"
    "a2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJ"
    "K70nfbV37xRZT3Lg"
)
AT_A_RESOURCE = _HEAD + (
    "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9w"
    "cm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlp"
    "S0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpL"
    "jA"
)
ACCESS_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
SENT = datetime.fromtimestamp(1562262616, UTC)


def test_the_example_at_the_token_endpoint() -> None:
    request = ProvenRequest("POST", {"https://server.example.com"}, "/token")
    assert verify_proof(AT_THE_TOKEN_ENDPOINT, request, SENT).key == THUMBPRINT


def test_the_example_at_a_resource() -> None:
    request = ProvenRequest("GET", {"https://resource.example.org"}, "/protectedresource", ACCESS_TOKEN)
    assert verify_proof(AT_A_RESOURCE, request, SENT).key == THUMBPRINT
    assert token_digest(ACCESS_TOKEN) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def test_an_example_is_of_its_own_request_and_time_alone() -> None:
    request = ProvenRequest("POST", {"https://resource.example.org"}, "/protectedresource", ACCESS_TOKEN)
    with pytest.raises(TokenError, match="wrong-method"):
        verify_proof(AT_A_RESOURCE, request, SENT)
    request = ProvenRequest("POST", {"https://server.example.com"}, "/token")
    with pytest.raises(TokenError, match="not-of-now"):
        verify_proof(AT_THE_TOKEN_ENDPOINT, request, SENT + timedelta(minutes=2))


def test_a_proof_of_another_implementation() -> None:
    key = ECKey.generate_key("P-256")
    members = key.as_dict(private=False)
    header = {
        "typ": "dpop+jwt",
        "alg": "ES256",
        "jwk": {name: members[name] for name in ("kty", "crv", "x", "y")},
    }
    claims: dict[str, Any] = {
        "jti": secrets.token_urlsafe(16),
        "htm": "GET",
        "htu": "https://files.example/v1/me",
        "iat": int(SENT.timestamp()),
        "ath": token_digest("x.y.z"),
        "nonce": "of a server that issues some",
    }
    proof = verify_proof(
        jwt.encode(header, claims, key),
        ProvenRequest("GET", {"https://files.example"}, "/v1/me", "x.y.z"),
        SENT,
    )
    assert proof.key == key.thumbprint()
