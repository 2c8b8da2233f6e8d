"""A worker for the supervisor's tests: answers with facts about itself; its first word says how it fails."""

import os
import sys
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from services.host.listeners import inherited_socket
from services.host.server import Endpoint, serve
from services.host.workers import WorkerArguments


def main(mode: str, told: WorkerArguments) -> None:
    if mode == "fail":
        sys.exit("this worker cannot start")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        facts = {
            "worker": told.number,
            "pid": os.getpid(),
            "body_bytes": len(body),
            "malloc": os.environ.get("MALLOC_TRIM_THRESHOLD_"),
            "prepared": os.environ.get("PREPARED"),
        }
        await JSONResponse(facts)(scope, receive, send)

    public = [inherited_socket(descriptor) for descriptor in told.public]
    ops = [inherited_socket(descriptor) for descriptor in told.ops]
    serve([Endpoint(app, public, lifespan=False), Endpoint(app, ops, lifespan=False)], told.ready)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main(sys.argv[1], WorkerArguments.parse(sys.argv[2:]))
