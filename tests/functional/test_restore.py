"""A database that was lost and put back from its dump, as docs/operations.md says: the log goes on.

Objects that are newer than the dump stay until an operator has confirmed what was restored.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from typer.testing import CliRunner, Result

from services.cli.app import app
from services.host.accounts import server_account
from services.host.binaries import locate
from services.host.postgres import EmbeddedPostgres
from tests.harness.edge import EdgeInstance
from tests.harness.eventually import eventually
from tests.harness.instance import ROOT
from tests.harness.ledger import check_ledger
from tests.harness.rows import rows, segments
from tests.harness.stage import objects_on_disk, staged

BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGE = (ROOT / "docs" / "operations.md").read_text()


def test_a_dumped_database_is_restored_as_it_is_written(tmp_path: Path) -> None:
    with staged("services", REDWELL_SWEEP_INTERVAL_SECONDS="1") as world:
        assert isinstance(world.instance, EdgeInstance)
        instance, content = world.instance, b"kept in the dump"
        document = world.put(tmp_path, "kept.txt", content)["id"]
        before = check_ledger(world, tmp_path)
        dump, restore = BLOCK.findall(PAGE.partition("### Backup and restore")[2].partition("\n## ")[0])
        administered(instance, dump.replace("cp -a", "true cp -a"), tmp_path)
        newer = world.put(tmp_path, "newer.txt", b"not in the dump")["id"]
        unknown = [row["object_key"] for row in segments(instance, newer)]
        assert instance.stop() == 0
        shutil.rmtree(instance.data / "postgres")
        with EmbeddedPostgres(instance.data / "postgres") as fresh:
            instance.postgres = fresh
            administered(instance, restore.replace("psql ", "psql --quiet "), tmp_path)
        instance.start()
        assert instance.announcement["operator_code"] is None
        world["attorney"].client.fetch(document, tmp_path / "fetched")
        assert (tmp_path / "fetched").read_bytes() == content
        assert check_ledger(world, tmp_path).checkpoint.size > before.checkpoint.size
        expect_nothing_deleted_until_confirmed(instance, unknown)
        world["attorney"].client.fetch(document, tmp_path / "again")


def expect_nothing_deleted_until_confirmed(instance: EdgeInstance, unknown: list[str]) -> None:
    """What came after the dump stays, however old, until somebody who knows says that it may go."""
    for key in unknown:
        os.utime(objects_on_disk(instance)[key], (0, 0))
    eventually(lambda: rows(instance, "SELECT FROM store_marks WHERE suspended_at IS NOT NULL"))
    asked = restored(instance)
    assert (asked.exit_code, f"would delete {len(unknown)} objects" in asked.stdout) == (1, True)
    assert set(unknown) <= set(objects_on_disk(instance))
    confirmed = restored(instance, "--yes")
    assert (confirmed.exit_code, "Confirmed" in confirmed.stdout) == (0, True), confirmed.output
    eventually(lambda: not set(unknown) & set(objects_on_disk(instance)))
    assert "nothing to confirm" in restored(instance).stdout


def restored(instance: EdgeInstance, *words: str) -> Result:
    told = ["restored", "--data", str(instance.data), *words]
    return CliRunner().invoke(app, told, env=instance.environment)


def administered(instance: EdgeInstance, lines: str, folder: Path) -> None:
    """Lines of the page, as the administrator of the instance's Postgres."""
    place = parse_qs(urlsplit(instance.postgres.superuser_dsn()).query)
    programs = locate(server_account(instance.postgres.data), folder / "dist").directory
    subprocess.run(
        ["bash", "-euc", lines],
        cwd=folder,
        check=True,
        capture_output=True,
        env={
            "PATH": f"{programs}:/usr/bin:/bin",
            "PGHOST": place["host"][0],
            "PGPORT": place["port"][0],
            "PGUSER": "postgres",
            "PGPASSWORD": (instance.data / "postgres" / "superuser.password").read_text().strip(),
        },
    )
