"""One well-formed request for every operation of the policy table, so that sweeps miss none."""

import json
import secrets
import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from services.kernel.contracts import committed_operations
from services.kernel.http.operation import Operation
from services.keys.signing import SigningKey
from tests.harness.instance import Instance
from tests.harness.people import Person, World, matter_body

OPERATIONS = {operation.id: operation for operation in committed_operations()}
# filename a.txt, class pleadings; a version has the class of its document
_METADATA = "filename YS50eHQ=,class cGxlYWRpbmdz"
_METADATA_OF_VERSION = "filename YS50eHQ="
ESCROW_PEM = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n"
    "-----END PUBLIC KEY-----\n"
)
"""X25519, the public key of RFC 7748, section 6.1."""
TOKEN_OPERATIONS = {name: row for name, row in OPERATIONS.items() if row.access == "token"}


@dataclass
class Caller:
    """Sends any operation as anybody, over a bare HTTP client."""

    instance: Instance
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        context = ssl.create_default_context(cafile=str(self.instance.ca))
        self.http = httpx.Client(base_url=self.instance.url, verify=context, timeout=60, trust_env=False)

    def close(self) -> None:
        self.http.close()

    def call(
        self, operation: Operation, person: Person | None, body: object = None, **ids: str
    ) -> httpx.Response:
        headers = {}
        if person is not None:
            assert person.client.tokens is not None
            headers["Authorization"] = f"Bearer {person.client.tokens.access}"
        if operation.dialect == "tus":
            metadata = _METADATA_OF_VERSION if "document_id" in operation.path else _METADATA
            headers |= {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": metadata}
        content = None
        if operation.media_type is not None:
            headers["Content-Type"] = operation.media_type
            content = body.encode() if isinstance(body, str) else json.dumps(body or {}).encode()
        path = operation.path.format_map(self.ids | ids)
        return self.http.request(operation.method, path, content=content, headers=headers)


def bodies(world: World) -> dict[str, Any]:
    """Valid bodies for the operations that take JSON and name something of the firm."""
    end = "2030-01-01T00:00:00Z"
    next_month = (world.instance.clock.now() + timedelta(days=30)).date().isoformat()
    return {
        "matters.create": matter_body(world["attorney"].id),
        "grants.create": {
            "member_id": world["paralegal"].id,
            "engagement_id": world.engagement,
            "classes": ["pleadings"],
            "permissions": ["read"],
            "ends_at": end,
            "purpose": "Review",
        },
        "access_requests.make": {"classes": ["correspondence"], "ends_at": end, "reason": "Second review"},
        "access_requests.decline": {"note": "Not now"},
        "holds.place": {"reason": "Litigation is to be expected"},
        "matters.export": {"public_key": ESCROW_PEM},
        "holds.release": {"reason": "Settled"},
        "quarantine.release": {"reason": "A training sample"},
        "documents.create": {"name": "a.txt", "folder": "", "class_id": "pleadings"},
        "documents.change": {"name": "b.txt"},
        "versions.create": {},
        "engagements.create": {"provider_id": world.provider, "services": ["review"]},
        "classes.create": {"id": "exhibits", "label": "Exhibits"},
        "members.change_roles": {"roles": ["attorney"]},
        "invitations.create": {"email": "x@example.com", "roles": ["attorney"]},
        "organizations.create": {"kind": "firm", "name": "Third Firm"},
        "tokens.switch": {"organization_id": world.other_firm},
        "step_up.confirm": {"code": "000000"},
        "log.export": {"filter": {}},
        "engagements.change": {"ends_at": end},
        "nda.publish": {"text": "Say nothing."},
        "nda.sign": {"engagement_id": world.engagement, "version": 1, "sha256": "0" * 64},
        "consents.record": {"given_at": "2026-01-01T00:00:00Z", "note": "By letter"},
        "members.declare_country": {"country": "IN"},
        "clients.create": {"name": "Robot", "scopes": ["document:read"]},
        "clients.add_key": {"jwk": new_jwk()},
        "members.set_external": {"sponsor_id": world["firm_admin"].id, "ends_on": next_month},
        "members.bulk": "action,email,roles\ninvite,bulk@example.com,attorney\n",
        "teams.create": {"name": f"Team {secrets.token_hex(4)}"},
        "teams.rename": {"name": "Second Chair"},
        "sessions.name": {"name": "Laptop"},
        "devices.find": {"user_code": "BCDF-GHJK"},
        "devices.approve": {"user_code": "BCDF-GHJK"},
        "devices.deny": {"user_code": "BCDF-GHJK"},
        "factors.add_totp": {"name": "Phone"},
        "factors.name": {"name": "Phone"},
        "policies.set": {"roles": {}},
        "matters.set_quota": {"quota_bytes": None},
        "organizations.set_quota": {"quota_bytes": None},
        "organization.require_proofs": {"required_of": "nobody"},
    }


def new_jwk() -> dict[str, str]:
    """The public half of a key that nobody had before."""
    public = SigningKey.generate().public_jwk()
    return {name: public[name] for name in ("kty", "crv", "x", "y")}


async def stored_event(instance: Instance, header: str) -> asyncpg.Record | None:
    """The event that a `Redwell-Event` header names, if the log holds it with that digest."""
    event_id, _, digest = header.partition("; sha256=")
    connection = await asyncpg.connect(instance.superuser_dsn())
    try:
        return await connection.fetchrow(
            "SELECT * FROM events WHERE id = $1 AND sha256 = $2", UUID(event_id), bytes.fromhex(digest)
        )
    finally:
        await connection.close()


async def counted_refusals(instance: Instance) -> int:
    """How many refusals of unknown callers are on record, in counts or already in events."""
    connection = await asyncpg.connect(instance.superuser_dsn())
    try:
        async with connection.transaction(isolation="repeatable_read"):
            waiting = await connection.fetchval("SELECT coalesce(sum(count), 0) FROM refusal_counts")
            bodies = await connection.fetch("SELECT body FROM events WHERE type = 'refusals.counted'")
    finally:
        await connection.close()
    return int(waiting) + sum(int(json.loads(row["body"])["change"]["count"]) for row in bodies)
