"""What everybody in a firm is told while its root key may not be used."""

from services.kernel.problems import Unavailable


class FirmKeyUnavailable(Unavailable):
    """The firm's root key was revoked, or whoever keeps it says no or nothing. Other firms go on."""

    slug = "firm-key-unavailable"
    title = "The firm's root key cannot be used now, so nothing of the firm's is opened or sealed"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "2"}
