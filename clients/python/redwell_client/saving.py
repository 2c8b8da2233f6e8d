"""A file that gets its name only when all of it is there."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import TargetError


@contextmanager
def saved(target: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `target`, which takes its place if nothing goes wrong, and is removed otherwise.

    Raises:
        TargetError: it cannot be written; what had the name before is untouched.
    """
    partial = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with partial.open("xb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())  # the name must not be durable before the content is
        partial.replace(target)
    except OSError as error:
        raise TargetError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
