import pickle
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.keys.wrapping import (
    WRAPPED_BYTES,
    KeyName,
    SecretKey,
    UnwrapError,
    derive,
    new_key,
    unwrap,
    wrap,
)

FIRM, MATTER = UUID(int=1), UUID(int=2)
PARENT, CHILD = SecretKey(bytes(range(32))), SecretKey(bytes(range(32, 64)))
PARENT_NAME, CHILD_NAME = KeyName("firm", FIRM, FIRM), KeyName("matter", FIRM, MATTER)
WRAPPED = wrap(PARENT, PARENT_NAME, CHILD, CHILD_NAME)


def test_wrapped_key_opens_under_its_names() -> None:
    assert unwrap(PARENT, PARENT_NAME, WRAPPED, CHILD_NAME) == CHILD
    assert len(WRAPPED) == WRAPPED_BYTES == 61


def test_wrapping_twice_gives_other_bytes() -> None:
    assert wrap(PARENT, PARENT_NAME, CHILD, CHILD_NAME) != WRAPPED


@pytest.mark.parametrize(
    "name",
    [
        KeyName("data", FIRM, MATTER),
        KeyName("matter", UUID(int=7), MATTER),
        KeyName("matter", None, MATTER),
        KeyName("matter", FIRM, UUID(int=7)),
    ],
)
def test_wrapped_key_moved_to_another_name_does_not_open(name: KeyName) -> None:
    with pytest.raises(UnwrapError):
        unwrap(PARENT, PARENT_NAME, WRAPPED, name)


def test_same_key_under_another_parent_name_does_not_open() -> None:
    with pytest.raises(UnwrapError):
        unwrap(PARENT, KeyName("firm", FIRM, UUID(int=9)), WRAPPED, CHILD_NAME)
    with pytest.raises(UnwrapError):
        unwrap(new_key(), PARENT_NAME, WRAPPED, CHILD_NAME)


def test_parent_and_child_cannot_change_places() -> None:
    with pytest.raises(UnwrapError):
        unwrap(PARENT, CHILD_NAME, WRAPPED, PARENT_NAME)


@given(st.integers(0, WRAPPED_BYTES * 8 - 1))
def test_no_flipped_bit_opens(bit: int) -> None:
    altered = bytearray(WRAPPED)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(UnwrapError):
        unwrap(PARENT, PARENT_NAME, bytes(altered), CHILD_NAME)


@pytest.mark.parametrize(
    "change", [lambda w: w[:-1], lambda w: w + b"\0", lambda _: b"", lambda w: b"\2" + w[1:]]
)
def test_other_formats_do_not_open(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(UnwrapError):
        unwrap(PARENT, PARENT_NAME, change(WRAPPED), CHILD_NAME)


def test_names_have_one_encoding_each() -> None:
    names = [KeyName(kind, tenant, MATTER) for kind in ("a", "aa", "b") for tenant in (None, FIRM, uuid4())]
    assert len({name.to_bytes() for name in names}) == len(names)


@pytest.mark.parametrize("kind", ["", "Root", "ro ot", "x" * 33, "é", "root\n"])
def test_kind_is_a_short_lower_case_word(kind: str) -> None:
    with pytest.raises(ValueError, match="kind of key"):
        KeyName(kind, None, MATTER)


def test_nil_uuid_is_no_tenant() -> None:
    with pytest.raises(ValueError, match="nil"):
        KeyName("firm", UUID(int=0), MATTER)


class TestSecretKey:
    def test_never_shows_its_bytes(self) -> None:
        key = SecretKey(b"canary-canary-canary-canary-cana")
        assert "canary" not in f"{key} {key!r} {[key]} {UnwrapError(key)!r}"

    @pytest.mark.parametrize("length", [0, 16, 31, 33])
    def test_is_32_bytes(self, length: int) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            SecretKey(bytes(length))

    def test_is_equal_by_its_bytes(self) -> None:
        assert SecretKey(bytes(32)) == SecretKey(bytes(32)) != new_key()
        assert SecretKey(bytes(32)) != bytes(32)
        assert len({SecretKey(bytes(32)), SecretKey(bytes(32))}) == 1

    def test_is_not_pickled(self) -> None:
        with pytest.raises(TypeError, match="never pickled"):
            pickle.dumps(PARENT)


def test_derived_keys_differ_by_label_and_key() -> None:
    assert len({derive(PARENT, "a"), derive(PARENT, "b"), derive(CHILD, "a"), PARENT}) == 4
