"""The private port: `/livez` (this process runs) and `/readyz` (it can serve; else one sentence why not)."""

import json
from collections.abc import Awaitable, Callable, Sequence

from starlette.types import Receive, Scope, Send

Check = Callable[[], Awaitable[str | None]]
Notes = Callable[[], Sequence[str]]


class HealthApp:
    """`checks` each answer None, or a sentence that names what is missing.

    `notes` say what does not work for some, while all others are served.
    """

    def __init__(self, checks: Sequence[Check], notes: Sequence[Notes] = ()) -> None:
        self.checks, self.notes = checks, notes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        status, document = await self._answer(scope["path"])
        body = json.dumps(document).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, path: str) -> tuple[int, dict[str, object]]:
        if path == "/livez":
            return 200, {"status": "alive"}
        if path != "/readyz":
            return 404, {"status": "unknown"}
        missing = [sentence for check in self.checks if (sentence := await check()) is not None]
        if missing:
            return 503, {"status": "unready", "missing": missing}
        notes = [sentence for told in self.notes for sentence in told()]
        return 200, {"status": "ready", **({"notes": notes} if notes else {})}
