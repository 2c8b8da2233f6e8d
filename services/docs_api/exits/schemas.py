"""What an exit bundle is asked for with."""

from typing import Annotated

from pydantic import StringConstraints

from services.docs_api.wire import Wire

PublicKey = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class NewExitBundle(Wire):
    """`public_key`: an X25519 public key in PEM, whose private half the firm keeps to itself."""

    public_key: PublicKey
