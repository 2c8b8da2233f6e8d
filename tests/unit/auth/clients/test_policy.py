from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.auth.clients.policy import KEY_TERM, MAX_TERM, decide_term, grantable_scopes, interactive_scopes
from services.kernel.scopes import Scope
from tests.factories.gateway import OPERATIONS

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_scope_is_interactive_if_one_operation_wants_a_factor() -> None:
    assert interactive_scopes(OPERATIONS) == {"matter:read", "grant:manage"}
    assert interactive_scopes(replace(row, factor_max_age_seconds=None) for row in OPERATIONS) == set()


def test_a_program_writes_at_home_alone() -> None:
    home, away = grantable_scopes(acting_for_another=False), grantable_scopes(acting_for_another=True)
    assert Scope.DOCUMENT_WRITE in home - away
    assert away < home


@pytest.mark.parametrize("wanted", [NOW, NOW - DAY, NOW + MAX_TERM + timedelta(seconds=1)])
def test_a_term_is_neither_over_nor_longer_than_a_year(wanted: datetime) -> None:
    assert decide_term(NOW, wanted, otherwise=KEY_TERM) is None


def test_a_term_that_is_not_said_is_the_usual_one() -> None:
    assert decide_term(NOW, None, otherwise=KEY_TERM) == NOW + KEY_TERM
    assert decide_term(NOW, None, otherwise=KEY_TERM, limit=NOW + DAY) == NOW + DAY
    assert decide_term(NOW, NOW + MAX_TERM, otherwise=KEY_TERM) == NOW + MAX_TERM
