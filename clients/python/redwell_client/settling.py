"""Waits until content that arrived is available: it is verified, and may be scanned, with no request open."""

from collections.abc import Callable
from functools import partial
from typing import Any

from .errors import RefusedContentError, UnsettledError
from .patience import Watch

SETTLING_SECONDS = 15 * 60.0
_MOST_PAUSE_SECONDS = 10.0
_SLOWEST_BYTES = 10 * 1024 * 1024
_AVAILABLE = frozenset({"complete", "available"})
_REFUSED = {
    "rejected": "rejected: what arrived is not what was declared, or could not be read back",
    "quarantined": "quarantined: the scanner found something in it, and nobody can fetch it",
    "abandoned": "given up before all of it was there",
}
"""Every state that is neither here nor available is one of those on the way, whatever it is called."""

Ask = Callable[[str, str], dict[str, Any]]
"""One JSON operation, by its method and path."""


def settled(ask: Ask, upload_id: str, length_bytes: int, watch: Watch) -> dict[str, Any]:
    """The document of an upload, once its content is available.

    Raises:
        RefusedContentError: it never will be.
        UnsettledError: it is not within a quarter of an hour, and a second for each 10 MiB.
        ProblemError, httpx.TransportError: refused, or out of patience.
    """
    patience, wait = watch.patience, 0.1
    deadline = patience.clock() + SETTLING_SECONDS + length_bytes / _SLOWEST_BYTES
    while True:
        upload = patience.keep_trying(partial(ask, "GET", f"/v1/uploads/{upload_id}"))
        state = str(upload["state"])
        if state in _AVAILABLE:
            return patience.keep_trying(partial(ask, "GET", f"/v1/documents/{upload['document_id']}"))
        if state in _REFUSED:
            why = upload.get("reason")
            raise RefusedContentError(_REFUSED[state] + (f" ({why})" if why else ""))
        if patience.clock() >= deadline:
            raise UnsettledError(f"all of it arrived and is {state} still; the same command waits further")
        watch.doing(state)
        patience.pause(wait)
        wait = min(wait * 2, _MOST_PAUSE_SECONDS)
