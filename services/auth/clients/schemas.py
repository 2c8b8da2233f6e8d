"""Wire types of clients."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from services.auth.wire import Id, Label, Wire
from services.kernel.networks import network
from services.kernel.scopes import Scope

Moment = Annotated[AwareDatetime, Field(strict=False)]
Network = Annotated[str, Field(max_length=64), AfterValidator(network)]
Coordinate = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]


class NewClient(Wire):
    """`networks`: CIDR blocks that it may come from; from anywhere if there is none.

    `acting_for`: the firm that a provider's program acts for. `expires_at`: at most a year ahead, which it is
    where nothing is said.
    """

    name: Label
    scopes: Annotated[list[Annotated[Scope, Field(strict=False)]], Field(min_length=1, max_length=32)]
    networks: Annotated[list[Network], Field(max_length=16, default_factory=list)]
    acting_for: Id | None = None
    expires_at: Moment | None = None


class PublicJwk(Wire):
    """The public half of a P-256 key (RFC 7518). Never send the private half: it is refused."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Coordinate
    y: Coordinate
    alg: Literal["ES256"] = "ES256"
    use: Literal["sig"] = "sig"
    kid: Annotated[str | None, Field(max_length=200)] = None
    """Whatever it is called elsewhere; here it has the name that its thumbprint is (RFC 7638)."""


class NewKey(Wire):
    """`expires_at`: at most a year ahead; in 90 days where nothing is said, and never after the client."""

    jwk: PublicJwk
    expires_at: Moment | None = None


class KeyView(Wire):
    """`kid` is what the header of an assertion must name."""

    kid: str
    created_at: AwareDatetime
    expires_at: AwareDatetime
    revoked_at: AwareDatetime | None
    last_used_at: AwareDatetime | None


class ClientView(Wire):
    """`id` is the `client_id`, and the member that is put on matters or given grants."""

    id: UUID
    name: str
    state: Literal["active", "disabled"]
    acting_for: UUID
    scopes: list[str]
    networks: list[str]
    created_at: AwareDatetime
    expires_at: AwareDatetime
    last_used_at: AwareDatetime | None
    keys: list[KeyView]


class ClientPage(Wire):
    items: list[ClientView]
    next: str | None
