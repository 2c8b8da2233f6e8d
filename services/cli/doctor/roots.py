"""What firms' keys lie under, and whether the roots that are kept elsewhere may be used."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import asyncpg
from pydantic import ValidationError

from services.cli.doctor.finding import Finding, fine, mend, note
from services.cli.keys import roots
from services.docs_api.roots.choosing import FirmState
from services.host.errors import HostError
from services.kernel.database import UNREACHABLE
from services.keys.errors import KeysError
from services.keys.kms.options import KmsUnfitError

ROOTS = "roots"


def examine_roots(data: Path) -> Iterator[Finding]:
    """Findings about the roots of a running instance."""
    try:
        firms, wrong = roots.look(data)
    except KmsUnfitError as error:
        yield mend(ROOTS, str(error), "Only firms whose root key is in KMS are stopped by it.")
    except (HostError, KeysError, asyncpg.PostgresError, *UNREACHABLE):
        return  # key files and the database are looked at elsewhere
    except ValidationError:
        yield mend(ROOTS, "The settings are wrong.", "See what `redwell keys roots` says.")
    else:
        yield from found_of(firms, wrong)


def found_of(firms: Sequence[FirmState], wrong: Mapping[str, str | None]) -> Iterator[Finding]:
    """One finding for the files, one for each root elsewhere, and one for each firm that was stopped."""
    in_files = sum(1 for firm in firms if firm.lies_under is not None and firm.lies_under not in wrong)
    yield fine(ROOTS, f"The keys of {in_files} firms lie under root keys in files.")
    for root, why in wrong.items():
        count = sum(1 for firm in firms if root in {firm.lies_under, firm.chosen})
        if why is None:
            yield fine(ROOTS, f"The root key {root} of {count} firms may be used.")
        else:
            then = "Ask whoever keeps it; only its firms are stopped, and they go on by themselves."
            yield mend(ROOTS, f"{why} It is the root key {root} of {count} firms.", then)
    for firm in firms:
        if firm.revoked_at is not None:
            then = f"`redwell keys reinstate --firm {firm.firm}`, if it is to go on."
            yield note(ROOTS, f"The firm {firm.firm} was stopped at {firm.revoked_at:%Y-%m-%d %H:%M}.", then)
