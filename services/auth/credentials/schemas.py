"""Wire types of passwords, authenticators and recovery codes."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, SecretStr

from services.auth.enrolment.schemas import TOTPSeed
from services.auth.wire import Email, Id, Label, NewPassword, Password, Wire

TypedCode = Annotated[SecretStr, Field(min_length=1, max_length=64)]
"""A recovery code as somebody types it."""


class RecoveryCodes(Wire):
    """Shown once. Each stands in for the authenticator one time; the codes before these are void."""

    codes: list[str]


class Recover(Wire):
    """Password and recovery code. `organization_id` is said as in signing in."""

    email: Email
    password: Password
    recovery_code: TypedCode
    organization_id: Id | None = None


class FactorBegun(Wire):
    """A new seed for an authenticator. `challenge` confirms it with a first code, and opens nothing else."""

    challenge: str
    expires_at: AwareDatetime
    totp: TOTPSeed


class FactorName(Wire):
    name: Label


class FactorView(Wire):
    """`used_at`: when its newest code was shown, to half a minute."""

    id: UUID
    kind: str
    name: str | None
    added_at: AwareDatetime
    used_at: AwareDatetime | None


class FactorList(Wire):
    items: list[FactorView]


class PasswordChange(Wire):
    password: Password
    new_password: NewPassword
