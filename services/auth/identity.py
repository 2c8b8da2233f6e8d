"""What names a person, as it lies in the tables: sealed under the identity key, found by a blind index."""

import hmac
from uuid import UUID

from services.kernel.ids import PLATFORM
from services.keys.fields import FieldName, blind_index, open_field, seal_field
from services.keys.wrapping import SecretKey, derive

_THROTTLE_LABEL = "redwell/throttle/v1"


class IdentityKeys:
    """Seals and opens members' fields. An address is given as `addresses.normalise` spells it."""

    def __init__(self, key: SecretKey) -> None:
        self._key = key
        self._throttle_key = derive(key, _THROTTLE_LABEL)

    def email_index(self, email: str) -> bytes:
        return blind_index(self._key, "member.email", email)

    def seal_email(self, tenant: UUID, member: UUID, email: str) -> bytes:
        return seal_field(self._key, FieldName("members", "email_sealed", tenant, member), email)

    def open_email(self, tenant: UUID, member: UUID, sealed: bytes) -> str:
        return open_field(self._key, FieldName("members", "email_sealed", tenant, member), sealed)

    def seal_name(self, tenant: UUID, member: UUID, name: str) -> bytes:
        return seal_field(self._key, FieldName("members", "name_sealed", tenant, member), name)

    def open_name(self, tenant: UUID, member: UUID, sealed: bytes) -> str:
        return open_field(self._key, FieldName("members", "name_sealed", tenant, member), sealed)

    def team_index(self, name: str) -> bytes:
        return blind_index(self._key, "team.name", name.casefold())

    def seal_team(self, tenant: UUID, team: UUID, name: str) -> bytes:
        return seal_field(self._key, FieldName("teams", "name_sealed", tenant, team), name)

    def open_team(self, tenant: UUID, team: UUID, sealed: bytes) -> str:
        return open_field(self._key, FieldName("teams", "name_sealed", tenant, team), sealed)

    def seal_session(self, tenant: UUID, session: UUID, name: str) -> bytes:
        return seal_field(self._key, FieldName("sessions", "name_sealed", tenant, session), name)

    def open_session(self, tenant: UUID, session: UUID, sealed: bytes) -> str:
        return open_field(self._key, FieldName("sessions", "name_sealed", tenant, session), sealed)

    def user_code_index(self, code: str) -> bytes:
        return blind_index(self._key, "device.user_code", code)

    def seal_device(self, device: UUID, column: str, text: str) -> bytes:
        return seal_field(self._key, FieldName("device_requests", column, PLATFORM, device), text)

    def open_device(self, device: UUID, column: str, sealed: bytes) -> str:
        return open_field(self._key, FieldName("device_requests", column, PLATFORM, device), sealed)

    def seal_seed(self, tenant: UUID, factor: UUID, seed: str) -> bytes:
        return seal_field(self._key, FieldName("totp_factors", "seed_sealed", tenant, factor), seed)

    def open_seed(self, tenant: UUID, factor: UUID, sealed: bytes) -> str:
        return open_field(self._key, FieldName("totp_factors", "seed_sealed", tenant, factor), sealed)

    def seal_factor(self, tenant: UUID, factor: UUID, name: str) -> bytes:
        return seal_field(self._key, FieldName("totp_factors", "name_sealed", tenant, factor), name)

    def open_factor(self, tenant: UUID, factor: UUID, sealed: bytes) -> str:
        return open_field(self._key, FieldName("totp_factors", "name_sealed", tenant, factor), sealed)

    def seal_letter(self, tenant: UUID, mail: UUID, letter: str) -> bytes:
        return seal_field(self._key, FieldName("outbox", "letter_sealed", tenant, mail), letter)

    def open_letter(self, tenant: UUID, mail: UUID, sealed: bytes) -> str:
        return open_field(self._key, FieldName("outbox", "letter_sealed", tenant, mail), sealed)

    def throttle_source(self, kind: str, account: bytes, address: str = "") -> bytes:
        """A keyed digest of who is tried and from where, so that counting keeps neither in clear."""
        message = b"\0".join((kind.encode(), account.hex().encode(), address.encode()))
        return hmac.digest(self._throttle_key.material, message, "sha256")
