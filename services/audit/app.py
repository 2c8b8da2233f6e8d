"""The audit service: the sequencer in the background, and an officer's view of their organization's log."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.audit.ledger.sequencer import Sequencer
from services.audit.ledger.steps import open_ledger
from services.audit.log.export import SLACK_SECONDS, Exporter
from services.audit.log.routes import router
from services.audit.receipts.routes import router as receipts
from services.audit.receipts.service import Issuer
from services.evidence.service import ServiceApp, ServiceDefinition
from services.evidence.subjects import SubjectKeys
from services.kernel.clock import Clock, system_clock
from services.kernel.settings import Settings
from services.keys.files import KeyFile
from services.tables.roles import Role


def create_app(settings: Settings, clock: Clock = system_clock) -> ServiceApp:
    """The service. Its own connections are 3; the sequencer and the recorder have one each.

    Raises:
        FormatError: public URL and deployment name give no valid log name.
        KeyFileError: a key file is missing or damaged.
    """
    definition = ServiceDefinition("audit", Role.AUDIT, 3, (router, receipts), _live)
    app = ServiceApp(definition, settings, clock)
    ledger = open_ledger(settings, app.state.keys.log_key())
    app.state.subjects = SubjectKeys(app.state.keys.secret(KeyFile.SUBJECTS))
    app.state.sequencer = Sequencer(settings, ledger, app.state.recorder)
    app.state.exporter = Exporter(
        database=app.state.database,
        recorder=app.state.recorder,
        subjects=app.state.subjects,
        log_public_key=ledger.key.public_bytes,
        wait_seconds=settings.checkpoint_interval_seconds + SLACK_SECONDS,
    )
    app.state.issuer = Issuer(ledger.key.public_bytes, math.ceil(settings.checkpoint_interval_seconds))
    return app


async def check(app: ServiceApp) -> str | None:
    """A sentence on why the log falls behind, or None."""
    complaint: str | None = app.state.sequencer.complaint()
    return complaint


@asynccontextmanager
async def _live(app: ServiceApp) -> AsyncIterator[None]:
    app.state.sequencer.start()
    try:
        yield
    finally:
        await app.state.sequencer.stop()
