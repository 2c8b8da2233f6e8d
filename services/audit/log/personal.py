"""Personal values of events, opened through the key of the person they describe, or known to be erased."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.audit.log.queries import SealedData
from services.evidence.recorder import personal_name
from services.evidence.subjects import SubjectKeys
from services.keys.fields import open_field
from services.keys.wrapping import SecretKey


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A value that an event commits to, with the 32-byte salt of the commitment."""

    value: str
    salt: bytes


class PersonalData:
    """Opens the personal data of some of `tenant`'s events, each key unwrapped once."""

    def __init__(self, subjects: SubjectKeys, tenant: UUID, sealed: Mapping[UUID, SealedData]) -> None:
        self._subjects = subjects
        self._tenant = tenant
        self._sealed = sealed
        self._keys: dict[UUID, SecretKey] = {}

    def of(self, event_id: UUID, event: Mapping[str, Any]) -> dict[str, Disclosed | None]:
        """What `event` commits to, sorted by name; None for what was erased.

        Raises:
            KeysError: what is stored was altered.
        """
        known = self._open(event_id)
        return {name: known.get(name) for name in sorted(event.get("pii", ()))}

    def _open(self, event_id: UUID) -> dict[str, Disclosed]:
        data = self._sealed.get(event_id)
        if data is None:
            return {}
        key = self._keys.get(data.subject)
        if key is None:
            key = self._keys[data.subject] = self._subjects.open(self._tenant, data.subject, data.wrapped_key)
        opened = json.loads(open_field(key, personal_name(self._tenant, event_id), data.sealed))
        return {name: Disclosed(value, base64.b64decode(salt)) for name, (value, salt) in opened.items()}
