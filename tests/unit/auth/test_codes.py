import hashlib

from services.auth.codes import CodeKind, digest_of, new_code


def test_a_code_holds_256_bits_and_says_what_it_is_for() -> None:
    for kind in CodeKind:
        code = new_code(kind)
        assert code.text.startswith(kind)
        assert len(code.text.removeprefix(kind)) == 43
        assert code.sha256 == digest_of(code.text) == hashlib.sha256(code.text.encode()).digest()


def test_the_prefix_is_part_of_what_is_hashed() -> None:
    text = new_code(CodeKind.CHALLENGE).text
    assert digest_of(text) != digest_of(CodeKind.REFRESH + text.removeprefix(CodeKind.CHALLENGE))


def test_no_two_codes_are_alike_and_none_shows_in_a_repr() -> None:
    codes = [new_code(CodeKind.REFRESH) for _ in range(100)]
    assert len({code.text for code in codes}) == 100
    assert all(code.text not in repr(code) for code in codes)
