"""Time-based one-time codes (RFC 6238: SHA-1, six digits, 30 seconds), each good once.

A code is accepted in its own step and in the one after it, which covers the time it takes to type. The
caller keeps the step that was accepted, in the same transaction, and hands it back: a step that is not
later is refused.
"""

import hmac
import re
from datetime import datetime
from typing import Final

import pyotp

STEP_SECONDS: Final = 30
SEED_CHARACTERS: Final = 32  # base32 of 160 bits, the length RFC 4226 recommends

_CODE: Final = re.compile(r"[0-9]{6}")


def new_seed() -> str:
    """A secret of 160 bits, in base32 as authenticator apps want it."""
    return pyotp.random_base32(SEED_CHARACTERS)


def provisioning_uri(seed: str, *, account: str, issuer: str) -> str:
    """The `otpauth://` address an authenticator app reads from a QR code. As secret as the seed."""
    return pyotp.TOTP(seed).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(seed: str, code: str, *, now: datetime, last_step: int | None) -> int | None:
    """The step `code` belongs to, or `None` if it is wrong, too old, or was used before.

    Args:
        seed: base32, from `new_seed`.
        code: as typed; anything but six ASCII digits is wrong.
        now: aware time of the server.
        last_step: the step accepted last for this seed, if any.
    """
    if not _CODE.fullmatch(code):
        return None
    totp = pyotp.TOTP(seed, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    # Both steps are always compared, so that the time taken does not tell which one matched.
    for step in (current - 1, current):
        if hmac.compare_digest(totp.generate_otp(step), code):
            found = step
    if found is None or (last_step is not None and found <= last_step):
        return None
    return found
