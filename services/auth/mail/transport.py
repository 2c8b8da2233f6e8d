"""Where messages go: a mail server (RFC 5321, RFC 3207, RFC 8314), or a folder that keeps them.

`smtplib` waits in a thread. Certificates are verified, and a password is never sent without TLS: both are
settled where the URL is read (`kernel/mail_url.py`) and here.
"""

import asyncio
import os
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from services.kernel.mail_url import CaptureFolder, Relay, parse_mail_url
from services.kernel.settings import Settings

TIMEOUT_SECONDS = 20.0
_PERMANENT = 500
"""Reply codes from here on will be the same tomorrow (RFC 5321 section 4.2.1)."""


class MailError(Exception):
    """A message did not go. The text names no address."""


class MailRefusedError(MailError):
    """The server will never take this message for this recipient."""


class MailUnavailableError(MailError):
    """Not now: the server cannot be reached, or says so."""


class Transport(Protocol):
    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Return once the message is somebody else's to deliver.

        Raises:
            MailRefusedError, MailUnavailableError: it is not.
        """


def open_transport(settings: Settings, host: str) -> Transport | None:
    """The transport that the settings name; None where nothing is mailed. `host` is how we greet a server."""
    if settings.mail_url is None:
        return None
    place = parse_mail_url(settings.mail_url.get_secret_value())
    return FolderTransport(place) if isinstance(place, CaptureFolder) else RelayTransport(place, host)


class FolderTransport:
    """Keeps each message as a file of mode 0600, named by its `Message-ID`; the same mail replaces itself."""

    def __init__(self, place: CaptureFolder) -> None:
        self._folder = place.path

    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        del sender, recipient  # they stand in the message
        try:
            await asyncio.to_thread(self._keep, message)
        except OSError as exc:
            raise MailUnavailableError("the mail folder cannot be written") from exc

    def _keep(self, message: EmailMessage) -> None:
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._folder / f".{name}.part"
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(message.as_bytes())
                opened.flush()
                os.fsync(descriptor)
            partial.replace(Path(self._folder, f"{name}.eml"))
        finally:
            partial.unlink(missing_ok=True)


class RelayTransport:
    """Hands each message to a mail server, on a connection of its own."""

    def __init__(self, relay: Relay, host: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._relay = relay
        self._host = host
        self._timeout_seconds = timeout_seconds

    async def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        try:
            await asyncio.to_thread(self._deliver, message, sender, recipient)
        except smtplib.SMTPRecipientsRefused as exc:
            ((code, _),) = exc.recipients.values()
            raise _refusal(code) from exc
        except smtplib.SMTPDataError as exc:
            raise _refusal(exc.smtp_code) from exc
        except (smtplib.SMTPException, OSError) as exc:
            raise MailUnavailableError(type(exc).__name__) from exc

    def _deliver(self, message: EmailMessage, sender: str, recipient: str) -> None:
        with self._connect() as server:
            if self._relay.security == "starttls":
                server.starttls(context=self._context())
            if self._relay.user is not None:
                server.login(self._relay.user, self._relay.password)
            server.send_message(message, sender, [recipient])

    def _connect(self) -> smtplib.SMTP:
        relay = self._relay
        if relay.security == "implicit":
            return smtplib.SMTP_SSL(
                relay.host, relay.port, self._host, timeout=self._timeout_seconds, context=self._context()
            )
        return smtplib.SMTP(relay.host, relay.port, self._host, timeout=self._timeout_seconds)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._relay.ca) if self._relay.ca else None)


def _refusal(code: int) -> MailError:
    return MailRefusedError(str(code)) if code >= _PERMANENT else MailUnavailableError(str(code))
