"""The query of many is the query of one, with what differs taken from each."""

import pytest
from sqlalchemy import LargeBinary, Uuid, bindparam, literal, select

from services.docs_api.documents.queries import FETCHABLE, FETCHABLE_BY_MANY
from services.docs_api.statements import Crowd, Prepared
from services.tables.content import Version


@pytest.mark.parametrize("kind", FETCHABLE)
def test_no_parameter_of_one_is_left_over(kind: tuple[bool, bool]) -> None:
    one, many = FETCHABLE[kind], FETCHABLE_BY_MANY[kind]
    assert many.sql.count("$") == len(many.names) + len(many.shared)
    assert set(many.names) >= {"tenant", "member", "session", "now", "document"}
    assert ("organization" in many.names) is kind[0]
    assert all(f"asked.{name}" in many.sql for name in many.names)
    assert set(many.names) | {name for name in one.order if name in one.fixed} >= set(one.order)


def test_a_parameter_of_a_type_that_is_not_known_is_refused_when_it_is_built() -> None:
    unknown = select(Version.id).where(Version.id == bindparam("version", type_=Uuid()))
    query = Prepared(unknown.where(Version.sha256 == literal(b"x", LargeBinary())))
    with pytest.raises(AssertionError):
        Crowd(query, ["version"])
