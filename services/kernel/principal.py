"""Who asks, and for which organization: the only identity a service ever sees.

An `Admission` is the gateway's decision. It travels as an in-process object (embedded) or inside a short
assertion that `host` verifies; it is never built from a header.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.kernel.scopes import Role, Scope

PROGRAM_ACR = "program"
"""How a program is known: by a key, and never by the factors of a person."""

ADMISSION_KEY = "redwell.admission"
"""Where the admission lies in the ASGI scope. No client can write there."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A member with a live token. `firm` is the acting-for organization: the tenant of what is asked.

    A token may say from which `networks` it is good; from anywhere where it names none.
    With a `proof_key` (RFC 7638), its token is good with proofs of that key alone.
    With an upload, it is whoever holds that upload's capability, and nothing but that upload is open to them.
    `key` names what the token was signed with; who came without a token has none.
    """

    id: UUID
    organization: UUID
    firm: UUID
    session: UUID
    roles: frozenset[Role]
    scopes: frozenset[Scope]
    acr: str
    amr: tuple[str, ...]
    auth_time: datetime
    upload: UUID | None = None
    networks: tuple[str, ...] = ()
    proof_key: str | None = None
    key: str | None = None

    @property
    def is_program(self) -> bool:
        return Role.CLIENT in self.roles

    @property
    def acts_for_another(self) -> bool:
        return self.firm != self.organization


@dataclass(frozen=True, slots=True)
class Admission:
    """An admitted request: what the gateway knows of it, and who makes it (None: nobody need be known).

    `proof_key` is the thumbprint (RFC 7638) of a key that its sender has proved to hold, by this request.
    """

    operation: str
    method: str
    path: str
    request_id: UUID
    address: str
    user_agent: str
    principal: Principal | None
    proof_key: str | None = None
