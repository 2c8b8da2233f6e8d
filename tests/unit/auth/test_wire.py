from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from services.auth.enrolment.schemas import Join
from services.auth.sessions.schemas import SignIn
from services.auth.wire import PageQuery, cursor_of
from services.kernel.problems import InvalidInput

JOIN = {"code": "rw_inv_x", "email": "Ada@Example.com", "name": "Ada", "password": "12345678"}


def test_a_cursor_reads_back() -> None:
    position = uuid4()
    assert PageQuery(cursor=cursor_of(position)).after == position
    assert PageQuery().after is None


@pytest.mark.parametrize(
    "text", ["", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA", "é" * 24, cursor_of(UUID(int=1))[:-3] + "B=="]
)
def test_a_made_up_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        _ = PageQuery(cursor=text).after


@pytest.mark.parametrize("length", [8, 64, 1024])
def test_passwords_of_8_to_1024_characters_are_taken_exactly_as_they_come(length: int) -> None:
    password = " " + "ß" * (length - 2) + " "
    assert Join.model_validate(JOIN | {"password": password}).password.get_secret_value() == password


@pytest.mark.parametrize("length", [0, 7, 1025])
def test_passwords_of_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(ValidationError):
        Join.model_validate(JOIN | {"password": "ß" * length})


@pytest.mark.parametrize(
    "change",
    [{"name": "A\r\nB"}, {"name": "A\u202eB"}, {"name": "  "}, {"name": "x" * 201}, {"roles": ["operator"]}],
)
def test_a_name_is_text_that_people_read_and_nothing_else_is_taken(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Join.model_validate(JOIN | change)


def test_secrets_do_not_show_in_a_repr() -> None:
    shown = repr(Join.model_validate(JOIN)) + repr(SignIn(email="a@b.co", password="12345678"))  # type: ignore[arg-type]
    assert "12345678" not in shown
    assert "rw_inv_x" not in shown
