"""A first start without room: one sentence, and nothing half made that a later start would believe."""

import subprocess
import sys
from pathlib import Path

from tests.harness.folders import throwaway_folder
from tests.harness.instance import ROOT, Instance
from tests.harness.ports import free_port
from tests.harness.volume import resize, volume

SIZES = ("4k", "20k", "32k", "44k", "48k", "52k", "8m", "24m", "34m")
"""Where keys, certificates, passwords and a database do not fit, one after the other."""


def refused_start(data: Path) -> str:
    listen, ops = (f"localhost:{free_port()}" for _ in range(2))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "services.cli", "up", "--data", data, "--listen", listen, "--ops", ops],
        cwd="/",
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(data.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def whole_files(data: Path) -> dict[Path, bytes]:
    """Every secret that exists already; whatever begins with a dot is on its way and has no name yet."""
    places = (data / "keys", data / "tls", data / "database.json", data / "postgres" / "superuser.password")
    files = [file for place in places for file in (place.iterdir() if place.is_dir() else [place])]
    return {file: file.read_bytes() for file in files if file.exists()}


def test_it_is_refused_in_a_sentence_until_there_is_room() -> None:
    known: dict[Path, bytes] = {}
    with throwaway_folder() as folder, volume(folder / "disk", SIZES[0]) as disk:
        instance = Instance(folder, workers=1)
        instance.data = data = disk / "data"
        for size in SIZES:
            resize(disk, size)
            sentence = refused_start(data)
            assert sentence == (
                f"redwell: There is no room left on the disk of {data}: free some, or choose another folder "
                "with --data, and start again.\n"
            ), size
            found = whole_files(data)
            assert all(found.values()), size
            assert not [file for file in found if file.name.startswith(".") or file.suffix == ".new"], size
            assert known.items() <= found.items(), size
            known = found
        resize(disk, "512m")
        instance.start()
        try:
            assert known.items() <= whole_files(data).items()
            assert instance.ready().status_code == 200
        finally:
            assert instance.stop() == 0
