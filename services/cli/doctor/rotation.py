"""How old the keys of firms and matters are, and which rotations are not over."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import asyncpg
from pydantic import ValidationError

from services.auth.signing.rows import KeyRow, State
from services.cli.doctor.finding import Finding, age_text, fine, mend, note
from services.cli.keys.rotation import status, unfinished_text
from services.docs_api.rotation.looking import KeyStates
from services.host.errors import HostError
from services.kernel.database import UNREACHABLE
from services.keys.errors import KeysError
from services.keys.files import KeyFile

ROTATION = "rotation"


def examine_rotation(data: Path, now: datetime) -> Iterator[Finding]:
    """Findings about the keys of a running instance."""
    try:
        found = status(data)
    except (HostError, KeysError, ValidationError, asyncpg.PostgresError, *UNREACHABLE):
        return  # settings, key files and the database are looked at elsewhere
    yield from found_of(found.states, now)
    signs = next((each.id for each in found.files if each.file == KeyFile.TOKEN), None)
    yield from found_of_signing(found.signing, signs, now)


def found_of(states: KeyStates, now: datetime) -> Iterator[Finding]:
    """One finding for the ages, and one for each rotation that is not over."""
    if states.firms:
        firm = min(each.created_at for each in states.firms)
        matters = [each.oldest_matter_key for each in states.firms if each.oldest_matter_key is not None]
        of_matters = f", of a matter {age_text(min(matters), now)}" if matters else ""
        yield fine(ROTATION, f"The oldest key of a firm is {age_text(firm, now)} old{of_matters}.")
    for each in states.unfinished:
        yield note(ROTATION, unfinished_text(each, now), "`redwell keys rotate`, unless it is running.")


def found_of_signing(keys: Sequence[KeyRow], signs: str | None, now: datetime) -> Iterator[Finding]:
    """Whether tokens are signed with a key that is believed. `signs`: the id of `token.pem` if it is here."""
    states = {key.kid: key.state(now) for key in keys}
    if signs is not None and states.get(signs) in {None, State.RETIRED}:
        yield mend(
            ROTATION,
            f"token.pem is the key {signs}, which is not published or was retired: its tokens open nothing.",
            "Put back the key that `keys status` calls active, or give `keys rotate-signing --at-once`.",
        )
    for key in keys:
        if states[key.kid] is State.STAGED:
            age = age_text(key.created_at, now)
            yield note(ROTATION, f"The signing key {key.kid} is published since {age}, and is not used yet.")
