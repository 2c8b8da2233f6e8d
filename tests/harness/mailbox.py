"""A real mail server (aiosmtpd) that keeps what it takes, with the faults that servers have."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.harness.ports import free_port

USER, PASSWORD = "redwell", "relay password"


@dataclass
class Mailbox:
    """`answer` is what it says to every message: `250 …` takes it. `recipients`: a reply to each RCPT TO."""

    answer: str = "250 taken"
    recipients: str = "250 good"
    received: list[EmailMessage] = field(default_factory=list)
    attempts: int = 0
    port: int = 0

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name and shape
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.recipients

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.attempts += 1
        if self.answer.startswith("250"):
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            self.received.append(message)
        return self.answer

    def to(self, address: str) -> list[EmailMessage]:
        return [message for message in self.received if message["To"] == address]


@contextmanager
def mail_server(
    security: str, certificate: tuple[Path, Path] | None = None, *, login: bool = False
) -> Iterator[Mailbox]:
    """A server on a port of 127.0.0.1. `security` is `implicit`, `starttls` or `off`."""
    box = Mailbox(port=free_port())
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
    options: dict[str, Any] = {"enable_SMTPUTF8": True, "hostname": "127.0.0.1", "port": box.port}
    if login:
        # aiosmtpd does not count implicit TLS as TLS; it warns of what it therefore is told.
        require_tls = security == "starttls"
        options |= {"authenticator": _authenticate, "auth_required": True, "auth_require_tls": require_tls}
    if security == "implicit":
        options["ssl_context"] = context
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    controller = Controller(box, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def _authenticate(_server: SMTP, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=right)
