from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.keys.fields import INDEX_BYTES, FieldError, FieldName, blind_index, open_field, seal_field
from services.keys.wrapping import SecretKey, new_key

KEY = SecretKey(bytes(range(32)))
NAME = FieldName("documents", "name", UUID(int=1), UUID(int=2))
SEALED = seal_field(KEY, NAME, "Brief.pdf")


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        with pytest.raises(FieldError):
            seal_field(KEY, NAME, text)
    else:
        sealed = seal_field(KEY, NAME, text)
        assert open_field(KEY, NAME, sealed) == text
        assert len(sealed) == len(encoded) + 29


@pytest.mark.parametrize(
    "change",
    [{"table": "matters"}, {"column": "path"}, {"tenant": UUID(int=9)}, {"row": UUID(int=9)}],
)
def test_value_moved_to_another_place_does_not_open(change: dict[str, Any]) -> None:
    with pytest.raises(FieldError):
        open_field(KEY, replace(NAME, **change), SEALED)


def test_table_and_column_do_not_run_together() -> None:
    with pytest.raises(FieldError):
        open_field(KEY, replace(NAME, table="document", column="sname"), SEALED)


@given(st.integers(0, len(SEALED) * 8 - 1))
def test_no_flipped_bit_opens(bit: int) -> None:
    altered = bytearray(SEALED)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FieldError):
        open_field(KEY, NAME, bytes(altered))


@given(st.integers(0, len(SEALED) - 1))
def test_no_prefix_opens(length: int) -> None:
    with pytest.raises(FieldError):
        open_field(KEY, NAME, SEALED[:length])


def test_another_key_does_not_open() -> None:
    with pytest.raises(FieldError):
        open_field(new_key(), NAME, SEALED)


class TestBlindIndex:
    def test_equal_values_match(self) -> None:
        assert blind_index(KEY, "document.name", "Brief.pdf") == blind_index(
            KEY, "document.name", "Brief.pdf"
        )
        assert len(blind_index(KEY, "document.name", "")) == INDEX_BYTES

    def test_spellings_of_one_text_match(self) -> None:
        composed, decomposed = "Gr\u00f6\u00dfe", "Gro\u0308\u00dfe"
        assert blind_index(KEY, "n", composed) == blind_index(KEY, "n", decomposed)

    def test_case_and_space_count(self) -> None:
        assert len({blind_index(KEY, "n", value) for value in ("a", "A", "a ", " a")}) == 4

    def test_indexes_and_keys_are_apart(self) -> None:
        found = {blind_index(key, name, "x") for key in (KEY, new_key()) for name in ("a", "b")}
        assert len(found) == 4

    def test_lone_surrogate_is_refused(self) -> None:
        with pytest.raises(FieldError):
            blind_index(KEY, "n", "\ud800")
