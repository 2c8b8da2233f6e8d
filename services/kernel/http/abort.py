"""A way for an answer to end its connection at once, without what waits in buffers still being delivered.

It is an ASGI extension that our server offers (`host/protocol.py`). Where there is none, an answer that ends
early is cut off after what was handed over.
"""

from collections.abc import MutableMapping
from typing import Any

EXTENSION = "redwell.abort"


def abort(scope: MutableMapping[str, Any]) -> None:
    """Reset the connection that the request of `scope` came on."""
    offered = scope.get("extensions", {}).get(EXTENSION)
    if offered is not None:
        offered["abort"]()
