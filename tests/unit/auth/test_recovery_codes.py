import re

from services.auth.credentials.recovery_codes import new_recovery_code, recovery_digest


def test_a_code_has_120_bits_in_groups_that_can_be_typed() -> None:
    codes = {new_recovery_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){5}", code) for code in codes)


def test_how_a_code_is_typed_does_not_matter() -> None:
    code = new_recovery_code()
    typed = [code.lower(), code.replace("-", ""), code.replace("-", " "), f" {code}\n"]
    assert {recovery_digest(text) for text in typed} == {recovery_digest(code)}
    assert recovery_digest(new_recovery_code()) != recovery_digest(code)
