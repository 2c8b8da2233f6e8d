"""What lies on disk: nothing of a matter can be read from the object store or from a dump of the database."""

import subprocess
from pathlib import Path

from services.host.accounts import server_account
from services.host.binaries import locate
from tests.harness.people import PASSWORD, World

WORDS = ("Zanzibar-Settlement-Memo", "Quetzal Holdings", "Project Nightjar", "privileged-paragraph-77")


def test_nothing_of_a_matter_is_readable_at_rest(world: World, tmp_path: Path) -> None:
    attorney = world["attorney"]
    matter = attorney.client.call(
        "POST",
        "/v1/matters",
        {
            "number": "Quetzal Holdings 1",
            "title": "Project Nightjar",
            "client": "Quetzal Holdings",
            "practice_area": "antitrust",
            "sensitivity": "high",
            "supervising_attorney_id": attorney.id,
        },
    )
    path = tmp_path / "Zanzibar-Settlement-Memo.txt"
    path.write_bytes(b"privileged-paragraph-77 " * 1000)
    document = attorney.client.put(matter["id"], path, "privileged", folder="Project Nightjar/drafts")
    assert document["name"] == path.name, "the person who may, reads it"
    for word in (*WORDS, PASSWORD, attorney.email, attorney.secret):
        assert _files_with(world.instance.objects, word) == []
        assert word not in _dump(world)


def _files_with(folder: Path, word: str) -> list[str]:
    found = subprocess.run(
        ["grep", "-rlF", "--", word, str(folder)], capture_output=True, text=True, check=False
    )
    return found.stdout.split()


def _dump(world: World) -> str:
    """All rows as text, as pg_dump would write them into a backup."""
    account = server_account(world.instance.data / "postgres" / "data")
    binaries = locate(account, world.instance.data / "postgres" / "dist", None)
    done = subprocess.run(
        [Path(binaries.postgres).with_name("pg_dump"), world.instance.superuser_dsn()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "COPY public.documents" in done.stdout
    return done.stdout
