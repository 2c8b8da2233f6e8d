"""The least rate counts only the time that the client was waited for."""

from services.docs_api.transfers.pace import WINDOW_SECONDS, Pace


class _Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _pass(pace: Pace, clock: _Seconds, seconds: int, *, rate: int = 0) -> bool:
    """Wait for the client so long, asking every second; whether it was ever found too slow."""
    found = False
    for _ in range(seconds):
        with pace.waiting():
            clock.now += 1
        pace.moved(rate)
        found = pace.too_slow() or found
    return found


def test_a_client_that_stands_still_is_too_slow_after_the_window() -> None:
    clock = _Seconds()
    pace = Pace(1024, clock)
    assert not _pass(pace, clock, int(WINDOW_SECONDS) - 1)
    assert _pass(pace, clock, 2)


def test_a_wait_that_still_goes_on_counts() -> None:
    clock = _Seconds()
    pace = Pace(1024, clock)
    with pace.waiting():
        clock.now += WINDOW_SECONDS + 1
        assert pace.too_slow()


def test_the_least_rate_may_go_on_for_hours() -> None:
    clock = _Seconds()
    assert not _pass(Pace(1024, clock), clock, 3 * 3600, rate=1024)


def test_a_burst_long_ago_does_not_pay_for_standing_still() -> None:
    clock = _Seconds()
    pace = Pace(1024, clock)
    pace.moved(1 << 30)
    assert _pass(pace, clock, 2 * int(WINDOW_SECONDS) + 2)


def test_our_own_slowness_is_not_held_against_the_client() -> None:
    clock = _Seconds()
    pace = Pace(1024, clock)
    clock.now += 3600
    assert not pace.too_slow()


def test_silence_is_what_the_client_is_waited_for_now() -> None:
    clock = _Seconds()
    pace = Pace(1024, clock)
    clock.now += 5
    assert pace.silent_seconds == 0
    with pace.waiting():
        clock.now += 3
        assert pace.silent_seconds == 3
    clock.now += 5
    assert pace.silent_seconds == 0
