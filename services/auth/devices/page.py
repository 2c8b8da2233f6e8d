"""The page on which people sign a device in: one file, which asks the public API and keeps nothing.

Its script and its style are in it, named by their digests in the policy that the browser holds it to: nothing
else runs there, nothing is fetched from elsewhere, and whatever is sent goes to where the page came from.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Final

_DOCUMENT: Final = Path(__file__).with_name("page.html").read_text()


def _source(element: str) -> str:
    """The digest of the one element of this name, as a source of CSP (level 3)."""
    (content,) = re.findall(rf"<{element}>(.*?)</{element}>", _DOCUMENT, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


BODY: Final = _DOCUMENT.encode()
HEADERS: Final = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            f"script-src {_source('script')}",
            f"style-src {_source('style')}",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
