"""`redwell doctor` on separate services behind nginx: what it says of each, and what it finds wrong."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.test_doctor import doctor
from tests.harness.edge import EdgeInstance
from tests.harness.folders import throwaway_folder
from tests.harness.rows import row, rows


@pytest.fixture(scope="module")
def own() -> Iterator[EdgeInstance]:
    with throwaway_folder() as folder:
        instance = EdgeInstance(folder)
        try:
            instance.start()
            run = instance.data / "nginx"
            run.mkdir()
            (run / "nginx.conf").write_text((folder / "nginx.conf").read_text())
            yield instance
            assert instance.stop() == 0
        finally:
            if instance.alive:
                instance.kill()


def examined(own: EdgeInstance, *more: str) -> tuple[int, dict[str, dict[str, Any]]]:
    ops = [word for _, port in own.listens.values() for word in ("--ops", f"127.0.0.1:{port}")]
    done = doctor(own.data, "--json", *ops, *more, **own.environment)
    assert not done.stderr
    found = {finding["text"]: finding for finding in json.loads(done.stdout)["findings"]}
    for finding in found.values():
        assert finding["next"] or finding["verdict"] != "mend"
    return done.returncode, found


def to_mend(found: dict[str, dict[str, Any]]) -> list[str]:
    return [text for text, finding in found.items() if finding["verdict"] == "mend"]


def test_services_that_run_are_fine(own: EdgeInstance) -> None:
    status, found = examined(own)
    assert status == 0, to_mend(found)
    assert "Separate services, each looked at by its private port." in found
    for _, port in own.listens.values():
        assert f"127.0.0.1:{port} says that it is alive and ready." in found
    texts = "\n".join(found)
    for expected in ("The database answers.", "is local.", "is valid until", "logs with", own.fingerprint):
        assert expected in texts
    shown = doctor(own.data, **own.environment).stdout
    passwords = json.loads((own.data / "database.json").read_text()).values()
    assert not [password for password in passwords if password in shown]


def test_the_usual_ports_are_asked_unless_told_otherwise(own: EdgeInstance) -> None:
    done = doctor(own.data, **own.environment)
    assert done.returncode == 1
    for port in range(9101, 9105):
        assert f"Nothing answers /livez at 127.0.0.1:{port}." in done.stdout


def test_a_service_that_is_down_and_an_open_key_are_named(own: EdgeInstance) -> None:
    key = own.data / "keys" / "root.key"
    key.chmod(0o640)
    try:
        status, found = examined(own, "--ops", "127.0.0.1:1")
    finally:
        key.chmod(0o600)
    assert status == 1
    wrong = to_mend(found)
    assert len(wrong) == 2, wrong
    assert "Nothing answers /livez at 127.0.0.1:1." in wrong
    assert any(str(key) in text for text in wrong)


def test_a_schema_that_is_outdated_is_named(own: EdgeInstance) -> None:
    revision = row(own, "SELECT version_num FROM alembic_version")[0]
    rows(own, "UPDATE alembic_version SET version_num = '0001'")
    try:
        status, found = examined(own)
    finally:
        rows(own, "UPDATE alembic_version SET version_num = $1", revision)
    assert status == 1
    assert [text for text in to_mend(found) if "revision 0001" in text]


def test_without_their_environment_it_says_what_it_did_not_see(own: EdgeInstance) -> None:
    done = doctor(own.data)
    assert done.returncode == 0
    assert "services, database and log were not looked at" in done.stdout
    assert "Next: Set the environment that ./redwell prepare printed" in done.stdout
