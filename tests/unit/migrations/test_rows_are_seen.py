"""Migrations work as the owner, on whom row-level security is forced: without a tenant it sees no row."""

import re
from pathlib import Path

import pytest

VERSIONS = Path(__file__).resolve().parents[3] / "migrations" / "versions"
CHANGED = re.compile(r'op\.execute\(\s*f?"(?:UPDATE|DELETE FROM) ')


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("*.py")), ids=lambda path: path.stem)
def test_whoever_changes_rows_lifts_it_and_forces_it_again(path: Path) -> None:
    text = path.read_text()
    if CHANGED.search(text):
        assert re.search(r"\bNO FORCE\b", text)
        assert re.search(r"(?<!NO )\bFORCE\b", text)
