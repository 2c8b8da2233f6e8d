"""Pinned log keys: what an officer wrote down on the first day, kept where only they can change it."""

import os
import re
from pathlib import Path

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


class PinError(ValueError):
    """The text is not a fingerprint."""


def own_folder() -> Path:
    """Where a person keeps what is theirs (XDG Base Directory)."""
    configured = os.environ.get("XDG_CONFIG_HOME")  # noqa: TID251 -- the XDG rule for a person's own files
    folder = Path(configured) if configured and configured.startswith("/") else Path.home() / ".config"
    return folder / "redwell"


def pins_file() -> Path:
    return own_folder() / "log-key.pin"


def pin(fingerprint: str) -> Path:
    """Keep the fingerprint for later verifications; returns the file it is in.

    Raises:
        PinError: it is not of the form `SHA256:…`.
    """
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise PinError("A fingerprint is SHA256: and 43 characters, as `redwell up` printed it.")
    file = pins_file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_text(fingerprint + "\n")
    return file


def pinned() -> str | None:
    file = pins_file()
    return file.read_text().strip() if file.exists() else None
