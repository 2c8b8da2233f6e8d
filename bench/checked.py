"""One JSON answer behind the gateway's look at access tokens, or behind nothing: what the look costs.

Run as a program (`python -m bench.checked PORT CHAIN KEY KEYS ISSUER`) like `bench.bare`: `/bare` takes
whoever comes, `/checked` who shows a token that the key in the folder KEYS has signed for ISSUER.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from bench.bare import small
from services.gateway.tokens import AccessTokens
from services.host.listeners import Address, open_sockets
from services.host.server import Endpoint, TLSFiles, serve
from services.keys.files import KeyDirectory, KeyFile
from services.keys.keyring import keyring_of


def checked(tokens: AccessTokens) -> ASGIApp:
    """The same answer at both addresses."""
    answering = small()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/checked":
            tokens.identify(dict(scope["headers"]).get(b"authorization"), datetime.now(UTC))
        await answering({**scope, "path": "/bare", "raw_path": b"/bare"}, receive, send)

    return app


def tokens_of(keys: Path, issuer: str) -> AccessTokens:
    return AccessTokens(issuer, keyring_of([KeyDirectory(keys).signing_key(KeyFile.TOKEN)]))


if __name__ == "__main__":
    port, chain, key, keys, issuer = sys.argv[1:]
    sockets = open_sockets(Address("localhost", int(port)))
    app = checked(tokens_of(Path(keys), issuer))
    serve([Endpoint(app, sockets, TLSFiles(Path(chain), Path(key)), lifespan=False)])
