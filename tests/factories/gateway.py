"""A small policy table, tokens for it, and a recorder that remembers: what the gateway's tests stand on."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.evidence.event import Draft, Event, build_event
from services.gateway.decision import Rules
from services.gateway.head import RequestHead, hosts_of
from services.gateway.keys import PublicKeys
from services.gateway.point import DecisionPoint, Lookups
from services.gateway.policy import PolicyTable
from services.gateway.tokens import AccessTokens
from services.kernel.http.operation import Operation
from services.kernel.principal import Admission
from services.kernel.problems import EvidenceUnavailable, Unavailable
from services.keys.keyring import keyring_of
from services.keys.signing import SigningKey

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
URL = "https://localhost:8443"
KEY = SigningKey.generate()
MEMBER, ORGANIZATION, FIRM, SESSION = (UUID(int=number) for number in (1, 2, 2, 4))
MATTER = "0192f0c1-0000-7000-8000-00000000000a"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def operation(operation_id: str, method: str, path: str, **change: Any) -> Operation:
    noun = operation_id.partition(".")[0]
    fields: dict[str, Any] = {
        "service": "docs",
        "pattern": path.replace("{id}", _UUID)
        .replace("-", r"\-")
        .replace(r"a\-f", "a-f")
        .replace(r"0\-9", "0-9"),
        "dialect": "v1",
        "access": "token",
        "scopes": ("matter:read",),
        "factor_max_age_seconds": None,
        "body_limit_bytes": 0,
        "media_type": None,
        "event": f"{noun}.read",
    }
    return Operation(**{"id": operation_id, "method": method, "path": path, **fields, **change})


JSON = {"body_limit_bytes": 1024, "media_type": "application/json"}
OPERATIONS = (
    operation("matters.list", "GET", "/v1/matters"),
    operation("matters.create", "POST", "/v1/matters", scopes=("matter:create",), **JSON),
    operation("matters.get", "GET", "/v1/matters/{id}"),
    operation("documents.list", "GET", "/v1/matters/{id}/documents", scopes=("document:list", "matter:read")),
    operation("grants.create", "POST", "/v1/matters/{id}/grants", factor_max_age_seconds=300, **JSON),
    operation(
        "grants.revoke",
        "POST",
        "/v1/grants/{id}/revoke",
        scopes=("grant:manage",),
        factor_max_age_seconds=300,
    ),
    operation("documents.fetch", "GET", "/v1/documents/{id}/content"),
    operation("documents.head", "HEAD", "/v1/documents/{id}/content"),
    operation(
        "uploads.put",
        "PUT",
        "/v1/uploads/{id}/content",
        body_limit_bytes=None,
        media_type="application/octet-stream",
    ),
    operation("sign_in.password", "POST", "/v1/sign-in", service="auth", access="public", scopes=(), **JSON),
    operation("log.search", "GET", "/v1/log/events", service="audit", scopes=("log:read",)),
    operation("openapi.get", "GET", "/v1/openapi.json", service="gateway", access="public", scopes=()),
)
TABLE = PolicyTable(OPERATIONS)


def claims(**change: object) -> dict[str, object]:
    issued = int(NOW.timestamp())
    return {
        "iss": URL,
        "aud": URL,
        "sub": str(MEMBER),
        "sid": str(SESSION),
        "org": str(ORGANIZATION),
        "firm": str(FIRM),
        "roles": ["attorney"],
        "scope": "document:list document:read document:write matter:create matter:read grant:manage",
        "acr": "aal2",
        "amr": ["pwd", "otp"],
        "auth_time": issued,
        "jti": "one",
        "iat": issued,
        "nbf": issued - 5,
        "exp": issued + 600,
        **change,
    }


def bearer(key: SigningKey = KEY, typ: str = "at+jwt", /, **change: object) -> tuple[bytes, bytes]:
    return b"authorization", b"Bearer " + key.sign(typ, claims(**change)).encode()


HOST = (b"host", b"localhost:8443")


def head(method: str, target: str | bytes, *headers: tuple[bytes, bytes], host: bool = True) -> RequestHead:
    raw = target.encode() if isinstance(target, str) else target
    path, _, query = raw.partition(b"?")
    return RequestHead(method, path, query, [*([HOST] if host else []), *headers], "192.0.2.7")


def json_of(length: int = 2) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    return (b"content-type", b"application/json"), (b"content-length", str(length).encode())


def rules(table: PolicyTable = TABLE, url: str = URL) -> Rules:
    return Rules(table, AccessTokens(url, keyring_of([KEY])), hosts_of(url))


@dataclass
class Memory:
    """Takes the part of the recorder; `broken` makes it fail as a lost database does."""

    broken: bool = False
    events: list[Event] = field(default_factory=list)
    counts: list[tuple[Admission, str]] = field(default_factory=list)

    async def append_alone(self, tenant: UUID, draft: Draft, admission: Admission | None) -> Event:
        self._check()
        self.events.append(build_event(tenant, draft, admission, NOW))
        return self.events[-1]

    async def count_refusal(self, admission: Admission, reason: str) -> None:
        self._check()
        self.counts.append((admission, reason))

    def _check(self) -> None:
        if self.broken:
            raise EvidenceUnavailable


@dataclass
class Shelf:
    """Takes the part of the table of keys."""

    keys: list[SigningKey] = field(default_factory=list)
    reads: int = 0
    broken: bool = False

    async def load(self, _: datetime) -> list[dict[str, str]]:
        self.reads += 1
        if self.broken:
            raise Unavailable
        return [key.public_jwk() for key in self.keys]


@dataclass
class Watch:
    """A clock that tests turn."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def decision_point(
    memory: Memory,
    shelf: Shelf | None = None,
    watch: Watch | None = None,
    lookups: Lookups | None = None,
) -> DecisionPoint:
    """A point that knows the keys on `shelf` once it has looked there; without a shelf, it knows `KEY`."""
    clock = watch or Watch()
    tokens = AccessTokens(URL, keyring_of([KEY] if shelf is None else []))
    keys = PublicKeys((shelf or Shelf([KEY])).load, tokens.verifier, clock)
    return DecisionPoint(Rules(TABLE, tokens, hosts_of(URL)), keys, memory, clock, lookups)
