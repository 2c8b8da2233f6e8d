"""The dialect `tus`: resumable uploads by the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload)."""

import re
from typing import Final

VERSION: Final = "1.0.0"
_PATHS: Final = re.compile(r"/v1/(?:tus|(?:matters|documents)/[^/]+/tus)(?:/.*)?")


def is_tus(path: str) -> bool:
    """Whether every answer at this path, refusals too, carries `Tus-Resumable`."""
    return _PATHS.fullmatch(path) is not None
