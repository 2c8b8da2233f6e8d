"""What a server of the tus protocol answers, in memory, with whatever is to go wrong."""

import base64
import hashlib
from collections.abc import Callable

import httpx

from clients.python.redwell_client import Begun

ADDRESS = "/v1/tus/capability"
BEGUN = Begun(ADDRESS, "an-upload")
Answer = Callable[[httpx.Request], httpx.Response]


def problem(status: int, slug: str, **members: object) -> httpx.Response:
    headers = {"retry-after": str(members.pop("retry_after"))} if "retry_after" in members else {}
    return httpx.Response(status, json={"type": f"x/{slug}", "title": slug, **members}, headers=headers)


class TusServer:
    """Takes one upload of `length_bytes`. `faults` answer the first PATCHes, in place of what it would do."""

    def __init__(self, length_bytes: int, *faults: Answer) -> None:
        self.length_bytes = length_bytes
        self.content = b""
        self.offsets: list[int] = []
        self.heads = 0
        self.gone = False
        self._faults = list(faults)

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer), base_url="https://redwell.test")

    def take(self, request: httpx.Request) -> httpx.Response:
        start, brought = int(request.headers["upload-offset"]), request.read()
        algorithm, digest = request.headers["upload-checksum"].split()
        assert (algorithm, base64.b64decode(digest)) == ("sha256", hashlib.sha256(brought).digest())
        if start != len(self.content):
            return problem(409, "offset-mismatch")
        self.offsets.append(start)
        self.content += brought
        return httpx.Response(204, headers={"upload-offset": str(len(self.content))})

    def take_and_vanish(self, request: httpx.Request) -> httpx.Response:
        self.take(request)
        raise httpx.ReadError("the answer was lost")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert (request.url.path, request.headers["tus-resumable"]) == (ADDRESS, "1.0.0")
        if request.method == "HEAD":
            self.heads += 1
            told = {"upload-offset": str(len(self.content)), "upload-length": str(self.length_bytes)}
            return httpx.Response(404 if self.gone else 200, headers={} if self.gone else told)
        if self._faults:
            return self._faults.pop(0)(request)
        return self.take(request)


def vanish(_request: httpx.Request) -> httpx.Response:
    raise httpx.WriteError("the line broke")
