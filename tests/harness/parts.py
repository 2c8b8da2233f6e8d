"""Parts that a machine may lack. Outside CI a test that needs one is skipped, and the run ends naming it."""

import os
import shutil
from pathlib import Path

import pytest


def require_program(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped, or fails where everything is required."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        lack(name, package)
    return str(found)


def require_folder(pattern: str, package: str) -> Path:
    """The newest folder that matches a pattern below `/`."""
    found = sorted(Path("/").glob(pattern.lstrip("/")))
    if not found:
        lack(pattern, package)
    return found[-1]


def lack(part: str, package: str) -> None:
    if os.environ.get("REDWELL_TEST_ALL") == "1":
        pytest.fail(f"{part} is not here; install {package}")
    pytest.skip(f"{part} is not here; {package} would bring it")
