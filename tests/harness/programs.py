"""A program that speaks OAuth through a library that is not ours (Authlib), with keys of joserfc's."""

import ssl
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.harness.instance import Instance
from tests.harness.people import Person, World

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CONTENT_SCOPES = ["class:read", "document:list", "document:read", "document:write", "matter:read"]


def public_jwk(key: ECKey) -> dict[str, Any]:
    return {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}


@dataclass
class Program:
    """A client with one key. `changed` says what its assertions are to have wrong."""

    instance: Instance
    id: str
    key: ECKey = field(repr=False)

    @property
    def kid(self) -> str:
        return str(self.key.thumbprint())

    def authlib(self, now: datetime | None = None, **options: Any) -> OAuth2Client:
        """The library's client. Only where the clock was moved must it be told the time, as `now`."""
        told = None if now is None else {"iat": int(now.timestamp()), "exp": int(now.timestamp()) + 60}
        endpoint = f"{self.instance.url}/oauth/token"
        method = PrivateKeyJWT(endpoint, claims=told, headers={"kid": self.kid}, alg="ES256")
        return OAuth2Client(
            self.id,
            self.key,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            token_endpoint=endpoint,
            grant_type="client_credentials",
            base_url=self.instance.url,
            verify=ssl.create_default_context(cafile=str(self.instance.ca)),
            timeout=60,
            trust_env=False,
            **options,
        )

    def assertion(self, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """An assertion by hand; `None` leaves a claim or a member of the header out."""
        now = int(self.instance.clock.now().timestamp())
        body = {
            "iss": self.id,
            "sub": self.id,
            "aud": f"{self.instance.url}/oauth/token",
            "jti": f"by-hand-{time.perf_counter_ns()}",
            "iat": now,
            "exp": now + 60,
        } | claims
        head = {"alg": "ES256", "kid": self.kid, "typ": "JWT"} | (header or {})
        present = {name: value for name, value in head.items() if value is not None}
        signed = {name: value for name, value in body.items() if value is not None}
        return str(jwt.encode(present, signed, self.key, algorithms=[str(head["alg"])]))

    def post(self, path: str, assertion: str | None = None, **fields: str) -> httpx.Response:
        """A form with an assertion: a fresh one, unless said."""
        form = {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion() if assertion is None else assertion,
        }
        with self.instance.http() as http:
            return http.post(path, data=form | fields)

    def ask(self, assertion: str | None = None, **fields: str) -> httpx.Response:
        """A token request."""
        return self.post("/oauth/token", assertion, **{"grant_type": "client_credentials", **fields})

    def token(self, **fields: str) -> str:
        answer = self.ask(**fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def call(self, token: str, method: str, path: str, body: Any = None) -> httpx.Response:
        with self.instance.http() as http:
            return http.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})


def new_program(world: World, admin: Person, **changes: Any) -> Program:
    """A program of `admin`'s organization, with a key, and on no matter yet."""
    made = admin.client.call(
        "POST", "/v1/clients", {"name": "Document system", "scopes": CONTENT_SCOPES, **changes}
    )
    program = Program(world.instance, made["id"], ECKey.generate_key("P-256"))
    admin.client.call("POST", f"/v1/clients/{program.id}/keys", {"jwk": public_jwk(program.key)})
    return program


def put_on_matter(world: World, program: Program, matter: str) -> None:
    world["attorney"].client.call("PUT", f"/v1/matters/{matter}/people/{program.id}")
