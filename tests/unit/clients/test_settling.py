"""Content that arrived is waited for until it is available, through whatever states there are on the way."""

from typing import Any

import pytest

from clients.python.redwell_client import Patience, ProblemError, RefusedContentError, UnsettledError, Watch
from clients.python.redwell_client.settling import settled


class Server:
    """Goes through these states, one at each question, and stays in the last."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.now = 0.0
        self.said: list[str] = []

    def ask(self, method: str, path: str) -> dict[str, Any]:
        assert method == "GET"
        if path == "/v1/documents/a-document":
            return {"id": "a-document"}
        assert path == "/v1/uploads/an-upload"
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"state": state, "document_id": "a-document", "reason": f"why {state}"}

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def settled(self, length_bytes: int = 0) -> dict[str, Any]:
        patience = Patience(60, lambda: self.now, self.pause)
        return settled(self.ask, "an-upload", length_bytes, Watch(patience, doing=self.said.append))


def test_states_on_the_way_are_waited_through_whatever_they_are_called() -> None:
    server = Server("verifying", "scanning", "admiring", "complete")
    assert server.settled() == {"id": "a-document"}
    assert server.said == ["verifying", "scanning", "admiring"]


@pytest.mark.parametrize("state", ["rejected", "quarantined", "abandoned"])
def test_what_will_never_be_available_says_why(state: str) -> None:
    with pytest.raises(RefusedContentError, match=f"why {state}"):
        Server("verifying", state).settled()


def test_waiting_has_an_end_which_depends_on_the_length() -> None:
    server = Server("scanning")
    with pytest.raises(UnsettledError, match="scanning still"):
        server.settled()
    assert 900 <= server.now < 920
    long = Server("scanning")
    with pytest.raises(UnsettledError):
        long.settled(10**11)
    assert long.now > 9000


def test_a_refusal_is_told() -> None:
    def refuse(_method: str, _path: str) -> dict[str, Any]:
        raise ProblemError(404, {"type": "x/not-found"}, None)

    with pytest.raises(ProblemError):
        settled(refuse, "an-upload", 0, Watch(Patience(0)))
