"""Proofs of possession (DPoP, RFC 9449) by an implementation that is not ours: keys and tokens of joserfc."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.harness.instance import Instance
from tests.harness.people import Person
from tests.harness.programs import ASSERTION_TYPE, Program, public_jwk


def new_key() -> ECKey:
    return ECKey.generate_key("P-256")


@dataclass
class Prover:
    """Somebody with a key."""

    instance: Instance
    key: ECKey = field(default_factory=new_key, repr=False)

    @property
    def thumbprint(self) -> str:
        return str(self.key.thumbprint())

    def proof(self, method: str, path: str, token: str | None = None, **claims: Any) -> str:
        """A proof for one request; `claims` are in place of its own, and `None` leaves one out."""
        body = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": self.instance.url + path,
            "iat": int(self.instance.clock.now().timestamp()),
        } | claims
        if token is not None:
            digest = hashlib.sha256(token.encode()).digest()
            body = {"ath": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()} | body
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(self.key)}
        return jwt.encode(
            header, {name: value for name, value in body.items() if value is not None}, self.key
        )

    def headers(self, method: str, path: str, token: str, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"DPoP {token}", "DPoP": self.proof(method, path, token, **claims)}

    def call(self, token: str, method: str, path: str, body: object = None) -> httpx.Response:
        """One request with the token and a proof."""
        return send(self.instance, method, path, body, self.headers(method, path, token))

    def begin(self, path: str, body: object) -> httpx.Response:
        """A request of somebody who brings a proof and no token."""
        return send(self.instance, "POST", path, body, {"DPoP": self.proof("POST", path)})

    def sign_in(self, person: Person) -> dict[str, Any]:
        """A bound session; the clock moves, since a code is good once."""
        challenge = begin_sign_in(self.instance, person)
        answer = self.begin("/v1/sign-in/confirm", challenge)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens


def begin_sign_in(instance: Instance, person: Person) -> dict[str, str]:
    """The body that confirms a sign-in, after its first step."""
    instance.clock.advance(31)
    body = {"email": person.email, "password": person.password}
    first = send(instance, "POST", "/v1/sign-in", body, {})
    assert first.status_code == 200, first.text
    return {"challenge": first.json()["challenge"], "code": person.code(instance.clock.now())}


def send(instance: Instance, method: str, path: str, body: object, headers: dict[str, str]) -> httpx.Response:
    with instance.http() as http:
        return http.request(method, path, json=body, headers=headers)


def ask(program: Program, proof: str) -> httpx.Response:
    """A token request with a proof."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": program.assertion(),
    }
    with program.instance.http() as http:
        return http.post("/oauth/token", data=form, headers={"DPoP": proof})


def new_token(program: Program, prover: Prover) -> dict[str, Any]:
    """A token of the program's that is bound to the prover's key."""
    answer = ask(program, prover.proof("POST", "/oauth/token"))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told
