"""What a device is told that asks whether somebody has decided (RFC 8628 section 3.5). Pure."""

from datetime import datetime, timedelta
from typing import Final

from services.auth.oauth.errors import (
    AuthorizationDenied,
    AuthorizationPending,
    DeviceCodeExpired,
    SlowDown,
)
from services.kernel.http.oauth import OAuthRefusal
from services.tables.devices import DeviceRequest

INTERVAL_SECONDS: Final = 5
SLOWED_BY_SECONDS: Final = 5
_TOLERANCE: Final = timedelta(seconds=1)  # what a line may take from an interval that was kept


def answer_poll(request: DeviceRequest, now: datetime) -> OAuthRefusal | None:
    """Count the poll in the row and say why it is refused; None if it was approved, used already or not."""
    if request.decision == "approved" and (request.collected_at is not None or request.expires_at > now):
        return None
    if request.decision == "denied":
        return AuthorizationDenied()
    if request.expires_at <= now:
        return DeviceCodeExpired()
    early = request.polled_at is not None and now < _next_poll(request, request.polled_at)
    request.polled_at = now
    if early:
        request.interval_seconds += SLOWED_BY_SECONDS
        return SlowDown()
    return AuthorizationPending()


def _next_poll(request: DeviceRequest, polled_at: datetime) -> datetime:
    return polled_at + timedelta(seconds=request.interval_seconds) - _TOLERANCE
