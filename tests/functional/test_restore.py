"""A database that was lost and put back from its dump, as docs/operations.md says: the log goes on."""

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from services.host.accounts import server_account
from services.host.binaries import locate
from services.host.postgres import EmbeddedPostgres
from tests.harness.edge import EdgeInstance
from tests.harness.instance import ROOT
from tests.harness.ledger import check_ledger
from tests.harness.stage import staged

BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGE = (ROOT / "docs" / "operations.md").read_text()


def test_a_dumped_database_is_restored_as_it_is_written(tmp_path: Path) -> None:
    with staged("services") as world:
        assert isinstance(world.instance, EdgeInstance)
        instance, content = world.instance, b"kept in the dump"
        document = world.put(tmp_path, "kept.txt", content)["id"]
        before = check_ledger(world, tmp_path)
        dump, restore = BLOCK.findall(PAGE.partition("### Backup and restore")[2].partition("\n## ")[0])
        administered(instance, dump.replace("cp -a", "true cp -a"), tmp_path)
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
