"""Event bytes: canonical JSON (RFC 8785) of ids and salted commitments, fixed in the act's transaction.

Fields and their meaning: `docs/ledger-format.md`. What names or locates a person is not in the bytes; the
bytes commit to it, and the value lies beside them under that person's key.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import rfc8785

from services.kernel.clock import timestamp
from services.kernel.ids import new_id
from services.kernel.principal import Admission, Principal

Outcome = Literal["allowed", "denied", "failed", "info"]
MAX_EVENT_BYTES = 8192
_COMMITMENT_LABEL = b"redwell/pii/v1\0"
_SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about."""

    kind: str
    id: UUID
    matter: UUID | None = None
    document: UUID | None = None
    version: UUID | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What happened, before it is bytes. `change` and `content` hold strings, integers, booleans, lists.

    `personal` holds what names or locates a person: the event commits to it, beside what the request tells.
    """

    type: str
    outcome: Outcome = "allowed"
    reason: str | None = None
    subject: Subject | None = None
    change: Mapping[str, object] = field(default_factory=dict)
    content: Mapping[str, object] = field(default_factory=dict)
    personal: dict[str, str] = field(default_factory=dict, repr=False)
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it will be stored. `personal` holds `{field: [value, salt]}` until it is sealed."""

    tenant: UUID
    id: UUID
    at: datetime
    draft: Draft
    body: bytes
    sha256: bytes
    personal: bytes | None
    principal: Principal | None
    request_id: UUID | None

    @property
    def header(self) -> str:
        """The value of `Redwell-Event`."""
        return f"{self.id}; sha256={self.sha256.hex()}"


def build_event(tenant: UUID, draft: Draft, admission: Admission | None, now: datetime) -> Event:
    """The event of `draft`.

    Args:
        tenant: the organization in whose tree it belongs.
        draft: what happened.
        admission: the request it happened in; None for what the system does by itself.
        now: aware UTC; becomes `ts` and the order of the id.

    Raises:
        ValueError: the bytes exceed 8 KiB.
    """
    event_id = new_id(now)
    principal = admission.principal if admission else None
    personal = _personal(admission, draft)
    document: dict[str, Any] = {
        "v": 1,
        "id": str(event_id),
        "ts": timestamp(now),
        "tenant": str(tenant),
        "type": draft.type,
        "outcome": draft.outcome,
        "reason": draft.reason,
        "actor": _actor(principal),
        "object": _object(draft.subject),
        "req": _request(admission, draft.status),
        "change": dict(draft.change) or None,
        "content": dict(draft.content) or None,
        "pii": {name: _commitment(value, salt) for name, (value, salt) in personal.items()} or None,
    }
    body = rfc8785.dumps({name: value for name, value in document.items() if value is not None})
    if len(body) > MAX_EVENT_BYTES:
        raise ValueError("an event is at most 8 KiB")
    return Event(
        tenant=tenant,
        id=event_id,
        at=now,
        draft=draft,
        body=body,
        sha256=hashlib.sha256(body).digest(),
        personal=json.dumps(personal).encode() if personal else None,
        principal=principal,
        request_id=admission.request_id if admission else None,
    )


def _actor(principal: Principal | None) -> dict[str, object] | None:
    if principal is None:
        return None
    return {
        "kind": "client" if principal.is_program else "member",
        "id": str(principal.id),
        "org": str(principal.organization),
        "sid": str(principal.session),
        "acr": principal.acr,
        "amr": list(principal.amr),
    }


def _object(subject: Subject | None) -> dict[str, str] | None:
    if subject is None:
        return None
    ids = {
        "id": subject.id,
        "matter": subject.matter,
        "document": subject.document,
        "version": subject.version,
    }
    return {"kind": subject.kind} | {name: str(value) for name, value in ids.items() if value is not None}


def _request(admission: Admission | None, status: int | None) -> dict[str, object] | None:
    if admission is None:
        return None
    request = {"id": str(admission.request_id), "operation": admission.operation, "method": admission.method}
    return request | ({"status": status} if status is not None else {})


def _personal(admission: Admission | None, draft: Draft) -> dict[str, tuple[str, str]]:
    values = dict(draft.personal)
    if admission is not None:
        values |= {"address": admission.address, "user_agent": admission.user_agent}
    return {name: (value, _salt()) for name, value in values.items() if value}


def _salt() -> str:
    return base64.b64encode(secrets.token_bytes(_SALT_BYTES)).decode()


def _commitment(value: str, salt: str) -> str:
    return hashlib.sha256(_COMMITMENT_LABEL + base64.b64decode(salt) + value.encode()).hexdigest()
