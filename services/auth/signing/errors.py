"""Why a signing key does not give way. Nothing has failed for anybody by then."""

from services.keys.errors import KeysError


class SigningRotationError(KeysError):
    """It cannot begin, or go on; the message says why."""
