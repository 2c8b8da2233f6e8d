"""The gateway's own answers: a refusal, as a whole response or as headers from which nginx makes one.

nginx turns every refusal of `auth_request` but 401 and 403 into 500 and drops its body. So a refusal travels
to nginx as 403 with its parts in headers. nginx must not be made to fetch it with a second request: it would
first read the refused body to its end, and to disk.
"""

from dataclasses import dataclass
from typing import Final

from starlette.types import Send

from services.gateway.point import Verdict
from services.kernel.http.admission import EVENT_KEY, dress
from services.kernel.http.refusal import refusal_body
from services.kernel.principal import ADMISSION_KEY

Headers = list[tuple[bytes, bytes]]

_PARTS: Final = {
    b"www-authenticate": b"redwell-challenge",
    b"allow": b"redwell-allow",
    b"retry-after": b"redwell-retry-after",
    b"request-id": b"redwell-request-id",
    b"redwell-event": b"redwell-event",
}
_NO_BODY: Final = (b"content-length", b"0")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response of the gateway itself."""

    status: int
    headers: Headers
    body: bytes = b""

    async def send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def refusal(verdict: Verdict) -> Answer:
    """The response to a refused request: problem, the headers its status demands, request id and event."""
    assert verdict.problem is not None, "admitted requests are answered by their service"
    dialect = verdict.operation.dialect if verdict.operation else "v1"
    media_type, body = refusal_body(verdict.problem, dialect, verdict.admission.request_id)
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in verdict.problem.headers().items()),
    ]
    dressed = dress(headers, {ADMISSION_KEY: verdict.admission, EVENT_KEY: verdict.event})
    return Answer(verdict.problem.status, dressed, body)


def refusal_in_headers(verdict: Verdict) -> Answer:
    """The same for nginx: 403, and what it needs to give the true answer."""
    answer = refusal(verdict)
    parts = [(_PARTS[name], value) for name, value in answer.headers if name in _PARTS]
    status = str(answer.status).encode()
    return Answer(403, [*parts, (b"redwell-status", status), (b"redwell-problem", answer.body), _NO_BODY])
