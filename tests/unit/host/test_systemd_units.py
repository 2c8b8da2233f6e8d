"""deploy/systemd: units that systemd takes, with the settings that the supervisor gives its own workers."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from services.cli.edge import SERVICES
from services.host.workers import ALLOCATOR_ENVIRONMENT
from tests.harness.instance import ROOT
from tests.harness.parts import require_program

UNITS = ROOT / "deploy" / "systemd"
TEMPLATE = "redwell@.service"


def values(file: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", file.read_text(), re.MULTILINE)


def test_services_get_the_allocator_settings_of_the_supervisors_workers() -> None:
    told = dict(line.split("=") for line in values(UNITS / TEMPLATE, "Environment"))
    assert told == ALLOCATOR_ENVIRONMENT


def test_each_service_listens_where_the_edge_looks_for_it() -> None:
    told = {
        folder.name.removeprefix("redwell@").removesuffix(".service.d"): values(
            folder / "address.conf", "Environment"
        )
        for folder in UNITS.glob("redwell@*.service.d")
    }
    assert told == {name: [f"LISTEN={at} OPS={at.host}:{at.port + 100}"] for name, at in SERVICES.items()}
    (wanted,) = values(UNITS / "redwell.target", "Wants")
    assert set(wanted.split()) == {*(f"redwell@{name}.service" for name in told), "redwell-edge.service"}


def test_systemd_takes_them(tmp_path: Path) -> None:
    analyze = require_program("systemd-analyze", "systemd")
    require_program("nginx", "nginx-light")
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    template = tmp_path / TEMPLATE
    program = tmp_path / "program"  # a path without a space, wherever the clone lies
    program.symlink_to(ROOT / "redwell")
    template.write_text(template.read_text().replace("/opt/redwell/redwell", str(program)))
    names = [f"redwell@{name}.service" for name in SERVICES]
    done = subprocess.run(
        [analyze, "verify", "--man=no", *names, "redwell-edge.service", "redwell.target"],
        cwd=tmp_path,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
