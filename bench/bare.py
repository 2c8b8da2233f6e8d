"""What the product is compared with: the least an application can do, behind the product's own TLS server.

Run as a program (`python -m bench.bare PORT CHAIN KEY`) in a process like a worker's: same loop, same
protocol, same allocator settings.
"""

import sys
from pathlib import Path

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from services.host.listeners import Address, open_sockets
from services.host.server import Endpoint, TLSFiles, serve

PIECE = bytes(256 * 1024)


async def sink_and_source(scope: Scope, receive: Receive, send: Send) -> None:
    """PUT takes a body and forgets it; GET gives as many zero bytes as the query says."""
    length = int(scope["query_string"] or 0)
    while scope["method"] == "PUT" and (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while length > len(PIECE):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        length -= len(PIECE)
    await send({"type": "http.response.body", "body": PIECE[:length]})


def small() -> FastAPI:
    """One JSON answer, and nothing else."""
    app = FastAPI(openapi_url=None)

    @app.get("/bare")
    async def bare() -> dict[str, str]:
        return {"state": "well"}

    return app


def both() -> ASGIApp:
    json_app = small()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (json_app if scope["path"] == "/bare" else sink_and_source)(scope, receive, send)

    return app


if __name__ == "__main__":
    port, chain, key = sys.argv[1:]
    sockets = open_sockets(Address("localhost", int(port)))
    serve([Endpoint(both(), sockets, TLSFiles(Path(chain), Path(key)), lifespan=False)])
