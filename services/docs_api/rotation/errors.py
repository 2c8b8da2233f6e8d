"""Why a rotation stops. What it had not come to lies as it lay, and opens as it did."""

from services.keys.errors import KeysError


class RotationError(KeysError):
    """It cannot begin, or go on; the message says why."""


class FirmRevokedError(RotationError):
    """The firm's root was revoked; others can go on."""


class AlteredKeyError(RotationError):
    """A wrapped key does not open, so it was altered, or moved from another row."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} does not open, so it was altered. It was left as it is, and what came before it is "
            "done; restore that row from a backup, then run `redwell keys rotate`."
        )
