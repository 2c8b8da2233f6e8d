import os
from pathlib import Path

import pytest

from services.host.accounts import ServerAccount
from services.host.errors import PostgresError
from services.host.sockets import fits, socket_directory

SELF = ServerAccount(os.geteuid(), os.getegid(), "self", dropped=False)


def test_the_socket_lies_beside_the_cluster_when_its_path_fits(tmp_path: Path) -> None:
    root = tmp_path / "a b"
    root.mkdir()
    assert socket_directory(root, SELF) == root / "socket"
    assert (root / "socket").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["x" * 120, "a,b", 'a"b'])
def test_else_it_lies_in_a_short_private_predictable_folder(tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    root.mkdir()
    first = socket_directory(root, SELF, tmp_path)
    assert first == socket_directory(root, SELF, tmp_path)
    assert fits(first)
    assert first.stat().st_mode & 0o777 == 0o700
    first.rmdir()


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "socket").symlink_to(tmp_path)
    with pytest.raises(PostgresError, match="belongs to somebody else"):
        socket_directory(tmp_path, SELF)
