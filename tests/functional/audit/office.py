"""The audit service by itself over HTTP, with the gateway's decision put in place by the test."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from services.audit.offline import note
from services.audit.offline.report import Report
from services.audit.offline.verify import verify_bundle
from services.evidence.event import Draft, Event, Subject
from services.evidence.service import ServiceApp
from services.kernel.clock import system_clock
from services.kernel.principal import ADMISSION_KEY, Admission, Principal
from services.kernel.scopes import ROLE_SCOPES, Role


@dataclass
class Admitting:
    """Stands where the gateway stands."""

    app: ASGIApp
    admission: Admission | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, ADMISSION_KEY: self.admission}, receive, send)


@dataclass
class Office:
    """The running service, one organization, and its officer."""

    app: ServiceApp
    superuser: asyncpg.Connection
    folder: Path
    tenant: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        self.door = Admitting(self.app)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.door), base_url="https://localhost")
        self.pin = note.fingerprint(self.app.state.exporter.log_public_key)

    async def sign_in(self, organization: UUID, *roles: Role) -> Principal:
        session, member, now = uuid4(), uuid4(), system_clock()
        async with self.superuser.transaction():
            await self.superuser.execute(
                "SET LOCAL session_replication_role = replica"
            )  # no member behind it
            await self.superuser.execute(
                "INSERT INTO sessions (tenant_id, id, member_id, acr, amr, auth_time, created_at, "
                "idle_expires_at, expires_at) VALUES ($1, $2, $3, 'aal2', '{pwd,otp}', $4, $4, $5, $5)",
                organization,
                session,
                member,
                now,
                now + timedelta(hours=1),
            )
        scopes = frozenset[Any]().union(*(ROLE_SCOPES[role] for role in roles))
        return Principal(
            member, organization, organization, session, frozenset(roles), scopes, "aal2", ("pwd", "otp"), now
        )

    async def ask(
        self, principal: Principal, operation: str, body: object = None, **query: str
    ) -> httpx.Response:
        method, path = {
            "log.search": ("GET", "/v1/log/events"),
            "log.checkpoint": ("GET", "/v1/log/checkpoint"),
            "log.export": ("POST", "/v1/log/bundles"),
        }[operation]
        self.door.admission = Admission(
            operation, method, path, uuid4(), "198.51.100.4", "officer/1", principal
        )
        return await self.http.request(method, path, params=query, json=body)

    async def receipt(self, principal: Principal, event_id: UUID) -> httpx.Response:
        path = f"/v1/receipts/{event_id}"
        self.door.admission = Admission(
            "receipts.get", "GET", path, uuid4(), "198.51.100.4", "reader/1", principal
        )
        return await self.http.get(path)

    async def happen(
        self, type_: str, matter: UUID | None = None, actor: Principal | None = None, **changes: Any
    ) -> Event:
        """An event that `actor` caused, or somebody unknown, from 192.0.2.1."""
        subject = Subject("document", uuid4(), matter, uuid4())
        cause = Admission("documents.fetch", "GET", "/v1/x", uuid4(), "192.0.2.1", "reader/2", actor)
        event: Event = await self.app.state.recorder.append_alone(
            self.tenant, Draft(type_, subject=subject, **changes), cause
        )
        return event

    async def verify(self, bundle: bytes) -> Report:
        path = self.folder / f"{uuid4()}.zip"
        path.write_bytes(bundle)
        return await asyncio.to_thread(verify_bundle, path, self.pin)

    async def last_event(self, type_: str) -> dict[str, Any]:
        row = await self.superuser.fetchrow(
            "SELECT outcome, reason, convert_from(body, 'UTF8')::json AS body FROM events "
            "WHERE tenant_id = $1 AND type = $2 ORDER BY at DESC LIMIT 1",
            self.tenant,
            type_,
        )
        assert row is not None
        return dict(row)
