"""What may pass is tried again until nothing has moved for long enough."""

import httpx
import pytest

from clients.python.redwell_client import EndedEarlyError, Patience, ProblemError


class Line:
    """Fails as often as it is told to. `moves`: each failure comes after something moved."""

    def __init__(self, *failures: Exception, moves: bool = False) -> None:
        self.failures, self.moves = list(failures), moves
        self.far = 0
        self.now = 0.0

    def run(self) -> str:
        if self.failures:
            self.far += self.moves
            raise self.failures.pop(0)
        return "through"

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def patience(self, seconds: float) -> Patience:
        return Patience(seconds, lambda: self.now, self.pause)


def broken(count: int) -> list[Exception]:
    return [httpx.ConnectError("refused"), EndedEarlyError("ended")] * (count // 2)


def test_it_waits_longer_each_time() -> None:
    line = Line(*broken(6))
    assert line.patience(60).keep_trying(line.run) == "through"
    assert line.now == 0.5 + 1 + 2 + 4 + 8 + 16


def test_it_ends_when_nothing_moves() -> None:
    line = Line(*broken(100))
    with pytest.raises((httpx.ConnectError, EndedEarlyError)):
        line.patience(60).keep_trying(line.run, lambda: line.far)
    assert 60 <= line.now < 100


def test_it_never_ends_while_something_moves() -> None:
    line = Line(*broken(1000), moves=True)
    assert line.patience(1).keep_trying(line.run, lambda: line.far) == "through"
    assert line.now == 1000 * 0.5


def test_without_patience_nothing_is_tried_again() -> None:
    line = Line(*broken(2))
    with pytest.raises(httpx.ConnectError):
        line.patience(0).keep_trying(line.run)
    assert line.now == 0


def test_a_token_that_ended_is_renewed_once() -> None:
    renewed: list[float] = []

    def renew(since: float) -> bool:
        renewed.append(since)
        return True

    ended = [ProblemError(401, {"type": "x/invalid-token"}, None) for _ in range(3)]
    line = Line(ended[0])
    assert Patience(60, renew=renew).keep_trying(line.run) == "through"
    with pytest.raises(ProblemError):
        Patience(60, renew=renew).keep_trying(Line(*ended).run)
    assert len(renewed) == 2
    with pytest.raises(ProblemError):
        Patience(60).keep_trying(Line(*ended).run)


def test_a_refusal_for_good_is_none_that_passes() -> None:
    line = Line(ProblemError(404, {"type": "x/not-found"}, None))
    with pytest.raises(ProblemError):
        line.patience(60).keep_trying(line.run)
    assert line.now == 0
