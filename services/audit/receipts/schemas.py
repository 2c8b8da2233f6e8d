"""Wire types of receipts. The answer's own bytes are the receipt: `docs/ledger-format.md`, section 9."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[UUID, Field(strict=False)]


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Proven(Wire):
    """Exact bytes of an event and of its leaf, as text, and the inclusion proof (base64)."""

    event: str
    leaf: str
    proof: list[str]


class Receipt(Wire):
    """The event asked for, then what followed it in the same request, as the end of a delivery."""

    checkpoint: str
    events: list[Proven]
    format: Literal["redwell-receipt/v1"]
    log_key: str


class Unsealed(Wire):
    """The event is in the log, but no checkpoint covers it yet: ask again after `Retry-After` seconds."""

    event_id: Id
    sealed: Literal[False] = False
