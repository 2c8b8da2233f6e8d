from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.clock import system_clock, timestamp
from services.kernel.ids import PLATFORM, new_id

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_an_id_is_a_uuid_of_version_7_that_tells_its_millisecond(now: datetime) -> None:
    made = new_id(now)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(now.timestamp() * 1000)


def test_ids_of_one_moment_differ() -> None:
    now = system_clock()
    assert len({new_id(now) for _ in range(1000)}) == 1000


def test_a_time_has_one_spelling() -> None:
    east = datetime(2026, 5, 1, 14, 0, 0, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(east) == "2026-05-01T12:00:00.000000Z"


def test_the_platform_is_no_random_id() -> None:
    assert PLATFORM.version == 7
