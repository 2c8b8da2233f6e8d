"""The courier: a background task that carries the outbox to the mail server.

It works as its own database role, on one connection; a session's advisory lock keeps it to one process at a
time, and ends with the connection. A mail goes at least once: it is removed, with evidence, after the server
has taken it, so that a crash in between sends it again, under the same `Message-ID`.
"""

import asyncio
from datetime import datetime
from urllib.parse import urlsplit

import asyncpg

from services.auth.identity import IdentityKeys
from services.auth.mail.letters import Envelope, Letter, build_message
from services.auth.mail.statements import CLAIM, DUE, REMOVE
from services.auth.mail.transport import MailRefusedError, MailUnavailableError, Transport
from services.auth.notices.teller import Teller
from services.evidence.event import Draft, Subject
from services.evidence.recorder import Recorder
from services.kernel.database import TENANTS_SETTING, UNREACHABLE, password_of
from services.kernel.logs import logger
from services.kernel.problems import Unavailable
from services.kernel.settings import Settings
from services.keys.errors import KeysError
from services.tables.roles import Role

LOCK = 0x72656477_6D61696C  # "redwmail"
POLL_SECONDS = 1.0
STOP_SECONDS = 2.0
SENDER_BY_DEFAULT = "redwell@localhost"
_BATCH = 20
_OUTAGES = (asyncpg.PostgresError, *UNREACHABLE, Unavailable)
_log = logger("auth")


class Courier:
    """Runs from `start` to `stop`."""

    def __init__(
        self, settings: Settings, keys: IdentityKeys, transport: Transport, recorder: Recorder
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._transport = transport
        self._recorder = recorder
        self._sender = settings.mail_from or SENDER_BY_DEFAULT
        self._host = public_host(settings)
        self._teller = Teller(keys, recorder, settings.public_url)
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="courier")

    async def stop(self) -> None:
        """End after the mail that is being sent; one that hangs is sent again."""
        if self._task is None:
            return
        self._stopping.set()
        done, _ = await asyncio.wait([self._task], timeout=STOP_SECONDS)
        if not done:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._work()
            except _OUTAGES as error:
                _log.warning("courier interrupted", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 -- whatever it was, other mail must go on
                _log.error("courier interrupted", exc_info=error)
            await self._pause()

    async def _work(self) -> None:
        connection = await _connect(self._settings)
        try:
            while not self._stopping.is_set():
                if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                    await self._carry(connection)
                await self._pause()
        finally:
            connection.terminate()  # frees the lock; what was not committed is done again

    async def _carry(self, connection: asyncpg.Connection) -> None:
        """Round after round, while the lock is ours."""
        while not self._stopping.is_set():
            await self.round(connection)
            await self._pause()

    async def round(self, connection: asyncpg.Connection) -> None:
        """Write what people are to be told, and carry what is due.

        Mail goes first, so that what cannot be told does not hold up what is written already.
        """
        await self._carry_due(connection)
        await self._teller.round(connection, self._recorder.clock())

    async def _carry_due(self, connection: asyncpg.Connection) -> None:
        for row in await connection.fetch(DUE, self._recorder.clock(), _BATCH):
            if self._stopping.is_set():
                return
            now = self._recorder.clock()
            claimed = await connection.fetchrow(CLAIM, row["tenant_id"], row["id"], now)
            if claimed is not None:
                await self._send(connection, claimed, now)

    async def _send(self, connection: asyncpg.Connection, row: asyncpg.Record, now: datetime) -> None:
        if row["expires_at"] <= now:
            return await self._close(connection, row, "expired")
        try:
            letter = Letter.from_json(
                self._keys.open_letter(row["tenant_id"], row["id"], row["letter_sealed"])
            )
            envelope = Envelope(row["id"], row["created_at"], self._sender, self._host)
            await self._transport.send(build_message(letter, envelope), self._sender, letter.to)
        except MailUnavailableError as error:
            _log.warning("mail waits", mail=str(row["id"]), attempts=row["attempts"], why=str(error))
            if row["next_attempt_at"] >= row["expires_at"]:
                await self._close(connection, row, "unreachable")
        except MailRefusedError as error:
            _log.warning("mail refused", mail=str(row["id"]), why=str(error))
            await self._close(connection, row, "refused")
        except (KeysError, ValueError) as error:
            _log.error("mail cannot be written", mail=str(row["id"]), exc_info=error)
            await self._close(connection, row, "unreadable")
        else:
            await self._close(connection, row, None)
        return None

    async def _close(self, connection: asyncpg.Connection, row: asyncpg.Record, reason: str | None) -> None:
        """Take the mail out, with its evidence; `reason` is why it was given up, None that it has gone."""
        subject = Subject("mail", row["id"])
        change = {"kind": row["kind"], "about": str(row["about"]), "attempts": row["attempts"]}
        draft = (
            Draft("mail.sent", "info", subject=subject, change=change)
            if reason is None
            else Draft("mail.given_up", "failed", reason, subject, change)
        )
        async with connection.transaction():
            await connection.execute(
                "SELECT set_config($1, $2, true)", TENANTS_SETTING, str(row["tenant_id"])
            )
            await connection.execute(REMOVE, row["tenant_id"], row["id"])
            await self._recorder.append(connection, row["tenant_id"], draft, None)

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), POLL_SECONDS)
        except TimeoutError:
            return


def public_host(settings: Settings) -> str:
    """The host that people know; it is part of every `Message-ID`, and how we greet a mail server."""
    return urlsplit(settings.public_url).hostname or "localhost"


async def _connect(settings: Settings) -> asyncpg.Connection:
    role = str(Role.COURIER)  # asyncpg takes no subclass of str
    return await asyncpg.connect(
        host=settings.database_host,
        port=settings.database_port,
        database=settings.database_name,
        user=role,
        password=password_of(settings, role),
        timeout=5,
        command_timeout=20,
        server_settings={"application_name": role, "statement_timeout": "15000"},
    )
