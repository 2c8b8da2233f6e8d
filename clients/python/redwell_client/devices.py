"""Signing in without typing a password here: somebody signed in elsewhere approves this device (RFC 8628)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from .errors import raise_for_problem

CLIENT_ID = "redwell"
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person needs to approve this device: they open `verification_uri` and type `user_code`."""

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    expires_in: int
    interval: int


class Devices:
    """The part of a client that signs devices in."""

    _http: httpx.Client

    def _keep(self, answer: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def begin_device(self, name: str) -> Waiting:
        """Ask for a code that somebody approves; `name` is what they are told this device is called."""
        form = {"client_id": CLIENT_ID, "device_name": name}
        answer = self._http.post("/oauth/device_authorization", data=form)
        raise_for_problem(answer)
        told = answer.json()
        return Waiting(**{name: told[name] for name in Waiting.__dataclass_fields__})

    def await_device(self, waiting: Waiting, pause: Callable[[float], None] = time.sleep) -> None:
        """Be signed in once somebody has approved.

        Raises:
            ProblemError: it was denied (`authorization-denied`), or nobody decided in time
                (`device-code-expired`).
            httpx.TransportError: the server could not be reached any more.
        """
        interval, waited = waiting.interval, 0
        while True:
            pause(interval)
            waited += interval
            try:
                answer = self._ask(waiting)
            except httpx.TransportError:
                if waited > waiting.expires_in:
                    raise
                interval *= 2  # as the standard wants it of who is not answered
                continue
            if not answer.is_error:
                self._keep(answer.json())
                return
            interval += _slower(answer)

    def _ask(self, waiting: Waiting) -> httpx.Response:
        form = {"grant_type": _GRANT, "client_id": CLIENT_ID, "device_code": waiting.device_code}
        return self._http.post("/oauth/token", data=form)


def _slower(answer: httpx.Response) -> int:
    """How many seconds longer to wait from now on (raises ProblemError: there is nothing to wait for)."""
    try:
        error = answer.json().get("error")
    except ValueError:
        error = None
    if error == "authorization_pending":
        return 0
    if error not in ("slow_down", "temporarily_unavailable"):
        raise_for_problem(answer)
    return _SLOWER_SECONDS
