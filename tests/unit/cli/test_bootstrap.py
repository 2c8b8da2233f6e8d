import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli import bootstrap

REPOSITORY = Path(__file__).parents[3]


def test_it_needs_the_standard_library_only() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import runpy; runpy.run_path({bootstrap.__file__!r})"],
        check=False,
    )
    assert done.returncode == 0


def test_a_missing_module_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(bootstrap.BootstrapError, match="lacks the module ensurepip; on Debian"):
        bootstrap.check_prerequisites(tmp_path)


def test_a_folder_that_cannot_be_written_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Root may write everywhere, so the answer of the system is replaced.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(bootstrap.BootstrapError, match="must be writable"):
        bootstrap.check_prerequisites(tmp_path)


@pytest.mark.parametrize("stamp", ["", "1 2 {root}", "1 2 /somewhere/else"])
def test_an_environment_is_usable_where_it_was_made(tmp_path: Path, stamp: str) -> None:
    venv = tmp_path / ".venv"
    assert not bootstrap.usable(venv, tmp_path)
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", venv], check=True
    )
    (venv / ".redwell-run").write_text(stamp.format(root=tmp_path))
    python = venv / "bin" / "python"
    has_pip = subprocess.run([python, "-I", "-c", "import pip"], check=False, stderr=subprocess.DEVNULL)
    assert bootstrap.usable(venv, tmp_path) is (has_pip.returncode == 0 and "else" not in stamp)


def test_without_any_python_the_script_says_so_in_one_sentence(tmp_path: Path) -> None:
    for tool in ("sh", "dirname", "readlink", "cat", "cksum"):
        found = subprocess.run(["which", tool], check=True, capture_output=True, text=True).stdout.strip()
        (tmp_path / tool).symlink_to(found)
    for name in ("redwell", "requirements.lock", "requirements-dev.lock", "requirements-tool.lock"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    done = subprocess.run(
        ["sh", tmp_path / "redwell"], check=False, capture_output=True, text=True, env={"PATH": str(tmp_path)}
    )
    assert done.returncode == 1
    assert done.stderr.startswith("redwell: Python 3.11 or newer is needed")
    assert done.stderr.count("\n") == 1
