"""What a verification is asked for: rates in words, and selections that are found again by theirs."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.docs_api.fixity.selection import Selection, bytes_a_second

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "rate"), [("50MiB/s", 50 * 1024**2), ("1KiB", 1024), ("2GiB/s", 2 * 1024**3)]
)
def test_a_rate_is_a_number_with_a_unit(told: str, rate: int) -> None:
    assert bytes_a_second(told) == rate


@pytest.mark.parametrize(
    "told", ["", "50", "0MiB/s", "-1MiB/s", "50MB/s", "1.5GiB/s", "50MiB/h", "9999999KiB"]
)
def test_anything_else_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="A rate is a number"):
        bytes_a_second(told)


def test_selections_that_differ_have_texts_that_differ() -> None:
    some = UUID(int=1)
    chosen = [
        Selection(),
        Selection(firm=some),
        Selection(matter=some),
        Selection(version=some),
        Selection(since_days=1),
        Selection(opened=False),
    ]
    assert len({each.text for each in chosen}) == len(chosen)
    assert Selection(firm=some).text == Selection(firm=UUID(int=1)).text
    assert [each.whole for each in chosen] == [True, False, False, False, False, True]
    assert Selection(since_days=1).every_object


def test_days_count_back_from_the_start() -> None:
    assert Selection(since_days=3).found_well_before(NOW) == NOW - timedelta(days=3)
    assert Selection().found_well_before(NOW) is None
