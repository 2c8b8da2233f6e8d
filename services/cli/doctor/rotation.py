"""How old the keys of firms and matters are, and which rotations are not over."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import asyncpg
from pydantic import ValidationError

from services.cli.doctor.finding import Finding, age_text, fine, note
from services.cli.keys.rotation import status, unfinished_text
from services.docs_api.rotation.looking import KeyStates
from services.host.errors import HostError
from services.kernel.database import UNREACHABLE
from services.keys.errors import KeysError

ROTATION = "rotation"


def examine_rotation(data: Path, now: datetime) -> Iterator[Finding]:
    """Findings about the keys of a running instance."""
    try:
        _, states = status(data)
    except (HostError, KeysError, ValidationError, asyncpg.PostgresError, *UNREACHABLE):
        return  # settings, key files and the database are looked at elsewhere
    yield from found_of(states, now)


def found_of(states: KeyStates, now: datetime) -> Iterator[Finding]:
    """One finding for the ages, and one for each rotation that is not over."""
    if states.firms:
        firm = min(each.created_at for each in states.firms)
        matters = [each.oldest_matter_key for each in states.firms if each.oldest_matter_key is not None]
        of_matters = f", of a matter {age_text(min(matters), now)}" if matters else ""
        yield fine(ROTATION, f"The oldest key of a firm is {age_text(firm, now)} old{of_matters}.")
    for each in states.unfinished:
        yield note(ROTATION, unfinished_text(each, now), "`redwell keys rotate`, unless it is running.")
