import json
from pathlib import Path

from services.host.prepare import read_or_create_passwords
from services.tables.roles import LOGIN_ROLES, Role


def test_each_role_gets_a_password_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    file = tmp_path / "database.json"
    passwords = read_or_create_passwords(file)
    assert set(passwords) == set(LOGIN_ROLES)
    assert len(set(passwords.values())) == len(LOGIN_ROLES)
    assert read_or_create_passwords(file) == passwords
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_role_that_came_later_is_added_to_an_older_file(tmp_path: Path) -> None:
    file = tmp_path / "database.json"
    older = read_or_create_passwords(file)
    del older[Role.COURIER]
    file.write_text(json.dumps(older))
    passwords = read_or_create_passwords(file)
    assert set(passwords) == set(LOGIN_ROLES)
    assert {role: passwords[role] for role in older} == older
    assert json.loads(file.read_text()) == passwords
    assert file.stat().st_mode & 0o777 == 0o600
