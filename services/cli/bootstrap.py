"""Makes .venv from the lock files. Run by path in any Python 3.11, so it imports the standard library only.

`python -I bootstrap.py KIND STAMP`: KIND `run` installs what Redwell needs, `dev` what its tests need too.
STAMP is written when all is there, so that the shell script sees at a glance that nothing is to be done. uv
is installed first, because pip alone takes minutes; each package must have the hash its lock file names.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {
    "run": ("requirements.lock",),
    "dev": ("requirements.lock", "requirements-dev.lock"),
}


class BootstrapError(Exception):
    """One sentence for the person at the terminal."""


def bootstrap(root: Path, kind: str, stamp: str) -> None:
    """Bring `root/.venv` to what the lock files of `kind` say, once, whoever else tries at the same time.

    Raises:
        BootstrapError: a prerequisite is missing, or the packages cannot be had.
    """
    check_prerequisites(root)
    venv = root / ".venv"
    with locked(root):
        if _read(venv / f".redwell-{kind}") == stamp and usable(venv, root):
            return
        print(f"redwell: setting up {venv} (only this once) ...", file=sys.stderr, flush=True)
        if not usable(venv, root):
            _run(
                [sys.executable, "-I", "-m", "venv", "--clear", str(venv)],
                "a virtual environment cannot be made",
            )
        install(root, venv, LOCKS[kind])
        (site_packages(venv) / "redwell.pth").write_text(f"{root}\n", "utf-8")
        # A dev installation holds everything that run needs.
        for done in ("run", kind):
            (venv / f".redwell-{done}").write_text(f"{stamp}\n", "utf-8")


def check_prerequisites(root: Path) -> None:
    """Say in one sentence what is missing."""
    if not sys.platform.startswith(("linux", "darwin")):
        raise BootstrapError("The server runs on Linux.")
    for module in ("venv", "ensurepip"):
        try:
            __import__(module)
        except ImportError:
            raise BootstrapError(
                f"{sys.executable} lacks the module {module}; on Debian, apt install python3-venv brings it."
            ) from None
    if not os.access(root, os.W_OK | os.X_OK):
        raise BootstrapError(f"The folder {root} must be writable on first use; copy it to a place of yours.")


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """One at a time. The lock is the folder itself, so that nothing is left behind."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def usable(venv: Path, root: Path) -> bool:
    """Whether its Python runs, is new enough, and it was not moved here from another folder."""
    stamp = _read(venv / ".redwell-run")
    if stamp and not stamp.endswith(f" {root}"):
        return False
    try:
        done = subprocess.run(  # noqa: S603 - the Python we made
            [venv / "bin" / "python", "-I", "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"],
            check=False,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return False
    return done.returncode == 0


def install(root: Path, venv: Path, locks: Sequence[str]) -> None:
    """Install uv by pip and the rest by uv, or by pip where only pip is set up to reach an index."""
    python = str(venv / "bin" / "python")
    pip = [python, "-I", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
    wanted = [word for lock in locks for word in ("--requirement", str(root / lock))]
    _run([*pip, "--requirement", str(root / "requirements-tool.lock")], "the installer uv cannot be had")
    uv = [str(venv / "bin" / "uv"), "pip", "install", "--quiet", "--require-hashes", "--compile-bytecode"]
    home = os.path.expanduser("~")  # noqa: PTH111 - the other way fails where there is no home
    cache = [] if os.access(home, os.W_OK) else ["--no-cache"]
    try:
        _run([*uv, *cache, "--link-mode=copy", "--python", python, *wanted], "uv cannot install the packages")
    except BootstrapError:
        print("redwell: uv failed; trying pip, which takes minutes ...", file=sys.stderr, flush=True)
        _run([*pip, *wanted], "the packages cannot be installed; the lines above say why")


def site_packages(venv: Path) -> Path:
    return next((venv / "lib").glob("python3.*/site-packages"))


def _run(command: Sequence[str], sentence: str) -> None:
    # VIRTUAL_ENV and PYTHON* of the caller speak of other environments.
    kept = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - settings cannot be read before they are installed
        if name != "VIRTUAL_ENV" and not name.startswith("PYTHON")
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command, check=False, env=kept, stdout=sys.stderr
        )
    except OSError as error:
        raise BootstrapError(f"{sentence}: {error.strerror}.") from None
    if done.returncode != 0:
        raise BootstrapError(f"{sentence}.")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""


def main() -> None:
    try:
        bootstrap(ROOT, *sys.argv[1:3])
    except BootstrapError as error:
        sys.exit(f"redwell: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
