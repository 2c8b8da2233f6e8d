from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.docs_api.changes.errors import ChangesGone
from services.docs_api.changes.position import KEPT, Position, open_position, seal_position
from services.docs_api.keychain import Names
from services.kernel.problems import InvalidInput
from services.keys.wrapping import new_key

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NAMES = Names(new_key(), uuid4())
MEMBER = uuid4()


@pytest.mark.parametrize("index", [0, 1, 41, 10**15])
def test_a_position_comes_back(index: int) -> None:
    position = Position(index, NOW)
    assert open_position(NAMES, MEMBER, seal_position(NAMES, MEMBER, position), NOW) == position


def test_a_position_tells_nothing_of_the_log() -> None:
    sealed = {seal_position(NAMES, MEMBER, Position(index, NOW)) for index in (0, 0, 7, 10**15)}
    assert len(sealed) == 4
    assert len({len(each) for each in sealed}) == 1


def test_a_position_is_for_one_reader_in_one_firm() -> None:
    sealed = seal_position(NAMES, MEMBER, Position(7, NOW))
    for names, member in (
        (NAMES, uuid4()),
        (Names(NAMES.key, uuid4()), MEMBER),
        (Names(new_key(), NAMES.tenant), MEMBER),
    ):
        with pytest.raises(InvalidInput):
            open_position(names, member, sealed, NOW)


@pytest.mark.parametrize("after", ["", "7", "x" * 80, "ä", "====", "\0", "A" * 199])
def test_what_was_not_given_out_is_refused(after: str) -> None:
    with pytest.raises(InvalidInput):
        open_position(NAMES, MEMBER, after, NOW)


def test_an_altered_position_is_refused() -> None:
    sealed = seal_position(NAMES, MEMBER, Position(7, NOW))
    for at in range(0, len(sealed), 5):
        other = "A" if sealed[at] != "A" else "B"
        with pytest.raises(InvalidInput):
            open_position(NAMES, MEMBER, sealed[:at] + other + sealed[at + 1 :], NOW)


def test_a_position_is_good_for_thirty_days() -> None:
    sealed = seal_position(NAMES, MEMBER, Position(7, NOW))
    assert open_position(NAMES, MEMBER, sealed, NOW + KEPT).index == 7
    with pytest.raises(ChangesGone):
        open_position(NAMES, MEMBER, sealed, NOW + KEPT + timedelta(seconds=1))
