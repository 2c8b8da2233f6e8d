"""Passwords in files: there as a whole or not at all, and readable by their owner only."""

import os
from pathlib import Path


def replace_secret(file: Path, text: str) -> None:
    """Give `file` this text, durably; what ends on the way, for want of room say, leaves it as it was."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "w") as opened:  # noqa: PTH123 -- a descriptor, not a path
            opened.write(text)
            opened.flush()
            os.fsync(descriptor)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
