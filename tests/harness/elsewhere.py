"""The commands, on a machine where `localhost` is where REDWELL_TEST_ADDRESS says, as /etc/hosts might."""

import os
import runpy
import socket
from typing import Any

_looked_up = socket.getaddrinfo


def _look_up(host: Any, *rest: Any, **options: Any) -> Any:
    return _looked_up(os.environ["REDWELL_TEST_ADDRESS"] if host == "localhost" else host, *rest, **options)


if __name__ == "__main__":
    socket.getaddrinfo = _look_up
    runpy.run_module("services.cli", run_name="__main__")
