"""What must be there before a process takes requests."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import text

from services.audit.app import check as check_audit
from services.docs_api.app import check as check_docs
from services.docs_api.app import notes as notes_of_docs
from services.evidence.service import ServiceApp
from services.host.health import Check, Notes
from services.kernel.problems import Unavailable

_OWN = {"docs": check_docs, "audit": check_audit}


def readiness_checks(apps: Sequence[ServiceApp]) -> list[Check]:
    """The database for every service, and what each needs besides."""
    checks: list[Check] = [partial(_database, app) for app in apps]
    return checks + [partial(_OWN[app.definition.name], app) for app in apps if app.definition.name in _OWN]


def readiness_notes(apps: Sequence[ServiceApp]) -> list[Notes]:
    """What does not work for some, which makes nobody unready."""
    return [partial(notes_of_docs, app) for app in apps if app.definition.name == "docs"]


async def _database(app: ServiceApp) -> str | None:
    try:
        async with app.state.database.transaction() as session:
            await session.execute(text("SELECT 1"))
    except Unavailable:
        return f"{app.definition.name}: the database does not answer"
    return None
