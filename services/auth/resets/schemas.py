"""Wire types of factor resets."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from services.auth.wire import Email, NewPassword, Secret, Wire
from services.tables.auth import FactorReset


class ResetView(Wire):
    """`available_at`: from then on the operator who asked may release it alone."""

    id: UUID
    member_id: UUID
    state: Literal["pending", "released", "completed", "cancelled"]
    requested_at: AwareDatetime
    available_at: AwareDatetime


class ResetReleased(Wire):
    """The code is shown once, to be handed to the administrator; it works for their address alone."""

    reset: ResetView
    code: str
    expires_at: AwareDatetime


class ResetRedeem(Wire):
    """What the administrator chooses for themselves."""

    code: Secret
    email: Email
    password: NewPassword


def reset_view(row: FactorReset) -> ResetView:
    return ResetView.model_validate(
        {
            "id": row.id,
            "member_id": row.member_id,
            "state": row.state,
            "requested_at": row.requested_at,
            "available_at": row.available_at,
        }
    )
