import pytest

from services.auth.devices.codes import ALPHABET, LENGTH, new_user_code, shown, typed


def test_a_code_is_of_letters_that_nobody_takes_for_others() -> None:
    codes = {new_user_code() for _ in range(200)}
    assert len(codes) == 200
    assert {len(code) for code in codes} == {LENGTH}
    assert set().union(*codes) <= set(ALPHABET)
    assert not set(ALPHABET) & set("AEIOUY01")


@pytest.mark.parametrize(
    "text", ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "B.C.D.F-G.H.J.K", "BCDF\u2013GHJK"]
)
def test_however_it_is_typed_it_is_the_code(text: str) -> None:
    assert typed(text) == "BCDFGHJK"
    assert shown("BCDFGHJK") == "BCDF-GHJK"


@pytest.mark.parametrize(
    "text", ["", "BCDF", "BCDF-GHJKL", "ABCD-FGHJ", "BCDF-GHJ0", "ßßßß", "-" * 90 + "BCDFGHJK"]
)
def test_what_can_be_no_code_is_none(text: str) -> None:
    assert typed(text) is None
